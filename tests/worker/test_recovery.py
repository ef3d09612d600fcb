"""A ledger that was restored: nothing it may have sent goes out twice, and what is held can be released."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from connectors.contract import Delivery, Outcome, Record, Resend
from pipelines.verdict import Reason
from tests.worker.office import Office, go, rest
from tests.worker.stand_ins import SEALER, Chat, deal, decider, plan_of, rows, store
from worker.backup import BackupFault, backup, look, restore
from worker.decide import Decider
from worker.ledger import cursors, recovery
from worker.ledger.cursors import Position
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.ledger.seal import Sealer
from worker.ledger.tables import MessageState, NoticeState, budget, inbox, message, notice, schedule
from worker.limiter import Limiter
from worker.repair import held, release

ROOT = Path(__file__).parents[2]
ON_SQLITE = pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
UNANSWERED = Delivery(Outcome.UNKNOWN, "timeout", "no answer")


def office(ledger: Ledger, limiter: Limiter, chat: Chat) -> Office:
    return Office(ledger, limiter, plan_of(), [chat])


def recover(ledger: Ledger, taken_at: int) -> recovery.Recovered:
    with ledger.write() as connection:
        return recovery.recover(ledger, connection, taken_at, ledger.now(connection))


def resumed(ledger: Ledger) -> Decider:
    """Return what decides after a restore."""
    with ledger.read() as connection:
        return replace(decider(ledger, plan_of()), restored_at=recovery.restored_at(connection))


def age(ledger: Ledger, seconds: float) -> None:
    """Let the first attempts of all messages lie so far back."""
    with ledger.write() as connection:
        connection.execute(update(message).values(first_sent_at=now() - int(seconds * MICROSECONDS)))


def unanswered(ledger: Ledger, limiter: Limiter, chat: Chat) -> Office:
    """Return an office with one message that was sent, and whose answer did not come."""
    chat.answers.append(UNANSWERED)
    here = office(ledger, limiter, chat)
    here.tell(deal())
    with here.worker() as worker:
        rest(worker)
    with ledger.write() as connection:
        connection.execute(update(message).values(due_at=0))
    return here


def test_a_message_that_was_just_sent_goes_out_again_under_its_key(ledger: Ledger, limiter: Limiter) -> None:
    chat = Chat()
    here = unanswered(ledger, limiter, chat)
    assert recover(ledger, now() - 100 * MICROSECONDS) == recovery.Recovered(again=1, held=0)
    with here.worker() as worker:
        rest(worker)
    assert len(chat.keys) == 2
    assert len(set(chat.keys)) == 1
    assert here.notices() == [NoticeState.SHOWN]


@pytest.mark.parametrize(
    ("resend", "sent_s", "taken_s"),
    [(Resend.IDEMPOTENT, 601, 700), (Resend.DUPLICATES, 1, 2), (Resend.IDEMPOTENT, None, 601)],
    ids=["long ago", "without a key", "in the window"],
)
def test_any_other_message_is_held(
    ledger: Ledger, limiter: Limiter, resend: Resend, sent_s: float | None, taken_s: float
) -> None:
    chat = Chat(resend=resend)
    here = unanswered(ledger, limiter, chat)
    with ledger.write() as connection:
        first = None if sent_s is None else now() - int(sent_s * MICROSECONDS)
        connection.execute(update(message).values(state=int(MessageState.DUE), first_sent_at=first))
        connection.execute(update(notice).values(state=int(NoticeState.FRAMED)))
    assert recover(ledger, now() - int(taken_s * MICROSECONDS)) == recovery.Recovered(again=0, held=1)
    with here.worker() as worker:
        rest(worker)
    assert len(chat.keys) == 1
    assert here.messages() == [MessageState.DEAD]
    (one,) = held(ledger)
    assert (one.reason, one.number) == (Reason.MAY_HAVE_BEEN_SENT, "SO-d1")
    assert "may have been sent" in one.why


def test_a_message_that_comes_too_late_for_its_key_is_given_up(ledger: Ledger, limiter: Limiter) -> None:
    chat = Chat()
    here = unanswered(ledger, limiter, chat)
    assert recover(ledger, now() - 100 * MICROSECONDS).again == 1
    age(ledger, 601)  # the program was started only then
    with here.worker() as worker:
        rest(worker)
    assert len(chat.keys) == 1
    assert here.messages() == [MessageState.DEAD]
    assert rows(ledger, message)[0].outcome == Outcome.UNKNOWN


def test_what_waited_is_held_and_what_was_undecided_as_well(ledger: Ledger, limiter: Limiter) -> None:
    chat = Chat()
    here = office(ledger, limiter, chat)
    here.tell(deal("waits"))
    store(ledger, deal("undecided"))
    assert recover(ledger, now()) == recovery.Recovered(again=0, held=1)
    resumed(ledger).step()
    with here.worker() as worker:
        rest(worker)
        assert chat.told == []
        assert {one.number: one.reason for one in held(ledger)} == dict.fromkeys(
            ("SO-waits", "SO-undecided"), Reason.MAY_HAVE_BEEN_SENT
        )
        release(ledger, None, resumed(ledger).programs, 1, datetime.now(UTC))
        rest(worker)
    assert sorted(fact for facts in chat.told for fact in facts) == ["SO-undecided Open", "SO-waits Open"]
    assert held(ledger) == []


@pytest.mark.parametrize(("minutes", "told"), [(-600, 0), (0, 0), (4, 0), (6, 1)])
def test_a_state_from_before_the_restore_is_held_and_a_later_one_told(
    ledger: Ledger, limiter: Limiter, minutes: int, told: int
) -> None:
    chat = Chat()
    here = office(ledger, limiter, chat)
    recover(ledger, now() - 3600 * MICROSECONDS)
    store(ledger, deal(stamp=datetime.now(UTC) + timedelta(minutes=minutes)))
    resumed(ledger).step()
    with here.worker() as worker:
        rest(worker)
    assert (len(chat.told), len(held(ledger))) == (told, 1 - told)


def test_a_later_state_closes_what_is_held(ledger: Ledger, limiter: Limiter) -> None:
    chat = Chat()
    here = office(ledger, limiter, chat)
    here.tell(deal())
    recover(ledger, now())
    store(ledger, deal(stage="Won", stamp=datetime.now(UTC) + timedelta(minutes=6)))
    resumed(ledger).step()
    with here.worker() as worker:
        rest(worker)
    assert chat.told == [["SO-d1 Won"]]
    assert held(ledger) == []


def test_quotas_and_leases_start_anew(ledger: Ledger) -> None:
    with ledger.write() as connection:
        connection.execute(ledger.insert(budget).values(destination="sales", called_at=1))
        cursors.plan_job(ledger, connection, "poll")
        assert cursors.begin_job(connection, "poll", "lost", now(), 300)
    recover(ledger, now())
    assert now() - rows(ledger, budget)[0].called_at < MICROSECONDS
    assert rows(ledger, schedule)[0].lease_until == 0


def shown(chat: Chat) -> list[str]:
    """Return the facts that stand in the group, which shows a message that comes again under its key once."""
    messages = {one["key"]: one["facts"] for one in chat.sent}
    return sorted(fact for facts in messages.values() for fact in facts)


def world(limiter: Limiter, chat: Chat) -> Callable[[Ledger, Decider, list[Record]], None]:
    """Return what lets records arrive, be decided, and be sent."""

    def live(on: Ledger, decide: Decider, records: list[Record]) -> None:
        new = [row.version + row.record_id for row in rows(on, inbox)]
        store(on, *(one for one in records if one.version + one.id not in new))
        decide.step()
        here = Office(on, limiter, plan_of(), [chat])
        with here.worker() as worker:
            assert go(worker, lambda: not {NoticeState.WAITING, NoticeState.FRAMED} & set(here.notices()))

    return live


@ON_SQLITE
def test_a_backup_taken_at_work_comes_back_without_telling_anything_twice(
    ledger: Ledger, limiter: Limiter, tmp_path: Path
) -> None:
    chat = Chat()
    live = world(limiter, chat)
    file, path = tmp_path / "ledger.backup", Path(str(ledger.engine.url.database))
    before = [deal(f"a{n}") for n in range(5)]
    live(ledger, decider(ledger, plan_of()), before)
    with ledger.write() as connection:
        cursors.move(ledger, connection, "crm", "Deal", Position("the 5th", baseline=False))
    taken = backup(path, file, SEALER)
    since = [deal(f"b{n}", stamp=datetime.now(UTC)) for n in range(5)]
    live(ledger, decider(ledger, plan_of()), since)
    with ledger.write() as connection:
        cursors.move(ledger, connection, "crm", "Deal", Position("the 10th", baseline=False))
    told = shown(chat)
    ledger.close()

    restored = restore(file, path, SEALER)

    assert restored.backup == taken
    assert restored.before is not None
    assert restored.before.exists()
    again = Ledger(ledger.url, SEALER)
    with again.read() as connection:
        assert cursors.position(connection, "crm", "Deal").cursor == "the 5th"
    live(again, resumed(again), [*before, *since, deal("c", stamp=datetime.now(UTC) + timedelta(minutes=6))])
    assert shown(chat) == sorted([*told, "SO-c Open"])
    assert sorted(one.number for one in held(again)) == sorted(f"SO-b{n}" for n in range(5))
    again.close()


@ON_SQLITE
def test_a_backup_is_one_private_file_that_holds_no_key(ledger: Ledger, tmp_path: Path) -> None:
    store(ledger, deal())
    file, path = tmp_path / "ledger.backup", Path(str(ledger.engine.url.database))
    made = backup(path, file, SEALER)
    assert made.key == SEALER.fingerprint == look(file).key
    assert b"k" * 32 not in file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir() if "backup" in each.name) == ["ledger.backup"]
    with pytest.raises(BackupFault, match="is there already"):
        backup(path, file, SEALER)


@ON_SQLITE
def test_nothing_is_touched_by_a_restore_that_cannot_be(ledger: Ledger, tmp_path: Path) -> None:
    file, path = tmp_path / "ledger.backup", Path(str(ledger.engine.url.database))
    store(ledger, deal())
    backup(path, file, SEALER)
    with pytest.raises(BackupFault, match="put that key back first"):
        restore(file, path, Sealer(b"x" * 32))
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, ledger.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert holder.stdout
    assert holder.stdout.readline() == b"open\n"
    ledger.close()
    with pytest.raises(BackupFault, match="is in use: stop dingbridge first"):
        restore(file, path, SEALER)
    holder.communicate(timeout=20)
    for wrong in (tmp_path / "missing", path):
        with pytest.raises(BackupFault, match="is no backup"):
            restore(wrong, path, SEALER)
    assert [row.record_id for row in rows(ledger, inbox)] == ["d1"]
    ledger.close()
    path.write_bytes(b"not a database, after a disk that failed" * 1000)
    restore(file, path, SEALER)
    assert [row.record_id for row in rows(ledger, inbox)] == ["d1"]


HOLDER = """
import sys
from worker.ledger.engine import Ledger
from worker.ledger.seal import Sealer
ledger = Ledger(sys.argv[1], Sealer(b"k" * 32))
with ledger.read() as connection:
    connection.exec_driver_sql("SELECT count(*) FROM inbox").all()
print("open", flush=True)
sys.stdin.read()
"""
