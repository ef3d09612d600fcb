"""What only PostgreSQL can get wrong: writers that do not queue, plans, a server that goes away, its URL."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, make_url, text
from sqlalchemy.exc import OperationalError

from connectors.contract import Delivery, Outcome
from tests.postgres import Server, Tables, new_database
from tests.worker.stand_ins import SEALER, SHARDS, deal, decider, plan_of, rows, store, within
from worker.ledger import (
    arrivals,
    cursors,
    decisions,
    disclosures,
    lookups,
    migrate,
    outbox,
    settling,
    timers,
    version,
    waiting,
)
from worker.ledger.decisions import Contested
from worker.ledger.engine import Ledger, LedgerFault, now, unreachable
from worker.ledger.outbox import Frozen, Holding
from worker.ledger.tables import (
    InboxState,
    MessageState,
    NoticeState,
    inbox,
    message,
    message_notice,
    notice,
    snapshot,
)
from worker.writer import Entry, Writer

ROOT = Path(__file__).parents[2]
ROWS = 100_000


@pytest.fixture
def ledger_url(tables_of_postgres: Tables) -> str:
    return tables_of_postgres.empty()


@pytest.fixture
def other(ledger_url: str) -> Iterator[Ledger]:
    """Another process's ledger."""
    other = Ledger(ledger_url, SEALER)
    yield other
    other.close()


def test_an_arrival_that_becomes_visible_late_is_compared_with_the_newer_one(ledger: Ledger, other: Ledger) -> None:
    plan = plan_of()
    early = arrivals.row(deal(stage="Open", minute=1), received_at=now(), pushed=True, baseline=False, sealer=SEALER)
    with other.write() as connection:
        # it has the lower number, and is committed after the other was decided
        assert arrivals.add(other, connection, [early]) == 1
        store(ledger, deal(stage="Won", minute=2))
        assert decider(ledger, plan).step() == 1
    assert decider(other, plan).step() == 1
    assert [row.seq for row in rows(ledger, notice)] == [2]
    assert [row.seq for row in rows(ledger, snapshot)] == [2]


