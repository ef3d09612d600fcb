from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import update

from connectors.contract import (
    Budget,
    CursorLost,
    Listing,
    Misconfigured,
    Page,
    Record,
    Retryable,
    Throttled,
    Unread,
    Window,
)
from pipelines.plan import Lane
from tests.worker.stand_ins import Broken, deal, decider, no_answer, plan_of, rows, store
from worker import polling
from worker.asking import Source
from worker.ledger import arrivals, cursors
from worker.ledger.cursors import Position
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.tables import InboxState, Step, hint, inbox, listed, meter, schedule, trail
from worker.limiter import Limiter
from worker.polling import Poller, Pulled

BUDGET = Budget("crm:calls", (), slots=1)
Answer = Page | Exception | Callable[[], Page]


@dataclass
class Puller:
    """A source that answers what it is told to, and remembers how it was asked."""

    answers: deque[Answer] = field(default_factory=deque)
    asked: list[str | None] = field(default_factory=list)

    def pull(self, kind: str, cursor: str | None) -> Page:
        assert kind == "Deal"
        self.asked.append(cursor)
        answer = self.answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer


@pytest.fixture
def crm() -> Puller:
    return Puller()


@dataclass
class Desk:
    """A poller and what it told."""

    ledger: Ledger
    poller: Poller
    source: Source
    committed: list[int]

    def pull(self) -> Pulled:
        return self.poller.pull("crm", "Deal")

    def position(self) -> Position:
        with self.ledger.read() as connection:
            return cursors.position(connection, "crm", "Deal")

    def stored(self) -> list[tuple[str, bool]]:
        return [(row.record_id, row.baseline) for row in rows(self.ledger, inbox)]


def desk_of(ledger: Ledger, limiter: Limiter, crm: Puller, *budgets: Budget, owner: str = "worker-1") -> Desk:
    source = Source("crm", crm, budgets, {})
    committed: list[int] = []
    return Desk(ledger, Poller(ledger, limiter, {"crm": source}, owner, lambda: committed.append(1)), source, committed)


@pytest.fixture
def desk(ledger: Ledger, limiter: Limiter, crm: Puller) -> Desk:
    return desk_of(ledger, limiter, crm)


def page(cursor: str, *ids: str, more: bool = False, minute: int = 0) -> Page:
    records: Sequence[Record] = [deal(id_, minute=minute) for id_ in ids]
    return Page(tuple(records), cursor, more)


def test_a_round_is_read_to_its_end(desk: Desk, crm: Puller) -> None:
    crm.answers.extend([page("a", "d1", "d2", more=True), page("b", "d3", more=True), page("c")])
    seen: list[Pulled] = []
    pulled = desk.poller.pull("crm", "Deal", seen.append)
    assert crm.asked == [None, "a", "b"]
    assert (pulled.pages, pulled.read, pulled.new, pulled.failure) == (3, 3, 3, "")
    assert [(one.pages, one.new) for one in seen] == [(1, 2), (2, 3), (3, 3)]
    assert desk.position().cursor == "c"
    # told of what was new, and not of the page that brought nothing
    assert len(desk.committed) == 2
    assert not any(row.pushed for row in rows(desk.ledger, inbox))


def test_a_row_that_cannot_be_read_is_set_aside_and_the_others_go_on(desk: Desk, crm: Puller) -> None:
    bad = Unread(
        "crm", "Deal", "d2", "a row of Deal does not fit its description: describe it again", b'{"Amount":"x"}'
    )
    whole = page("a", "d1", "d3")
    crm.answers.extend([Page(whole.records, "a", more=False, unread=(bad,)), Page((), "b", more=False, unread=(bad,))])
    assert (desk.pull().unread, desk.pull().new) == (1, 0)
    assert desk.position() == Position("b", baseline=False, succeeded_at=desk.position().succeeded_at)
    (aside,) = [row for row in rows(desk.ledger, inbox) if row.state == InboxState.UNREADABLE]
    assert aside.record_id == "d2"
    assert desk.ledger.sealer.open(aside.data_key).unseal(aside.payload, arrivals.UNREAD) == bad.body
    assert [(row.seq, row.detail) for row in rows(desk.ledger, trail) if row.step == Step.UNREADABLE] == [
        (aside.seq, bad.sentence)
    ]


