from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from connectors.contract import Finding, Level
from tests.connectors.zoho.parts import DEALS, MEI, NOW, PERSONAL, REFRESH, SECRET, Desk, client
from tests.connectors.zoho.vendor import TOKEN, Said, Vendor, error, payload, rows


@pytest.fixture(autouse=True)
def granted(vendor: Vendor) -> None:
    headers = {"Date": format_datetime(NOW, usegmt=True)}
    vendor.on("GET", "users", Said(200, payload("users__mei"), headers))
    vendor.on("POST", "coql", Said(200, payload("query__deal"), headers))
    vendor.on("GET", "Deals/deleted", Said(204))
    vendor.on("GET", "actions/watch", Said(204))


def probe(vendor: Vendor, **changes: Any) -> dict[str, Finding]:
    found = client(vendor, Desk(), **changes).probe()
    assert not [one for one in vendor.asked if one.method not in {"GET", "POST"}]
    assert {one.path for one in vendor.asked if one.method == "POST"} <= {"/crm/v8/coql", TOKEN}
    assert not [each for each in found if SECRET in each.sentence or REFRESH in each.sentence]
    return {each.about: each for each in found}


def test_all_is_well(vendor: Vendor) -> None:
    found = probe(vendor)
    assert {each.level for each in found.values()} == {Level.FINE}
    assert set(found) == {"sign in", "credits", "clock", "notifications", "Deals"}


def test_a_refused_sign_in_is_all_there_is_to_say(vendor: Vendor) -> None:
    vendor.on("POST", TOKEN, Said(200, {"error": "invalid_code"}))
    found = probe(vendor)
    assert set(found) == {"sign in"}
    assert found["sign in"].level is Level.WRONG
    assert "region" in found["sign in"].sentence


def test_fields_that_cannot_be_read_are_named_each(vendor: Vendor) -> None:
    kinds = {"Deals": {"fields": ["Stage", "Margin", "No_Such", "Contract"], "number": "Gone"}}
    found = probe(vendor, kinds=kinds)
    for name in ("Deals.Margin", "Deals.No_Such", "Deals.Contract", "Deals.Gone"):
        assert found[name].level is Level.WRONG
    assert found["Deals"].level is Level.FINE


@pytest.mark.parametrize(
    ("method", "path", "said", "told"),
    [
        ("POST", "coql", error("OAUTH_SCOPE_MISMATCH", 401), ("Deals", Level.WRONG, "ZohoCRM.coql.READ")),
        (
            "GET",
            "settings/fields",
            error("OAUTH_SCOPE_MISMATCH", 401),
            ("Deals", Level.WRONG, "ZohoCRM.settings.fields"),
        ),
        ("GET", "settings/fields", error("INVALID_MODULE"), ("Deals", Level.WRONG, "module")),
        ("GET", "settings/fields", Said(204), ("Deals", Level.WRONG, "View")),
        ("POST", "coql", error("INVALID_MODULE"), ("Deals", Level.WRONG, "reading: list")),
        ("POST", "coql", Said(204), ("Deals", Level.DOUBT, "share")),
        ("GET", "Deals/deleted", error("NO_PERMISSION", 403), ("Deals", Level.WRONG, "profile")),
        ("GET", "actions/watch", error("OAUTH_SCOPE_MISMATCH", 401), ("notifications", Level.DOUBT, "polling")),
    ],
)
def test_what_is_missing_is_said(
    vendor: Vendor, method: str, path: str, said: Said, told: tuple[str, Level, str]
) -> None:
    about, level, word = told
    vendor.on(method, path, said)
    found = probe(vendor)[about]
    assert found.level is level
    assert word in found.sentence


def test_a_field_that_only_queries_refuse_is_named_and_the_others_are_tried(vendor: Vendor) -> None:
    answer = Said(200, payload("query__deal"))
    refused = error("INVALID_QUERY", column_name="Stage")
    vendor.on("POST", "coql", lambda asked: refused if "Stage" in asked.query else answer)
    found = probe(vendor)
    assert found["Deals.Stage"].level is Level.WRONG
    assert found["Deals"].level is Level.FINE


def test_values_that_do_not_fit_are_said_before_they_are_missed(vendor: Vendor) -> None:
    row = payload("query__deal")["data"][0]
    vendor.on("POST", "coql", rows(row | {"Amount": "lots", "Stage": "Archived"}))
    found = probe(vendor)
    assert found["Deals.Amount"].level is Level.DOUBT
    assert "pick list" in found["Deals.Stage"].sentence
    assert "lots" not in str(found)


def test_a_clock_that_is_wrong_and_credits_that_run_out(vendor: Vendor) -> None:
    headers = {"Date": format_datetime(NOW - timedelta(minutes=5), usegmt=True), "X-API-CREDITS-REMAINING": "900"}
    vendor.on("GET", "users", Said(200, payload("users__mei"), headers))
    found = probe(vendor)
    assert found["clock"].level is Level.WRONG
    assert "300 s ahead" in found["clock"].sentence
    assert found["credits"].level is Level.DOUBT
    assert "900" in found["credits"].sentence


def test_a_persons_token_is_theirs(vendor: Vendor) -> None:
    assert "actor" not in str(probe(vendor, actors={MEI: PERSONAL}).keys())
    found = probe(vendor, actors={"17": PERSONAL})
    assert found["actor 17"].level is Level.WRONG


def test_a_state_that_a_decision_leads_to_is_asked_for(vendor: Vendor) -> None:
    found = probe(vendor, kinds={"Deals": {**DEALS, "approve": "Approve"}})
    assert "transitions" in found["Deals.approve"].sentence


def test_a_listed_module_is_tried_as_it_is_read(vendor: Vendor) -> None:
    vendor.on("GET", "Deals", Said(200, payload("list__deal")))
    found = probe(vendor, kinds={"Deals": {**DEALS, "reading": "list"}})
    assert found["Deals"].level is Level.FINE
    assert vendor.calls("coql") == []


def test_what_can_be_mapped_is_described(vendor: Vendor) -> None:
    found = {each.path: each for each in client(vendor, Desk()).describe("Deals")}
    assert found["Amount"].currency_path == "Currency"
    assert found["Amount"].value.__name__ == "Money"
    assert found["Stage"].value.__name__ == "Choice"
    assert found["Owner"].value.__name__ == "Ref"
    assert "Margin" not in found, "hidden"
    assert "Contract" not in found, "a file has no value"
