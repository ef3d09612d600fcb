"""What only the twin has: its own API beside the vendor's paths."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.salesforce.sandbox.served import Served


def test_the_overview_is_enough_to_connect(sf: Served) -> None:
    facts = sf.control("GET", "/")
    grant = sf.grant(
        grant_type="client_credentials", client_id=facts["client_id"], client_secret=facts["client_secret"]
    )
    numbers = {r["Deal_Number__c"] for r in facts["objects"]["Opportunity"]}
    assert facts["base_url"] == sf.base
    assert grant.status_code == 200
    assert numbers == {f"OPP-{n}" for n in range(1041, 1047)}
    assert {u["Username"] for u in facts["objects"]["User"]} >= {"tessa@harbour.example"}
    assert facts["jwt"]["private_key"].startswith("-----BEGIN PRIVATE KEY-----")


def test_a_change_has_the_author_and_the_stamp_that_were_asked_for(sf: Served) -> None:
    body = {"values": {"Amount": 99.5}, "user": "wilmot@harbour.example", "stamp": "2026-05-06T07:08:09.123Z"}
    sf.control("PATCH", f"/records/Opportunity/{sf.deal(1043)}", body)
    row = next(r for r in sf.control("GET", "/records/Opportunity")["records"] if r["Id"] == sf.deal(1043))
    assert row["LastModifiedDate"] == row["SystemModstamp"] == "2026-05-06T07:08:09.123+0000"
    assert row["LastModifiedById"] == "0055g0000000002AAA"
    assert row["Amount"] == 99.5


def test_calls_are_on_record_and_faults_strike(sf: Served) -> None:
    sf.control("POST", "/faults", {"path": "/limits", "status": 503, "body": [{"errorCode": "SERVER_UNAVAILABLE"}]})
    statuses = [sf.call("GET", "/limits").status_code for _ in range(2)]
    paths = [r["path"] for r in sf.control("GET", "/received?path=limits")["received"]]
    assert statuses == [503, 200]
    assert paths == ["/services/data/v59.0/limits"] * 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/records/Deal", {}),
        ("/records/Opportunity", {"values": {"Name": "x"}}),
        ("/records/Opportunity", {"values": {}, "user": "nobody"}),
        ("/records/Opportunity", {"values": {}, "stamp": "yesterday"}),
        ("/records/Opportunity", {"values": {}, "transaction": "tx9"}),
        ("/records/Opportunity", {"fields": {}}),
        ("/transactions/tx9/commit", None),
        ("/settings", {"daily": 1}),
        ("/settings", {"daily_max": "many"}),
        ("/throttle", {"kind": "hourly"}),
        ("/hide", {"object": "Opportunity", "field": "Colour", "user": "tessa@harbour.example"}),
    ],
)
def test_a_wrong_order_is_refused_in_a_sentence(sf: Served, path: str, body: Any) -> None:
    response = sf.http.post(f"{sf.base}/__sandbox{path}", json=body, timeout=10)
    assert response.status_code == 400
    assert response.json()["error"]
