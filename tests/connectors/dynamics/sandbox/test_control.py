"""What only the twin has: its own API beside the vendor's paths."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from connectors.dynamics.sandbox.switches import CLAIMS, Switches
from tests.connectors.dynamics.sandbox.served import Served


def test_the_overview_is_enough_to_connect(d365: Served) -> None:
    facts = d365.control("GET", "/")
    form = {
        "grant_type": "client_credentials",
        "client_id": facts["client_id"],
        "client_secret": facts["client_secret"],
    }
    for surface, path in (("dataverse", "/WhoAmI"), ("businesscentral", "/companies")):
        grant = d365.http.post(facts["token_url"], data={**form, "scope": facts[surface]["scope"]}).json()
        headers = {"Authorization": f"Bearer {grant['access_token']}"}
        assert d365.http.get(facts[surface]["api"] + path, headers=headers).status_code == 200
    assert facts["certificate"]["private_key"].startswith("-----BEGIN PRIVATE KEY-----")
    assert {row["ordernumber"] for row in facts["dataverse"]["rows"]["salesorder"]} == {"ORD-1042"}


def test_a_change_has_the_author_and_the_stamp_that_were_asked_for(d365: Served) -> None:
    deal = d365.row("opportunity", "Granite board seats")
    body = {"values": {"estimatedvalue": 99.5}, "user": "wilmot@harbour.example", "stamp": "2026-05-06T07:08:09+08:00"}
    d365.control("PATCH", f"/dataverse/records/opportunity/{deal}", body)
    rows = d365.control("GET", "/dataverse/records/opportunity")["records"]
    row = next(one for one in rows if one["opportunityid"] == deal)
    assert row["modifiedon"] == "2026-05-05T23:08:09Z"
    assert row["_modifiedby_value"] == d365.user("wilmot")["systemuserid"]
    assert row["estimatedvalue"] == row["estimatedvalue_base"] == 99.5


def test_records_of_business_central_are_changed_behind_its_back(d365: Served) -> None:
    path = d365.record("salesOrders", "S-ORD101042")
    order = path.rpartition("(")[2].rstrip(")")
    before = d365.bc("GET", path).json()["@odata.etag"]
    change = {"values": {"status": "Open"}, "stamp": "2026-05-06T07:08:09.010Z"}
    d365.control("PATCH", f"/businesscentral/records/salesOrders/{order}", change)
    row = next(
        one for one in d365.control("GET", "/businesscentral/records/salesOrders")["records"] if one["id"] == order
    )
    assert (row["status"], row["lastModifiedDateTime"]) == ("Open", "2026-05-06T07:08:09.010Z")
    assert row["@odata.etag"] != before
    d365.control("DELETE", f"/businesscentral/records/salesOrders/{order}")
    assert d365.bc("GET", path).status_code == 404


def test_many_are_made_at_once(d365: Served) -> None:
    made = d365.control("POST", "/dataverse/records/account", {"records": [{"name": "A"}, {"name": "B"}]})["ids"]
    copies = d365.control("POST", "/dataverse/records/account", {"values": {"name": "C{n}"}, "copies": 3})["ids"]
    rows = d365.dv("GET", "/accounts?$select=name&$filter=startswith(name,'C')").json()["value"]
    assert len(set(made) | set(copies)) == 5
    assert {row["name"] for row in rows} == {"C1", "C2", "C3"}


def test_calls_are_on_record_and_faults_strike(d365: Served) -> None:
    d365.token()
    d365.control(
        "POST", "/faults", {"path": "/accounts", "status": 503, "body": {"error": {"code": "", "message": "x"}}}
    )
    statuses = [d365.dv("GET", "/accounts").status_code for _ in range(2)]
    paths = [r["path"] for r in d365.control("GET", "/received?path=accounts")["received"]]
    assert statuses == [503, 200]
    assert paths == ["/api/data/v9.2/accounts"] * 2


@pytest.mark.parametrize(
    ("side", "path", "kind"), [("dataverse", "/WhoAmI", "concurrent"), ("businesscentral", "/companies", "queue")]
)
def test_calls_at_once_and_refused_ones_are_counted(d365: Served, side: str, path: str, kind: str) -> None:
    call = d365.dv if side == "dataverse" else d365.bc
    d365.token(side)
    d365.control("DELETE", f"/{side}/load")
    d365.control("POST", f"/{side}/slow", {"seconds": 0.3, "count": 3})
    d365.control("POST", f"/{side}/throttle", {"kind": kind})
    refused = call("GET", path).status_code
    with ThreadPoolExecutor(3) as pool:
        statuses = list(pool.map(lambda _n: call("GET", path).status_code, range(3)))
    assert (refused, statuses) == (429, [200] * 3)
    assert d365.control("GET", f"/{side}/load") == {"calls": 4, "now": 0, "highest": 3, "refused": 1}
    assert d365.control("DELETE", f"/{side}/load")["highest"] == 0


def test_the_overview_begins_with_what_a_person_needs(d365: Served) -> None:
    names = list(d365.facts)
    needed = {"base_url", "tenant_id", "token_url", "client_id", "client_secret", "dataverse", "businesscentral"}
    assert needed < set(names)
    assert names[-1] == "certificate"
    assert d365.facts["businesscentral"]["companies"][0]["id"] in d365.company()


def test_each_switch_has_a_claim_and_each_claim_a_number(d365: Served) -> None:
    listed = d365.control("GET", "/switches")["switches"]
    assert {one["name"] for one in listed} == set(Switches.__struct_fields__) == set(CLAIMS)
    assert len({one["assumption"] for one in listed}) == len(listed)
    assert all(one["value"] == one["default"] for one in listed)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/dataverse/records/colours", {}),
        ("/dataverse/records/account", {"values": {"colour": 1}}),
        ("/dataverse/records/account", {"values": {"name": "x"}, "user": "nobody"}),
        ("/dataverse/records/account", {"values": {"name": "x"}, "stamp": "yesterday"}),
        ("/dataverse/records/account", {"values": {"name": "x"}, "stamp": "2026-01-01T00:00:00"}),
        ("/dataverse/records/account", {"values": {"name": "x"}, "transaction": "tx9"}),
        ("/dataverse/records/account", {"fields": {}}),
        ("/dataverse/transactions/tx9/commit", None),
        ("/businesscentral/records/customers", {"values": {}, "user": "tessa@harbour.example"}),
        ("/dataverse/schema", {"table": "account", "column": "modifiedon", "remove": True}),
        ("/dataverse/schema", {"table": "account", "column": "telephone1", "name": "name"}),
        ("/dataverse/schema", {"table": "account", "column": "telephone1", "type": "Picklist"}),
        ("/dataverse/schema", {"table": "colour", "column": "x"}),
        ("/dataverse/throttle", {"kind": "daily"}),
        ("/moon/throttle", {"kind": "requests"}),
        ("/dataverse/webhooks/hold", {"held": "perhaps"}),
        ("/dataverse/hide", {"table": "account", "column": "colour"}),
        ("/dataverse/hide", {"table": "account", "column": "revenue", "readers": ["nobody"]}),
        ("/dataverse/share", {"table": "account", "id": "x", "principal": "x", "rights": []}),
        ("/dataverse/roles", {"name": "x", "grants": {"account": {"Read": "ALL"}}}),
        ("/dataverse/assign", {"user": "tessa@harbour.example", "roles": ["King"]}),
        ("/dataverse/webhooks", {"url": "http://127.0.0.1:9/", "table": "colour"}),
        ("/dataverse/webhooks", {"url": "http://127.0.0.1:9/", "table": "account", "columns": ["colour"]}),
        ("/settings", {"requests": 1}),
        ("/settings", {"requests_max": "many"}),
        ("/switches", {"paging": "sideways"}),
    ],
)
def test_a_wrong_order_is_refused_in_a_sentence(d365: Served, path: str, body: Any) -> None:
    response = d365.http.post(f"{d365.base}/__sandbox{path}", json=body, timeout=10)
    assert response.status_code == 400
    assert response.json()["error"]