def test_a_cursor_is_stored_with_its_rows_or_not_at_all(desk: Desk, crm: Puller) -> None:
    def failing() -> Page:
        # the write that follows this page fails after its rows were added
        broken.failures.append(no_answer())
        return page("b", "d2", more=True)

    broken = Broken(desk.ledger)
    crm.answers.extend([page("a", "d1", more=True), failing])
    with pytest.raises(Exception, match="disk I/O error"):
        desk.pull()
    assert desk.position().cursor == "a"
    assert [id_ for id_, _ in desk.stored()] == ["d1"]
    crm.answers.extend([page("b", "d2", more=True), page("c", "d3")])
    assert desk.pull().new == 2
    assert crm.asked == [None, "a", "a", "b"]
    assert [id_ for id_, _ in desk.stored()] == ["d1", "d2", "d3"]


def test_a_process_that_dies_between_pages_goes_on_where_it_was(
    desk: Desk, crm: Puller, ledger: Ledger, limiter: Limiter
) -> None:
    class Killed(BaseException):
        """What a signal does to a thread."""

    def killed() -> Page:
        raise Killed

    crm.answers.extend([page("a", "d1", more=True), killed])
    with pytest.raises(Killed):
        desk.pull()
    other = desk_of(ledger, limiter, crm, owner="worker-2")
    crm.answers.append(page("b", "d2"))
    assert other.pull().pages == 1
    assert crm.asked == [None, "a", "a"]


def test_the_first_scan_is_marked_to_its_end_and_nothing_after_it(desk: Desk, crm: Puller) -> None:
    crm.answers.extend([page("a", "d1", more=True), Retryable("not now"), page("b", "d2"), page("c", "d3")])
    assert desk.pull().failure == "not now"
    assert desk.position().baseline
    assert desk.pull().baseline
    assert not desk.position().baseline
    assert not desk.pull().baseline
    assert desk.stored() == [("d1", True), ("d2", True), ("d3", False)]


def test_what_was_read_before_is_not_new(desk: Desk, crm: Puller) -> None:
    crm.answers.extend([page("a", "d1", "d2"), page("b", "d1", "d2"), page("c", "d2", minute=5)])
    assert [desk.pull().new for _ in range(3)] == [2, 0, 1]
    assert len(desk.committed) == 2


def test_of_a_snapshot_only_what_differs_from_the_newest_state_arrives(desk: Desk, crm: Puller) -> None:
    def levels(read: int, **of: str) -> Page:
        states = tuple(deal(name, level, minute=read, version=f"read {read}") for name, level in of.items())
        return Page(states, f"c{read}", more=False, snapshot=True)

    def decided(page: Page) -> int:
        crm.answers.append(page)
        new = desk.pull().new
        while decider(desk.ledger, plan_of()).step():
            pass
        return new

    assert decided(levels(1, rice="100", salt="40")) == 2
    assert decided(levels(2, rice="100", salt="40")) == 0
    assert decided(levels(3, rice="90", salt="40")) == 1
    # what it was before is news again
    assert decided(levels(4, rice="100", salt="40", tea="7")) == 2
    told = {(row.record_id, row.version) for row in rows(desk.ledger, inbox)}
    levels_told = {("rice", "read 1"), ("salt", "read 1"), ("rice", "read 3"), ("rice", "read 4"), ("tea", "read 4")}
    assert told == levels_told


def test_what_a_whole_list_no_longer_names_is_read_again(desk: Desk, crm: Puller) -> None:
    def announced() -> list[str]:
        return [row.record_id for row in rows(desk.ledger, hint)]

    crm.answers.append(page("c1", "d1", "d2", "d3"))
    desk.pull()
    store(desk.ledger, deal("gone", deleted=True))
    while decider(desk.ledger, plan_of()).step():
        pass
    parts = (Listing(("d9",), first=True, last=False), Listing(("d1",), first=True, last=False))
    for part in parts:
        crm.answers.append(replace(page("c2"), listing=part))
        desk.pull()
        assert announced() == []
    # the list was begun again, and of d1 it was said twice
    crm.answers.append(replace(page("c3"), listing=Listing(("d1", "d3"), first=False, last=True)))
    desk.pull()
    assert announced() == ["d2"]
    assert rows(desk.ledger, listed) == []
    crm.answers.append(replace(page("c4"), listing=Listing((), first=True, last=True)))
    desk.pull()
    assert sorted(announced()) == ["d1", "d2", "d3"]


