"""The twin's requests and answers against the vendor's OpenAPI folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.zoho.sandbox import create
from tests.connectors.zoho.oas.checker import Answer, Deviation, Request, check, observed
from tests.connectors.zoho.oas.known import KNOWN, unknown
from tests.connectors.zoho.oas.specification import Specification
from tests.connectors.zoho.sandbox.served import LONG_AGO, MANAGER, SELLER, Served, fresh, query
from tests.served import serving

ALL = "id is not null"


@pytest.fixture(scope="module")
def specification() -> Specification:
    return Specification(Path(os.environ["ZOHO_OAS"]))


@pytest.fixture(scope="module")
def traffic() -> list[tuple[Request, Answer]]:
    """Everything that a reader, a writer and an approver do, and what goes wrong with it."""
    seen: list[tuple[Request, Answer]] = []

    def note(response: requests.Response, *_: Any, **__: Any) -> None:
        exchange = observed(response)
        if exchange is not None:
            seen.append(exchange)

    with serving(create) as host, fresh(host) as crm:
        crm.http.hooks["response"].append(note)
        for part in (_metadata, _reads, _queries, _writes, _transitions, _channels, _refusals):
            part(crm)
    return seen


def _metadata(crm: Served) -> None:
    crm.call("GET", "/settings/modules")
    crm.call("GET", "/settings/modules/Deals")
    for module in crm.facts["modules"]:
        crm.call("GET", "/settings/fields", params={"module": module})
    for path in ("/settings/profiles", "/settings/roles", "/users", "/org", "/org/currencies"):
        crm.call("GET", path)
    crm.call("GET", "/users", params={"type": "CurrentUser"})
    crm.call("GET", f"/users/{crm.facts['users'][0]['id']}")


def _reads(crm: Served) -> None:
    crm.control("POST", "/seed/Tasks", {"count": 300, "start": LONG_AGO, "values": {"Subject": "Task {n}"}})
    for module in crm.facts["modules"]:
        crm.listed(module, "Owner,Created_Time,Modified_Time,Modified_By", sort_by="Modified_Time", sort_order="asc")
    token = crm.listed("Tasks", "Subject").json()["info"]["next_page_token"]
    crm.listed("Tasks", "Subject", page_token=token)
    crm.listed("Deals", "Stage", since=LONG_AGO)
    crm.listed("Deals", "Stage", since="2099-01-01T00:00:00+08:00")
    crm.listed("Deals", "Stage", page=9)
    crm.listed("Deals", "Stage", ids=crm.deal(), approved="true")
    crm.shown(crm.deal())
    crm.call("GET", "/Deals/1")
    gone = [crm.deal(name) for name in ("Kite shop fittings", "Lotus seasonal labels")]
    for deal in gone:
        crm.call("DELETE", f"/Deals/{deal}")
    crm.control("POST", f"/records/Deals/{gone[0]}/purge")
    crm.call("GET", "/Deals/deleted", params={"type": "all", "page": 1, "per_page": 200})


def _queries(crm: Served) -> None:
    crm.coql(query("Deal_Name, Account_Name, Amount, Modified_Time", f"Deals where {ALL} order by Modified_Time, id"))
    crm.coql("select id from Deals where Amount < 0")
    for wrong in ("", "Nothing", "Deals where No = 1", "Deals where Amount = 'x'", f"Deals where {ALL} limit 9999",
                  f"Deals where {ALL} order by id, id", "Deals where Amount ~ 1"):  # fmt: skip
        crm.coql(query("id", f"{wrong}"))


def _writes(crm: Served) -> None:
    good = {"Deal_Name": "New line", "Stage": "Qualification"}
    crm.call("POST", "/Deals", json={"data": [good], "trigger": []})
    crm.call("POST", "/Deals", json={"data": [good, {}, {**good, "Amount": "x"}, {**good, "Deal_Number": "OPP-1041"}]})
    crm.call("PUT", f"/Deals/{crm.deal()}", json={"data": [{"Next_Step": "Call"}]})
    crm.call("PUT", "/Deals", json={"data": [{"id": crm.deal(), "Stage": "Closed Won"}]})
    late = {"If-Unmodified-Since": LONG_AGO}
    crm.call("PUT", f"/Deals/{crm.deal()}", json={"data": [{"Next_Step": "x"}]}, headers=late)
    rows = [{"Last_Name": "Saffron", "Email": f"{name}@harbour-trading.example"} for name in ("petra", "new")]
    rows.append({"Last_Name": "x" * 81})
    crm.call("POST", "/Contacts/upsert", json={"data": rows, "duplicate_check_fields": ["Email"]})


def _transitions(crm: Served) -> None:
    deal = crm.deal("Lotus packaging line")
    path = f"/Deals/{deal}/actions/blueprint"
    steps = {t["name"]: t["id"] for t in crm.call("GET", path, MANAGER).json()["blueprint"]["transitions"]}
    for user, step in ((SELLER, "Approve"), (MANAGER, "Reject"), (MANAGER, "Approve"), (MANAGER, "Approve")):
        crm.call("PUT", path, user, json={"blueprint": [{"transition_id": steps[step], "data": {"Notes": "x"}}]})
    crm.call("GET", f"/Deals/{crm.deal('Harbour fleet tracking')}/actions/blueprint")


def _channels(crm: Served) -> None:
    channel = {"channel_id": "1000000068001", "events": ["Deals.all"], "notify_url": "http://127.0.0.1:9/x"}
    for given in (channel, {**channel, "token": "x" * 51}, {"channel_id": "1"}):
        crm.call("POST", "/actions/watch", json={"watch": [given]})
    crm.call("GET", "/actions/watch", params={"page": 1, "per_page": 200})
    crm.call("PATCH", "/actions/watch", json={"watch": [{"channel_id": "1000000068001", "token": "y"}]})
    crm.call("PUT", "/actions/watch", json={"watch": [channel]})
    for _ in range(2):
        crm.call("DELETE", "/actions/watch", params={"channel_ids": "1000000068001"})
    crm.call("GET", "/actions/watch")


def _refusals(crm: Served) -> None:
    crm.call("GET", "/Deals")
    crm.listed("Deals", page=99)
    crm.listed("Leads")
    crm.call("GET", "/org", token="1000.none")
    crm.listed("Deals", token=crm.scoped("ZohoCRM.org.READ"))
    order = crm.id_of("Sales_Orders", "Press spare parts")
    crm.call("PUT", f"/Sales_Orders/{order}", SELLER, json={"data": [{"Status": "Approved"}]})
    crm.control("POST", "/throttle", {"count": 1})
    crm.listed("Deals")


def deviations(specification: Specification, traffic: list[tuple[Request, Answer]]) -> list[Deviation]:
    return sorted({one for request, answer in traffic for one in check(specification, request, answer)})


def test_the_twin_differs_where_it_is_known_to(
    specification: Specification, traffic: list[tuple[Request, Answer]]
) -> None:
    found = deviations(specification, traffic)
    assert unknown(found) == []
    assert [known.reason for known in KNOWN if not any(known.covers(one) for one in found)] == []


@pytest.mark.parametrize(
    ("body", "place", "rule"),
    [
        (b'{"data":[{"id":7}],"info":{}}', "answer.data[].id", "type"),
        (b'{"data":[],"info":{"count":"1"}}', "answer.info.count", "type"),
        (b'{"data":[],"info":{"total":1}}', "answer.info.total", "undocumented"),
        (b'{"data":[{"Modified_Time":"2026-01-01"}]}', "answer.data[].Modified_Time", "format"),
        (b'{"code":"NO_SUCH","status":"error"}', "answer.code", "enum"),
        (b"<html>", "answer", "json"),
    ],
)
def test_the_checker_sees_a_wrong_answer(specification: Specification, body: bytes, place: str, rule: str) -> None:
    request = Request("GET", "/crm/v8/Deals", {"fields": "id"}, {})
    found = check(specification, request, Answer(200, {}, body))
    assert [(one.place, one.rule) for one in found] == [(place, rule)]


def test_the_checker_sees_a_wrong_request(specification: Specification) -> None:
    listed = Request("GET", "/crm/v8/Deals", {"page": "x", "order": "1"}, {"if-modified-since": "yesterday"})
    query = Request("POST", "/crm/v8/coql", {}, {}, b'{"query":"select"}')
    nowhere = Request("GET", "/crm/v8/a/b/c/d/e", {}, {})
    found = [one for asked in (listed, query, nowhere) for one in check(specification, asked, Answer(200, {}))]
    assert [(one.place, one.rule) for one in found] == [
        ("header.If-Modified-Since", "format"),
        ("query.order", "undocumented"),
        ("query.page", "type"),
        ("body.query", "undocumented"),
        ("body.select_query", "required"),
        ("path", "path"),
    ]
