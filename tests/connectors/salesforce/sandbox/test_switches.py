"""What the vendor's pages leave open, each with both answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from simple_salesforce.format import format_soql

from connectors.salesforce.sandbox.switches import Switches
from tests.connectors.salesforce.sandbox.served import Served

LONG_AGO = "Mon, 01 Jan 2024 00:00:00 GMT"


def stamp_of(sf: Served, deal: str) -> datetime:
    soql = format_soql("SELECT SystemModstamp FROM Opportunity WHERE Id = {}", deal)
    (row,) = sf.query(soql, "queryAll")["records"]
    return datetime.fromisoformat(row["SystemModstamp"])


def test_each_switch_names_its_own_assumption(sf: Served) -> None:
    rows = sf.control("GET", "/switches")["switches"]
    assert {row["name"] for row in rows} == set(Switches.__struct_fields__)
    assert len({row["assumption"] for row in rows}) == len(rows)
    assert all(row["value"] == row["default"] and row["says"] for row in rows)


@pytest.mark.parametrize("body", [{"no_such": 1}, {"numbers": "roman"}])
def test_a_switch_that_there_is_not_is_refused(sf: Served, body: dict[str, object]) -> None:
    assert sf.http.post(f"{sf.base}/__sandbox/switches", json=body, timeout=10).status_code == 400


@pytest.mark.parametrize("moves", [True, False])
def test_a_deletion_moves_the_stamp_or_not(sf: Served, moves: bool) -> None:
    sf.control("POST", "/switches", {"deletion_moves_stamp": moves})
    before = stamp_of(sf, sf.deal(1041))
    deal = sf.deal(1041)
    sf.control("DELETE", f"/records/Opportunity/{deal}")
    assert (stamp_of(sf, deal) > before) is moves


def test_an_undeletion_moves_the_stamp(sf: Served) -> None:
    deal = sf.deal(1041)
    hour_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds")
    sf.control("DELETE", f"/records/Opportunity/{deal}", {"stamp": hour_ago})
    sf.control("POST", f"/records/Opportunity/{deal}/undelete")
    assert stamp_of(sf, deal) > datetime.fromisoformat(hour_ago)
    assert deal in {row["id"] for row in sf.facts["objects"]["Opportunity"]}


def test_what_is_purged_is_known_to_the_log_of_deletions_alone(sf: Served) -> None:
    deal, now = sf.deal(1041), datetime.now(UTC)
    sf.control("DELETE", f"/records/Opportunity/{deal}", {"stamp": (now - timedelta(minutes=2)).isoformat()})
    sf.control("POST", f"/records/Opportunity/{deal}/purge")
    span = {"start": (now - timedelta(minutes=10)).isoformat(), "end": (now + timedelta(minutes=2)).isoformat()}
    logged = sf.call("GET", "/sobjects/Opportunity/deleted", params=span).json()["deletedRecords"]
    assert sf.query(format_soql("SELECT Id FROM Opportunity WHERE Id = {}", deal), "queryAll")["totalSize"] == 0
    assert [row["id"] for row in logged] == [deal]


@pytest.mark.parametrize("path", ["undelete", "purge"])
def test_what_is_not_in_the_recycle_bin_cannot_leave_it(sf: Served, path: str) -> None:
    url = f"{sf.base}/__sandbox/records/Opportunity/{sf.deal(1041)}/{path}"
    assert sf.http.post(url, timeout=10).status_code == 400


@pytest.mark.parametrize(("form", "shown"), [("double", '"Amount":2.36E7'), ("plain", '"Amount":23600000')])
def test_the_form_of_numbers(sf: Served, form: str, shown: str) -> None:
    sf.control("POST", "/switches", {"numbers": form})
    soql = "SELECT Amount FROM Opportunity WHERE Deal_Number__c = 'OPP-1044'"
    assert shown in sf.call("GET", "/query", params={"q": soql}).text


@pytest.mark.parametrize(("body", "told"), [("errors", b"PRECONDITION_FAILED"), ("empty", b"")])
def test_the_body_of_a_412(sf: Served, body: str, told: bytes) -> None:
    sf.control("POST", "/switches", {"precondition_body": body})
    path = f"/sobjects/Opportunity/{sf.deal(1041)}"
    answer = sf.call("PATCH", path, json={"NextStep": "x"}, headers={"If-Unmodified-Since": LONG_AGO})
    assert answer.status_code == 412
    assert told in answer.content
    assert bool(answer.content) is bool(told)


@pytest.mark.parametrize("status", [400, 401])
def test_the_status_for_a_wrong_secret(sf: Served, status: int) -> None:
    sf.control("POST", "/switches", {"wrong_client_status": status})
    answer = sf.grant(grant_type="client_credentials", client_id=sf.facts["client_id"], client_secret="wrong")
    assert (answer.status_code, answer.json()["error"]) == (status, "invalid_client")


def test_milliseconds_are_compared_and_not_shown(sf: Served) -> None:
    sf.control("POST", "/switches", {"hidden_milliseconds": True})
    moment = datetime(2026, 5, 6, 7, 8, 9, 500_000, UTC)
    sf.control("PATCH", f"/records/Opportunity/{sf.deal(1041)}", {"values": {}, "stamp": moment.isoformat()})
    assert stamp_of(sf, sf.deal(1041)) == moment.replace(microsecond=0)
    assert sf.names("WHERE SystemModstamp = 2026-05-06T07:08:09Z") == []
    assert sf.names("WHERE SystemModstamp = 2026-05-06T07:08:09.500Z") == ["OPP-1041"]


@pytest.mark.parametrize(("fields", "status"), [("name", 400), ("target", 200)])
def test_the_fields_behind_a_relation_to_several_objects(sf: Served, fields: str, status: int) -> None:
    sf.control("POST", "/switches", {"relation_fields": fields})
    soql = "SELECT What.Amount FROM Task WHERE What.Type = 'Opportunity'"
    answer = sf.call("GET", "/query", params={"q": soql})
    assert answer.status_code == status
    assert status != 200 or answer.json()["records"][0]["What"]["Amount"] == 480000