def test_a_cursor_that_the_source_forgot_means_reading_again_from_the_start(desk: Desk, crm: Puller) -> None:
    crm.answers.extend([page("a", "d1"), CursorLost("forgotten"), page("z", "d1", "d2", more=True), page("zz")])
    desk.pull()
    pulled = desk.pull()
    assert crm.asked == [None, "a", None, "z"]
    assert (pulled.read, pulled.new, pulled.failure) == (2, 1, "")
    # it is no first scan: what changed meanwhile is told
    assert desk.stored() == [("d1", True), ("d2", False)]


def test_a_failure_is_kept_with_its_sentence_until_the_next_success(desk: Desk, crm: Puller) -> None:
    crm.answers.extend([page("a", "d1"), Misconfigured("Grant the user access.", detail="x"), page("b")])
    desk.pull()
    before = desk.position().succeeded_at
    assert desk.pull().failure == "Grant the user access."
    failed = desk.position()
    assert (failed.failure, failed.cursor, failed.succeeded_at) == ("Grant the user access.", "a", before)
    desk.pull()
    assert desk.position().failure == ""
    assert (desk.position().succeeded_at or 0) > (before or 0)


def test_a_fault_that_nobody_foresaw_is_a_failure_too_and_shows_no_value(desk: Desk, crm: Puller) -> None:
    crm.answers.append(ValueError("invalid literal: 'a-very-secret-value'"))
    failure = desk.pull().failure
    assert failure.startswith("a fault in dingbridge or its connector: ValueError ")
    assert "secret" not in failure
    assert desk.position().failure == failure


def test_other_things_around_the_same_state_are_no_second_arrival(desk: Desk, crm: Puller) -> None:
    around = [replace(deal(), context=each) for each in ({"history": ("Call: Price",)}, {"history": ()}, {})]
    crm.answers.extend(Page((each,), str(number), more=False) for number, each in enumerate(around))
    assert [desk.pull().new for _ in around] == [1, 0, 0]
    (row,) = rows(desk.ledger, inbox)
    assert arrivals.open_arrival(desk.ledger.sealer, row).record == around[0]


def due_at(ledger: Ledger) -> int:
    (row,) = rows(ledger, schedule)
    assert row.lease_until == 0
    due: int = row.due_at
    return due


def test_a_source_that_is_throttled_is_left_alone_as_long_as_it_says(
    ledger: Ledger, limiter: Limiter, crm: Puller
) -> None:
    desk = desk_of(ledger, limiter, crm, BUDGET)
    crm.answers.append(Throttled("used up", after=timedelta(hours=1), scope=BUDGET.key))
    pulled = desk.pull()
    assert pulled.again_at
    assert pulled.again_at == due_at(ledger)
    assert 3590 < (pulled.again_at - now()) / MICROSECONDS <= 3600
    # and so are its other kinds
    assert 3590 < limiter.look(BUDGET).blocked_s <= 3600
    again = desk.pull()
    assert len(crm.asked) == 1
    assert "quota" in again.failure
    assert again.again_at
    assert 3500 < (again.again_at - now()) / MICROSECONDS <= 3601


def test_a_wait_that_the_source_names_moves_the_next_turn(desk: Desk, crm: Puller) -> None:
    crm.answers.extend([Retryable("busy", after=timedelta(seconds=40)), Retryable("busy")])
    desk.pull()
    first = due_at(desk.ledger)
    assert 35 < (first - now()) / MICROSECONDS <= 40
    desk.pull()
    assert due_at(desk.ledger) == first


def test_a_kind_is_read_by_one_at_a_time(desk: Desk, crm: Puller, ledger: Ledger, limiter: Limiter) -> None:
    inside, leave = threading.Event(), threading.Event()

    def slow() -> Page:
        inside.set()
        leave.wait(10)
        return page("a", "d1")

    crm.answers.append(slow)
    said: list[Pulled] = []
    first = threading.Thread(target=lambda: said.append(desk.pull()))
    first.start()
    assert inside.wait(5)
    # another worker, and another thread of the same worker
    others = [desk_of(ledger, limiter, crm, owner="worker-2").pull(), desk.pull()]
    leave.set()
    first.join(10)
    assert [(one.busy, one.pages) for one in others] == [(True, 0)] * 2
    assert others[0].failure == polling.BUSY
    assert [one.new for one in said] == [1]
    assert crm.asked == [None]


