"""The twin's own list of versions over HTTP, compared with a real ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import update

from connectors.contract import Refused
from connectors.salesforce.sandbox import create
from pipelines.plan import Destination, FieldMap, FieldType, Kind, Plan, Route
from tests.connectors.salesforce.reader import Reader
from tests.connectors.salesforce.sandbox.served import Served, fresh
from tests.served import Host, serving
from tests.worker.stand_ins import decider, rows
from worker.asking import Source
from worker.ledger import completeness, cursors
from worker.ledger.completeness import Day
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.tables import inbox, notice, schedule
from worker.limiter import Limiter
from worker.polling import Poller
from worker.reconcile import BUSY, NOT_LISTED, NOT_SCANNED, Reconciled, Reconciler, job_name, nightly_since

HONG_KONG = timezone(timedelta(hours=8))
DEAL = Kind("crm", "Opportunity", (FieldMap("next_step", "NextStep", FieldType.TEXT, "Next step"),))
PLAN = Plan(
    "plan",
    {("crm", "Opportunity"): DEAL},
    (Route("deals", "crm", "Opportunity", ("sales",), "Deal", ("next_step",)),),
    {"sales": Destination("sales", "Asia/Hong_Kong", "en")},
)


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with serving(create) as host:
        yield host


@pytest.fixture
def sf(host: Host) -> Iterator[Served]:
    with fresh(host) as served:
        yield served


@dataclass
class Office:
    """A source that is polled and compared, with a ledger of its own."""

    sf: Served
    ledger: Ledger
    limiter: Limiter
    committed: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        # as short as a poll's look back can be: what appears late is not seen again
        self.reader = Reader(self.sf, {"overlap": timedelta(0), "settle": timedelta(0)})
        self.source = Source("crm", self.reader.client, tuple(self.reader.client.budgets()), {})

    def poll(self) -> None:
        self.reader.desk.now = datetime.now(UTC)
        poller = Poller(self.ledger, self.limiter, {"crm": self.source}, "worker-1", lambda: None)
        assert poller.pull("crm", "Opportunity").failure == ""
        decider(self.ledger, PLAN).step()

    def compare(self, days: int = 1, source: str = "crm") -> Reconciled:
        one = Reconciler(self.ledger, self.limiter, {"crm": self.source}, "worker-1", lambda: self.committed.append(1))
        since = datetime.now(UTC) - timedelta(days=days - 1)
        found = one.reconcile(source, "Opportunity", since, HONG_KONG)
        decider(self.ledger, PLAN).step()
        return found

    def days(self) -> list[Day]:
        with self.ledger.read() as connection:
            return completeness.days(connection)

    def change_late(self, number: int, step: str, age: timedelta) -> None:
        """Let a change appear now that was stamped long ago, as the rows of a long transaction do."""
        stamp = (datetime.now(UTC) - age).isoformat(timespec="seconds")
        body: dict[str, Any] = {"values": {"NextStep": step}, "stamp": stamp}
        opened = self.sf.control("POST", "/transactions")["id"]
        deal = self.sf.deal(number)
        self.sf.control("PATCH", f"/records/Opportunity/{deal}", {**body, "transaction": opened})
        self.poll()
        self.sf.control("POST", f"/transactions/{opened}/commit")
        self.poll()


@pytest.fixture
def office(sf: Served, ledger: Ledger, limiter: Limiter) -> Office:
    return Office(sf, ledger, limiter)


def test_a_late_row_that_polling_missed_is_found_and_told(office: Office) -> None:
    office.poll()
    before = len(rows(office.ledger, inbox))
    office.change_late(1042, "Call the buyer", timedelta(hours=2))
    assert len(rows(office.ledger, inbox)) == before, "polling must have missed it, or this shows nothing"
    assert rows(office.ledger, notice) == []
    found = office.compare(days=2)
    assert found.failure == ""
    assert sum(day.fetched for day in found.days) == len(office.committed) == 1
    assert sum(day.listed - day.known for day in found.days) == 1
    arrived = rows(office.ledger, inbox)[before:]
    assert [(row.record_id, row.baseline, row.pushed) for row in arrived] == [(office.sf.deal(1042), False, False)]
    assert [(row.route, row.destination, row.again) for row in rows(office.ledger, notice)] == [("deals", "sales", 0)]


def test_what_was_compared_once_is_complete_and_stays_counted(office: Office) -> None:
    office.poll()
    office.change_late(1042, "Call the buyer", timedelta(hours=2))
    first, again = office.compare(days=2), office.compare(days=2)
    assert all(day.known == day.listed and day.fetched == 0 for day in again.days)
    assert [day.day for day in office.days()] == [day.day for day in first.days]
    assert sum(day.fetched for day in office.days()) == 1, "the night's finding must still be seen the day after"
    assert len(rows(office.ledger, notice)) == 1


def test_each_day_is_counted_in_the_zone_of_the_setting(office: Office) -> None:
    today = datetime.now(HONG_KONG).replace(hour=0, minute=0, second=0, microsecond=0)
    for number, stamp in ((1041, today - timedelta(seconds=1)), (1042, today - timedelta(days=1))):
        body = {"values": {"NextStep": "x"}, "stamp": stamp.isoformat()}
        office.sf.control("PATCH", f"/records/Opportunity/{office.sf.deal(number)}", body)
    office.poll()
    found = {day.day: day.listed for day in office.compare(days=3).days}
    assert found[(today - timedelta(days=1)).date().isoformat()] == 2
    assert len(found) == 3


def test_a_deletion_that_polling_missed_is_found(office: Office) -> None:
    office.poll()
    stamp = (datetime.now(UTC) - timedelta(hours=2)).isoformat(timespec="seconds")
    gone = office.sf.deal(1043)
    office.sf.control("DELETE", f"/records/Opportunity/{gone}", {"stamp": stamp})
    office.poll()
    assert sum(day.fetched for day in office.compare(days=2).days) == 1
    assert rows(office.ledger, inbox)[-1].record_id == gone
    assert len(rows(office.ledger, notice)) == 1


def test_nothing_is_fetched_before_the_first_scan_has_ended(office: Office) -> None:
    assert office.compare().failure == NOT_SCANNED
    assert rows(office.ledger, inbox) == []


def test_one_worker_compares_a_kind_at_a_time_and_a_source_without_a_list_never(office: Office) -> None:
    office.poll()
    office.compare()
    with office.ledger.write() as connection:
        assert cursors.begin_job(connection, job_name("crm", "Opportunity"), "other", now(), 60.0)
    assert office.compare().failure == BUSY
    assert office.compare(source="shop").failure == NOT_LISTED


def test_a_comparison_that_was_overtaken_ends_and_leaves_the_job_to_the_other(office: Office) -> None:
    office.poll()
    days: list[Day] = []

    def overtaken(day: Day) -> None:
        days.append(day)
        with office.ledger.write() as connection:
            connection.execute(update(schedule).values(owner="other", lease_until=now() + 60 * MICROSECONDS))

    one = Reconciler(office.ledger, office.limiter, {"crm": office.source}, "worker-1", lambda: None)
    found = one.reconcile("crm", "Opportunity", datetime.now(UTC) - timedelta(days=3), HONG_KONG, overtaken)
    assert (found.failure, len(days)) == (BUSY, 1)
    assert {row.owner for row in rows(office.ledger, schedule)} == {"other"}


def test_a_passing_fault_is_said_and_compared_again_soon(office: Office) -> None:
    office.poll()
    office.sf.control("POST", "/throttle", {"kind": "concurrent", "seconds": 60})
    found = office.compare()
    assert found.failure
    assert (found.days, office.days()) == ((), [])
    (row,) = [one for one in rows(office.ledger, schedule) if one.name == job_name("crm", "Opportunity")]
    assert 0 < (row.due_at - now()) / MICROSECONDS < 3600
    assert row.lease_until == 0
    office.sf.control("DELETE", "/throttle")
    assert office.compare().failure == ""


def test_a_fault_for_good_waits_for_the_next_night(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.poll()

    def refuse(*_: object) -> Iterator[tuple[str, str]]:
        raise Refused("The integration user may not see it.")

    monkeypatch.setattr(office.reader.client, "versions", refuse)
    assert office.compare().failure == "The integration user may not see it."
    (row,) = [one for one in rows(office.ledger, schedule) if one.name == job_name("crm", "Opportunity")]
    assert (row.due_at - now()) / MICROSECONDS > 3600


def test_the_night_looks_back_to_the_beginning_of_the_day_before_yesterday() -> None:
    at = datetime(2026, 11, 22, 18, 10, tzinfo=UTC)
    assert nightly_since(at, HONG_KONG) == datetime(2026, 11, 21, tzinfo=HONG_KONG)
