"""Late commits, and the resources that tell how far one has seen everything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.connectors.salesforce.sandbox.served import Served


def span(start: timedelta, end: timedelta) -> dict[str, str]:
    now = datetime.now(UTC)
    return {"start": (now + start).isoformat(timespec="seconds"), "end": (now + end).isoformat(timespec="seconds")}


RECENT = (timedelta(minutes=-10), timedelta(minutes=2))


def updated(sf: Served) -> Any:
    return sf.call("GET", "/sobjects/Opportunity/updated/", params=span(*RECENT)).json()


def test_a_late_commit_appears_behind_what_was_already_seen(sf: Served) -> None:
    late, early = sf.deal(1041), sf.deal(1042)
    opened = sf.control("POST", "/transactions")["id"]
    stamp = (datetime.now(UTC) - timedelta(seconds=30)).isoformat(timespec="seconds")
    sf.control(
        "PATCH",
        f"/records/Opportunity/{late}",
        {"values": {"NextStep": "late"}, "transaction": opened, "stamp": stamp, "user": "wilmot@harbour.example"},
    )
    sf.control("PATCH", f"/records/Opportunity/{early}", {"values": {"NextStep": "early"}})
    soql = "SELECT Id, SystemModstamp, LastModifiedBy.Name FROM Opportunity WHERE NextStep IN ('late', 'early') ORDER BY SystemModstamp"
    before = sf.query(soql)["records"]
    sf.control("POST", f"/transactions/{opened}/commit")
    after = sf.query(soql)["records"]
    assert [r["Id"] for r in before] == [early]
    assert [r["Id"] for r in after] == [late, early]
    assert after[0]["SystemModstamp"] < before[0]["SystemModstamp"]
    assert after[0]["LastModifiedBy"]["Name"] == "Wilmot Kestrel"


def test_a_new_record_in_a_transaction_is_invisible_until_commit(sf: Served) -> None:
    opened = sf.control("POST", "/transactions")["id"]
    new = {"Name": "Hidden", "StageName": "Prospecting", "CloseDate": "2027-01-01"}
    made = sf.control("POST", "/records/Opportunity", {"values": new, "transaction": opened})["ids"][0]
    before = sf.call("GET", f"/sobjects/Opportunity/{made}").status_code
    assert sf.control("POST", f"/transactions/{opened}/commit") == {"records": 1}
    assert (before, sf.call("GET", f"/sobjects/Opportunity/{made}").status_code) == (404, 200)


def test_an_open_transaction_locks_its_rows(sf: Served) -> None:
    opened = sf.control("POST", "/transactions")["id"]
    path = f"/Opportunity/{sf.deal(1041)}"
    sf.control("PATCH", f"/records{path}", {"values": {"NextStep": "held"}, "transaction": opened})
    locked = sf.call("PATCH", f"/sobjects{path}", json={"NextStep": "mine"})
    sf.control("POST", f"/transactions/{opened}/commit")
    assert (locked.status_code, locked.json()[0]["errorCode"]) == (400, "UNABLE_TO_LOCK_ROW")
    assert sf.call("PATCH", f"/sobjects{path}", json={"NextStep": "mine"}).status_code == 204


def test_latest_date_covered_waits_for_open_transactions(sf: Served) -> None:
    begun = (datetime.now(UTC) - timedelta(minutes=5)).replace(microsecond=0)
    opened = sf.control("POST", "/transactions", {"opened_at": begun.isoformat()})["id"]
    held = updated(sf)["latestDateCovered"]
    sf.control("POST", f"/transactions/{opened}/commit")
    free = updated(sf)["latestDateCovered"]
    assert datetime.fromisoformat(held) == begun.replace(second=0)
    assert datetime.fromisoformat(free) > begun
    assert free.endswith(":00.000+0000")


def test_updated_and_deleted_tell_ids(sf: Served) -> None:
    changed, gone = sf.deal(1041), sf.deal(1046)
    two_minutes_ago = (datetime.now(UTC) - timedelta(minutes=2)).isoformat(timespec="seconds")
    sf.control("PATCH", f"/records/Opportunity/{changed}", {"values": {"NextStep": "x"}, "stamp": two_minutes_ago})
    sf.control("DELETE", f"/records/Opportunity/{gone}", {"stamp": two_minutes_ago})
    deleted = sf.call("GET", "/sobjects/Opportunity/deleted/", params=span(*RECENT)).json()
    assert updated(sf)["ids"] == [changed]
    assert [r["id"] for r in deleted["deletedRecords"]] == [gone]
    assert datetime.fromisoformat(deleted["deletedRecords"][0]["deletedDate"]) == datetime.fromisoformat(
        two_minutes_ago
    )
    assert deleted["earliestDateAvailable"] < deleted["latestDateCovered"]


@pytest.mark.parametrize(
    ("resource", "start", "end"),
    [
        ("updated", timedelta(0), timedelta(minutes=-1)),
        ("updated", timedelta(0), timedelta(0)),
        ("updated", timedelta(days=-31), timedelta(0)),
        ("deleted", timedelta(days=-16), timedelta(0)),
    ],
)
def test_a_span_must_be_recent_and_forward(sf: Served, resource: str, start: timedelta, end: timedelta) -> None:
    response = sf.call("GET", f"/sobjects/Opportunity/{resource}", params=span(start, end))
    assert response.status_code == 400
    assert response.json()[0]["errorCode"] == "INVALID_REPLICATION_DATE"


def test_too_many_changes_are_refused(sf: Served) -> None:
    two_minutes_ago = (datetime.now(UTC) - timedelta(minutes=2)).isoformat(timespec="seconds")
    new = {"Name": "Many", "StageName": "Prospecting", "CloseDate": "2027-01-01"}
    sf.control("POST", "/records/Opportunity", {"records": [new] * 3, "stamp": two_minutes_ago})
    sf.control("POST", "/settings", {"updated_max": 2})
    assert updated(sf)[0]["errorCode"] == "EXCEEDED_ID_LIMIT"


def test_what_is_not_replicateable_has_no_log(sf: Served) -> None:
    for resource in ("updated", "deleted"):
        answer = sf.call("GET", f"/sobjects/ProcessInstance/{resource}", params=span(*RECENT))
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_TYPE_FOR_OPERATION")


def test_what_belongs_to_a_record_goes_and_comes_back_with_it(sf: Served) -> None:
    deal = sf.deal(1041)
    soql = "SELECT COUNT() FROM OpportunityLineItem"
    sf.control(
        "DELETE", f"/records/OpportunityLineItem/{sf.first('OpportunityLineItem')}", {"stamp": "2026-01-01T00:00:00Z"}
    )
    before = sf.query(soql)["totalSize"]
    sf.call("DELETE", f"/sobjects/Opportunity/{deal}")
    during, kept = sf.query(soql)["totalSize"], sf.query(soql, "queryAll")["totalSize"]
    sf.control("POST", f"/records/Opportunity/{deal}/undelete")
    assert (before, during, kept, sf.query(soql)["totalSize"]) == (2, 1, 3, 2)