def test_two_that_bring_the_same_states_in_other_orders_do_not_lock_each_other(ledger: Ledger, other: Ledger) -> None:
    failed: list[Exception] = []
    both = threading.Barrier(2)

    def bring(through: Ledger, *, backwards: bool) -> None:
        for turn in range(5):
            records = [deal(f"d{n}", minute=turn) for n in range(400)]
            given = [
                arrivals.row(one, received_at=now(), pushed=True, baseline=False, sealer=SEALER)
                for one in (records[::-1] if backwards else records)
            ]
            try:
                with through.write() as connection:
                    both.wait(20)
                    arrivals.add(through, connection, given)
            except OperationalError as error:
                failed.append(error)

    threads = [
        threading.Thread(target=bring, args=(each,), kwargs={"backwards": each is other}) for each in (ledger, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []
    assert len(rows(ledger, inbox)) == 2000


def test_two_that_decide_different_states_of_a_new_record_do_not_both_write(ledger: Ledger, other: Ledger) -> None:
    plan = plan_of()
    store(ledger, deal(stage="Open", minute=1))
    first, second = decider(ledger, plan, batch=1), decider(other, plan)
    with ledger.read() as connection:
        (row,) = arrivals.undecided(connection, SHARDS, 1)
        known = decisions.known(ledger, connection, [("crm", "Deal", "d1")])
    slow = first._decide(arrivals.open_arrival(SEALER, row), known.states, arrivals.moment(now()))
    with ledger.write() as connection:
        connection.execute(inbox.update().values(state=1))
    store(ledger, deal(stage="Won", minute=2))
    assert second.step() == 1
    with ledger.write() as connection:
        connection.execute(inbox.update().where(inbox.c.seq == row.seq).values(state=0))
    batch = decisions.sealed(decisions.Batch([slow], [], known.seqs, 1))
    with pytest.raises(Contested), ledger.write() as connection:
        decisions.write(ledger, connection, batch)
    assert [r.seq for r in rows(ledger, snapshot)] == [2]
    assert first.step() == 1
    assert [r.seq for r in rows(ledger, notice)] == [2]


def together(ledgers: tuple[Ledger, Ledger], work: Callable[[Ledger, Connection, bool], None]) -> list[Exception]:
    """Let two write at once, ten times, the second the other way round; returns what went wrong for them."""
    failed: list[Exception] = []
    both = threading.Barrier(2)

    def write(through: Ledger, *, backwards: bool) -> None:
        for _ in range(10):
            both.wait(20)
            try:
                with through.write() as connection:
                    work(through, connection, backwards)
            except Contested:
                continue
            except OperationalError as error:
                failed.append(error)

    threads = [
        threading.Thread(target=write, args=(each,), kwargs={"backwards": each is ledgers[1]}) for each in ledgers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return failed


def test_two_that_plan_the_same_facts_do_not_lock_each_other(ledger: Ledger, other: Ledger) -> None:
    store(ledger, *(deal(f"d{n}") for n in range(200)))
    assert decider(ledger, plan_of(), batch=200).step() == 200
    ids = [row.id for row in rows(ledger, notice)]

    def plan(through: Ledger, connection: Connection, backwards: bool) -> None:
        old, new = (ids[100:], ids[:100]) if backwards else (ids[:100], ids[100:])
        holding = Holding([(one, 1) for one in old], [], {})
        frozen = [Frozen("sales", f"{backwards} {n}", 2, b"", (n,), 0, repeatable=True, sending=True) for n in new]
        outbox.lock_destinations(connection, ["sales"])
        outbox.hold(connection, holding, 1)
        outbox.frame(through, connection, frozen, "w", 1, 2)

    assert together((ledger, other), plan) == []
    states = {row.id: row.state for row in rows(ledger, notice)}
    assert sorted(states.values()) == [NoticeState.FRAMED] * 100 + [NoticeState.SUPERSEDED] * 100


def test_two_that_decide_arrivals_of_the_same_records_do_not_lock_each_other(ledger: Ledger, other: Ledger) -> None:
    batches: dict[bool, list[decisions.Sealed]] = {False: [], True: []}
    for turn in range(10):
        names = [f"d{turn}-{n}" for n in range(100)]
        store(ledger, *(deal(name, "New", minute=0) for name in names))
        assert decider(ledger, plan_of(), batch=100).step() == 100
        store(ledger, *(deal(name, "Open", minute=1) for name in names))
        store(ledger, *(deal(name, "Won", minute=2) for name in names))
        with ledger.read() as connection:
            found = arrivals.undecided(connection, SHARDS, 10_000)
            known = decisions.known(ledger, connection, sorted({(r.source, r.kind, r.record_id) for r in found}))
        early, late = found[-200:-100], found[-100:][::-1]
        for backwards, mine in ((False, early), (True, late)):
            decide = decider(ledger, plan_of())
            decided = [
                decide._decide(arrivals.open_arrival(SEALER, row), dict(known.states), arrivals.moment(now()))
                for row in mine
            ]
            batches[backwards].append(decisions.sealed(decisions.Batch(decided, [], known.seqs, 1)))
        with ledger.write() as connection:
            connection.execute(inbox.update().values(state=int(InboxState.DECIDED)))
    with ledger.write() as connection:
        connection.execute(inbox.update().values(state=int(InboxState.NEW)))

    def write(through: Ledger, connection: Connection, backwards: bool) -> None:
        decisions.write(through, connection, batches[backwards].pop())

    assert together((ledger, other), write) == []
    # each time one was first, and the other has to decide again
    assert len(rows(ledger, notice)) == 2000


def framed(ledger: Ledger, messages: int) -> list[int]:
    """A notice that stands in several messages, all on their way for one owner each."""
    store(ledger, deal())
    decider(ledger, plan_of()).step()
    with ledger.write() as connection:
        connection.execute(notice.update().values(state=int(NoticeState.FRAMED)))
        (note,) = connection.execute(notice.select()).all()
        ids: list[int] = []
        for number in range(messages):
            row = {"destination": "sales", "key": f"k{number}", "lane": 2, "state": int(MessageState.SENDING)}
            row |= {"due_at": 0, "owner": "w", "lease_until": now() + 10**8, "framed_at": 0, "repeatable": True}
            row |= {"facts": 1, "withheld": 0}
            ids += connection.execute(insert(message).values(row).returning(message.c.id)).scalars()
            connection.execute(insert(message_notice).values(notice_id=note.id, message_id=ids[-1]))
    return ids


def test_of_two_that_settle_the_last_messages_of_a_notice_the_second_ends_it(ledger: Ledger, other: Ledger) -> None:
    one, two = framed(ledger, 2)
    written = threading.Event()

    def settle(through: Ledger, id_: int, seconds: float) -> None:
        with through.write() as connection:
            settling.settle(
                ledger, connection, [settling.Settled(id_, "sales", Delivery(Outcome.DELIVERED), now(), None)], "w"
            )
            written.set()
            time.sleep(seconds)

    slow = threading.Thread(target=settle, args=(ledger, one, 0.5))
    slow.start()
    assert written.wait(5)
    settle(other, two, 0.0)
    slow.join(10)
    (row,) = rows(ledger, notice)
    assert row.state == NoticeState.SHOWN


def test_beside_an_operator_nobody_writes_notices(ledger: Ledger, other: Ledger) -> None:
    store(ledger, deal())
    deciding = threading.Thread(target=lambda: decider(other, plan_of()).step())
    with ledger.write_alone(notice) as connection:
        deciding.start()
        deciding.join(0.5)
        assert deciding.is_alive()
        assert connection.execute(notice.select()).all() == []
    deciding.join(10)
    assert len(rows(ledger, notice)) == 1


def test_of_many_schedulers_one_starts_a_job(ledger: Ledger, other: Ledger) -> None:
    with ledger.write() as connection:
        cursors.plan_job(ledger, connection, "poll")
    for turn in range(1, 21):
        gate = threading.Barrier(4)
        mine: list[bool] = []

        def claim(through: Ledger, gate: threading.Barrier, turn: int, mine: list[bool]) -> None:
            gate.wait(10)
            with through.write() as connection:
                mine.append(cursors.claim_job(connection, "poll", turn, turn + 1))

        threads = [threading.Thread(target=claim, args=(each, gate, turn, mine)) for each in (ledger, other) * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert sorted(mine) == [False, False, False, True]


ARRIVED = """
INSERT INTO inbox (source, kind, record_id, version, digest, stamp, received_at, pushed, baseline, shard, state, data_key,
    payload)
SELECT 'crm', 'Deal', 'r' || g, 'v', decode(md5(g::text), 'hex'), g, g, true, false, mod(g, 64),
    CASE WHEN g > :old THEN 0 ELSE 1 END, 'k', 'p' FROM generate_series(1, :all) g
"""
NOTED = """
INSERT INTO notice (seq, route, destination, subject, lane, state, reason, detail, created_at, source_at, payload)
SELECT g, 'r', 'd' || mod(g, 3), decode(md5(g::text), 'hex'), 2, CASE WHEN g > :old THEN 0 ELSE 2 END, '', '', g, g, 'p'
FROM generate_series(1, :all) g
"""
SENT = """
INSERT INTO message (destination, key, lane, state, due_at, owner, lease_until, framed_at, repeatable, facts, withheld)
SELECT 'd' || mod(g, 3), 'k' || g, 2, CASE WHEN g > :old THEN mod(g, 2) ELSE 2 END, g, 'w', g, g, true, 1, 0
FROM generate_series(1, :all) g
"""
CARRIED = "INSERT INTO message_notice (message_id, notice_id) SELECT g, g FROM generate_series(1, :all) g"
DISCLOSED = """
INSERT INTO disclosure (message_id, destination, classes)
SELECT g, 'd' || mod(g, 3), 'finance' FROM generate_series(1, :all) g
"""
KNOWN = """
INSERT INTO snapshot (source, kind, record_id, seq, stamp, number, url, deleted)
SELECT 'crm', 'Deal', 'r' || g, g, g, '', '', false FROM generate_series(1, :all) g
"""


TIMED = """
INSERT INTO timer (source, kind, record_id, route, since, due_at, state)
SELECT 'crm', 'Deal', 'r' || g, 'r', g, g, CASE WHEN g > :old THEN 0 ELSE 1 END FROM generate_series(1, :all) g
"""
MARKED = """
INSERT INTO lookup (source, kind, field, record_id, mark)
SELECT 'crm', 'Deal', 'ref', 'r' || g, decode(md5(g::text), 'hex') FROM generate_series(1, :all) g
"""


def fill(ledger: Ledger) -> None:
    """A ledger that has done a lot, with a thousand rows at its end that wait."""
    with ledger.write() as connection:
        for statement in (ARRIVED, NOTED, SENT, CARRIED, DISCLOSED, KNOWN, TIMED, MARKED):
            counts = {"all": ROWS, "old": ROWS - 1000}
            asked = {name: count for name, count in counts.items() if f":{name}" in statement}
            connection.execute(text(statement), asked)


@contextmanager
def plans(ledger: Ledger) -> Iterator[list[str]]:
    """Gather how PostgreSQL carries out each statement, as it would after it has planned the statement for good."""
    found: list[str] = []

    def look(_c: object, cursor: Any, statement: str, parameters: Any, _x: object, many: bool) -> None:
        if statement.lstrip().startswith(("SELECT", "UPDATE")):
            given = parameters[0] if many else parameters
            with cursor.connection.cursor() as beside:
                beside.execute(f"EXPLAIN {statement}", given, prepare=False)
                found.append("\n".join([statement, *(line for (line,) in beside.fetchall())]))

    event.listen(ledger.engine, "before_cursor_execute", look)
    yield found
    event.remove(ledger.engine, "before_cursor_execute", look)


def work(ledger: Ledger) -> None:
    """All that is done in every turn and in every tick."""
    with ledger.read() as connection:
        arrivals.undecided(connection, SHARDS, 64)
        arrivals.undecided(connection, frozenset(range(32)), 64)
        arrivals.oldest_undecided(connection)
        arrivals.backlog(connection)
        connection.execute(decisions._KNOWN, {"subjects": [("crm", "Deal", f"r{n}") for n in range(64)]})
        for since in ({}, {"told_since": ROWS - 500}):
            query = waiting._longest((0, 1, 2, 3), gathers=bool(since))
            connection.execute(query, {"name": "d1", "records": 256, **since})
        subjects = [bytes([n]) * 16 for n in range(256)]
        connection.execute(waiting._STATES, {"name": "d1", "subjects": subjects, "states": 4096})
        connection.execute(outbox._DUE, {"at": now(), "names": ["d1", "d2"], "most": 256})
        outbox.any_waiting(connection, now())
        disclosures.any_due(connection, now())
        disclosures.due(connection, now(), 64)
        outbox.any_lost(connection, 0)
        timers.any_due(connection, now())
        timed = [one.subject for one in timers.due(connection, now(), 64)]
        timers.undecided(connection, timed)
        timers.of_record(connection, timed[0])
        lookups.found(ledger, connection, ("crm", "Deal"), "ref", "x")
        lookups.undecided(connection, ("crm", "Deal"), now())
    with ledger.write() as connection:
        decisions._claim(connection, list(range(ROWS - 63, ROWS + 1)), InboxState.DECIDED)
        (due,) = connection.execute(message.select().where(message.c.state == MessageState.DUE).limit(1)).all()
        assert outbox.take(connection, [due.id], "me", now(), now()) == {due.id}
        settling.settle(
            ledger, connection, [settling.Settled(due.id, "d1", Delivery(Outcome.DELIVERED), now(), None)], "me"
        )
        settling.recover(ledger, connection, ROWS - 900)


@pytest.mark.parametrize("counted", ["", "ANALYZE"])
def test_no_turn_reads_a_whole_table(uncounted: Ledger, counted: str) -> None:
    fill(uncounted)
    if counted:
        with uncounted.read() as connection:
            connection.execute(text(counted))
    with plans(uncounted) as found:
        work(uncounted)
    assert len(found) > 12
    assert [plan for plan in found if "Seq Scan on" in plan] == []


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that a test may crash."""
    server = Server()
    server.start()
    yield server
    server.remove()


def test_a_writer_outlives_a_crash_and_acknowledges_nothing_that_is_not_stored(server: Server) -> None:
    ledger = Ledger(server.url, SEALER)
    migrate.upgrade(ledger)
    told: dict[str, Exception | None] = {}
    writer = Writer(ledger, lambda: None, limit=64)

    def push(name: str) -> Exception | None:
        row = arrivals.row(deal(name), received_at=now(), pushed=True, baseline=False, sealer=SEALER)
        writer.put(Entry([row], lambda error: told.update({name: error})))
        assert within(20, lambda: name in told)
        return told[name]

    assert push("before") is None
    for how in (signal.SIGQUIT, signal.SIGKILL):
        server.stop(how)
        error = push(f"while away {how}")
        assert error is not None
        assert unreachable(error)
        assert not version.fits(ledger)
        server.start()
        assert push(f"after {how}") is None
    writer.close()
    assert [row.record_id for row in rows(ledger, inbox)] == ["before", "after 3", "after 9"]
    ledger.close()


def test_a_commit_is_on_disk_whatever_the_server_says(ledger: Ledger, ledger_url: str) -> None:
    name = ledger.engine.url.database
    with ledger.read() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    other = Ledger(ledger_url, SEALER)
    with other.read() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"
        connection.exec_driver_sql(f"ALTER DATABASE {name} RESET synchronous_commit")
    other.close()


def test_the_tables_are_made_in_utf8_alone(postgres: str) -> None:
    with new_database(postgres, options="ENCODING 'SQL_ASCII' TEMPLATE template0") as url:
        ledger = Ledger(url, SEALER)
        with pytest.raises(LedgerFault, match="encoded in SQL_ASCII, and names need UTF8"):
            migrate.upgrade(ledger)
        ledger.close()


@pytest.mark.parametrize("kind", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+asyncpg"])
def test_a_url_of_any_form_opens_and_says_no_password(kind: str, postgres: str) -> None:
    url = make_url(postgres).set(drivername=kind, password="hid:den/#?")
    ledger = Ledger(url.render_as_string(hide_password=False), SEALER)
    with ledger.read() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
    assert "hid" not in repr(ledger.engine)
    ledger.close()
    away = Ledger("postgres://me:hidden@127.0.0.1:1/db", SEALER)
    for ask in (version.require, migrate.upgrade):
        with pytest.raises(LedgerFault, match="refused") as said:
            ask(away)
        assert "hidden" not in str(said.value)


def test_a_password_with_an_at_sign_is_not_taken_for_a_host() -> None:
    with pytest.raises(LedgerFault, match="write it as %40") as told:
        Ledger("postgres://me:hid@den@127.0.0.1/db", SEALER)
    assert "den" not in str(told.value)