def test_whoever_was_overtaken_stores_nothing(desk: Desk, crm: Puller, ledger: Ledger, limiter: Limiter) -> None:
    def slow() -> Page:
        # the lease ends while the source is asked, and another worker reads the whole round
        with ledger.write() as connection:
            connection.execute(update(schedule).values(lease_until=now() - 1))
        crm.answers.append(taken)
        assert desk_of(ledger, limiter, crm, owner="worker-2").pull().new == 1
        with ledger.write() as connection:
            connection.execute(update(schedule).values(owner="worker-3", lease_until=now() + MICROSECONDS))
        return page("old", "d1", "d2")

    def taken() -> Page:
        return page("new", "d1")

    crm.answers.append(slow)
    pulled = desk.pull()
    assert (pulled.busy, pulled.new) == (True, 0)
    assert desk.position().cursor == "new"
    assert [id_ for id_, _ in desk.stored()] == ["d1"]
    assert rows(ledger, schedule)[0].owner == "worker-3"


def test_what_the_vendor_says_of_its_quota_is_stored(desk: Desk, crm: Puller) -> None:
    def observed(used: int, then: Answer) -> Callable[[], Page]:
        def answer() -> Page:
            desk.source.observed["crm:daily"] = (used, 15000)
            if isinstance(then, Exception):
                raise then
            assert isinstance(then, Page)
            return then

        return answer

    crm.answers.extend([observed(120, page("a", more=True)), observed(121, page("b"))])
    desk.pull()
    (row,) = rows(desk.ledger, meter)
    assert (row.budget, row.used, row.allowed) == ("crm:daily", 121, 15000)
    # a call that failed used the quota as well
    crm.answers.append(observed(122, Retryable("not now")))
    desk.pull()
    assert rows(desk.ledger, meter)[0].used == 122
    # what was stored once does not look as if it had been observed again
    at = rows(desk.ledger, meter)[0].observed_at
    crm.answers.append(page("c"))
    desk.pull()
    assert rows(desk.ledger, meter)[0].observed_at == at


def test_a_quota_in_use_means_the_next_turn(ledger: Ledger, limiter: Limiter, crm: Puller) -> None:
    desk = desk_of(ledger, limiter, crm, BUDGET)
    limiter.revive(BUDGET, None)
    grant = limiter.acquire([BUDGET], Lane.NORMAL, 1, lease_s=30)
    pulled = desk.pull()
    assert "quota" in pulled.failure
    assert pulled.again_at is None
    assert crm.asked == []
    limiter.settle(grant.calls)
    crm.answers.append(page("a", "d1"))
    assert desk.pull().new == 1
    assert limiter.look(BUDGET).in_flight == 0


def test_a_new_installation_reads_at_once_and_a_lost_quota_waits_its_window(
    ledger: Ledger, limiter: Limiter, crm: Puller, client: redis.Redis, prefix: str
) -> None:
    desk = desk_of(ledger, limiter, crm, Budget("crm:minute", (Window(100, 60.0),)))
    crm.answers.append(page("a", "d1"))
    assert desk.pull().failure == ""
    for key in client.scan_iter(f"{{{prefix}}}*"):
        client.delete(key)
    pulled = desk.pull()
    assert "quota" in pulled.failure
    assert pulled.again_at
    assert 55 < (pulled.again_at - now()) / MICROSECONDS <= 61
    assert crm.asked == [None]


def test_without_redis_the_failure_says_so(ledger: Ledger, crm: Puller) -> None:
    gone = Limiter(redis.Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0)))
    desk = desk_of(ledger, gone, crm, BUDGET)
    assert desk.pull().failure.startswith("Redis did not answer")
    assert crm.asked == []


def test_a_source_that_is_not_configured_any_more_is_told(desk: Desk) -> None:
    assert "no such source" in desk.poller.pull("gone", "Deal").failure
    assert rows(desk.ledger, schedule) == []


@pytest.mark.parametrize("kind", ["Deal", "order.line"])
def test_positions_of_kinds_are_apart(ledger: Ledger, kind: str) -> None:
    values: dict[str, Any] = {"cursor": "x", "baseline": False, "succeeded_at": 5, "failure": "f" * 999}
    with ledger.write() as connection:
        cursors.move(ledger, connection, "crm", kind, Position(**values))
    with ledger.read() as connection:
        assert cursors.position(connection, "crm", kind) == Position(**values | {"failure": "f" * 512})
        assert cursors.position(connection, "crm", "Lead") == Position(None, baseline=True)
        assert cursors.last_polled(connection, "erp") is None
        assert abs((cursors.last_polled(connection, "crm") or 0) - now()) < MICROSECONDS
