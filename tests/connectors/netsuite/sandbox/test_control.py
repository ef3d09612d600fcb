"""What only the twin has: its own API beside the vendor's paths."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.netsuite.sandbox import create
from tests.connectors.netsuite.sandbox.served import Served


def test_the_overview_is_enough_to_connect(ns: Served) -> None:
    facts = ns.control("GET", "/")
    assert facts["base_url"] == ns.base
    assert facts["certificates"]["PS256"]["private_key"].startswith("-----BEGIN PRIVATE KEY-----")
    assert set(facts["tokens"]) == {"integration", "approver", "clerk", "administrator"}
    assert [row["name"] for row in facts["records"]["purchaseOrder"]] == [
        f"Purchase Order #PO-{n}" for n in (1041, 1042, 1043)
    ]


def test_each_twin_is_an_account_of_its_own_with_the_same_credentials(ns: Served) -> None:
    ns.call("PATCH", "/salesOrder/1001", json={"memo": "mine"})
    stays = ("account", "client_id", "consumer_secret", "tokens")
    before = {name: ns.facts[name] for name in stays}
    other = create().describe(ns.base)
    assert {name: other[name] for name in stays} == before
    assert other["certificates"] == ns.facts["certificates"]


def test_a_change_has_the_author_and_the_stamp_that_were_asked_for(ns: Served) -> None:
    order = {"values": {"memo": "m"}, "user": "Orla Quince", "stamp": "2026-05-06T07:08:09+08:00"}
    ns.control("PATCH", "/records/salesOrder/1002", order)
    row = ns.rows(
        "SELECT memo, BUILTIN.DF(lastmodifiedby) AS who, TO_CHAR(lastmodifieddate, 'HH24:MI:SS') AS at"
        " FROM transaction WHERE id = 1002"
    )
    assert row == [{"memo": "m", "who": "Orla Quince", "at": "07:08:09"}]


def test_a_decision_behind_the_vendors_back_sets_the_status(ns: Served) -> None:
    ns.control("PATCH", "/records/purchaseOrder/1005", {"values": {"approvalStatus": {"id": "3"}}})
    assert ns.call("GET", "/purchaseOrder/1005").json()["status"]["refName"] == "Rejected by Supervisor"


def test_calls_are_on_record_and_faults_strike(ns: Served) -> None:
    ns.bearer()
    ns.control("POST", "/faults", {"path": "serverTime", "status": 503, "body": "down"})
    path = "/services/rest/system/v1/serverTime"
    statuses = [ns.call("GET", path).status_code for _ in range(2)]
    seen = ns.control("GET", "/received?path=serverTime")["received"]
    assert statuses == [503, 200]
    assert [one["status"] for one in seen] == [503, 200]


def test_an_answer_may_be_lost_after_the_work(ns: Served) -> None:
    ns.bearer()
    ns.control("POST", "/faults", {"path": "/purchaseOrder/", "method": "PATCH", "after": True, "status": 504})
    body = {"approvalStatus": {"id": "2"}}
    assert ns.call("PATCH", "/purchaseOrder/1005", json=body).status_code == 504
    assert ns.call("GET", "/purchaseOrder/1005").json()["approvalStatus"]["id"] == "2"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/records/spaceship", {}),
        ("/records/salesOrder", {"values": {"colour": "x"}}),
        ("/records/salesOrder", {"values": {}, "user": "nobody"}),
        ("/records/salesOrder", {"values": {}, "stamp": "2026-01-01T00:00:00"}),
        ("/records/salesOrder", {"values": {}, "transaction": "tx9"}),
        ("/records/salesOrder", {"fields": {}}),
        ("/transactions/tx9/commit", None),
        ("/seed", {"type": "customer", "count": 1}),
        ("/settings", {"zone": 1}),
        ("/settings", {"ceiling": "many"}),
        ("/switches", {"numbers": "roman"}),
        ("/schema", {"table": "customer", "field": "colour"}),
        ("/schema", {"table": "customer", "field": "id", "remove": True}),
        ("/schema", {"table": "customer", "field": "email", "name": "phone"}),
        ("/hide", {"role": "Nobody", "table": "customer", "field": "email"}),
        ("/lock", {"type": "spaceship", "id": 1}),
        ("/certificates", {"kid": "none"}),
        ("/roles", {"role": "Bridge", "levels": {"spaceship": "view"}}),
    ],
)
def test_a_wrong_order_is_refused_in_a_sentence(ns: Served, path: str, body: Any) -> None:
    response = ns.http.post(f"{ns.base}/__sandbox{path}", json=body, timeout=10)
    assert response.status_code == 400
    assert response.json()["error"]


def test_a_record_that_is_not_there_cannot_be_changed(ns: Served) -> None:
    for method in ("PATCH", "DELETE"):
        answer = ns.http.request(method, f"{ns.base}/__sandbox/records/salesOrder/9999", json={}, timeout=10)
        assert (answer.status_code, answer.json()) == (400, {"error": "no salesOrder 9999"})
