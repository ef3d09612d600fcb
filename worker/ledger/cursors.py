"""How far each kind of each source has been read, and when it is read next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, case, func, select, update

from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.tables import cursor, meter, schedule


@dataclass(frozen=True, slots=True)
class Position:
    """Where a pull goes on. `baseline` is true until the first scan has come to its end."""

    cursor: str | None
    baseline: bool
    succeeded_at: int | None = None
    failure: str = ""


def position(connection: Connection, source: str, kind: str) -> Position:
    """Return where a kind stands; one that was never read starts with a baseline."""
    row = connection.execute(select(cursor).where(cursor.c.source == source, cursor.c.kind == kind)).first()
    return Position(None, True) if row is None else Position(row.cursor, row.baseline, row.succeeded_at, row.failure)


def move(ledger: Ledger, connection: Connection, source: str, kind: str, to: Position) -> None:
    """Store a position, in the transaction that stores what was read up to it."""
    values = {
        "cursor": to.cursor,
        "baseline": to.baseline,
        "succeeded_at": to.succeeded_at,
        "polled_at": ledger.now(connection),
        "failure": to.failure[:512],
    }
    upsert = ledger.insert(cursor).values(source=source, kind=kind, **values)
    connection.execute(upsert.on_conflict_do_update(index_elements=["source", "kind"], set_=values))


def asked(ledger: Ledger, connection: Connection, source: str, kind: str, failure: str) -> None:
    """Note that records of a kind were read by their hints now, or why they could not be."""
    values = {"polled_at": ledger.now(connection), "hints_failure": failure[:512]}
    upsert = ledger.insert(cursor).values(source=source, kind=kind, baseline=True, **values)
    connection.execute(upsert.on_conflict_do_update(index_elements=["source", "kind"], set_=values))


def fall_silent(ledger: Ledger, connection: Connection, source: str, kind: str, since: int) -> None:
    """Note that changes of a kind may not have been pushed since `since` (microseconds), or since earlier."""
    upsert = ledger.insert(cursor).values(source=source, kind=kind, baseline=True, silent_since=since)
    earlier = cursor.c.silent_since <= upsert.excluded.silent_since
    values = {"silent_since": case((earlier, cursor.c.silent_since), else_=upsert.excluded.silent_since)}
    connection.execute(upsert.on_conflict_do_update(index_elements=["source", "kind"], set_=values))


def silent_since(connection: Connection, source: str, kind: str) -> int | None:
    """Return since when changes of a kind may not have been pushed, in microseconds; None: all were."""
    query = select(cursor.c.silent_since).where(cursor.c.source == source, cursor.c.kind == kind)
    return connection.execute(query).scalar()


def caught_up(connection: Connection, source: str, kind: str, since: int) -> None:
    """Note that what was not pushed since `since` (microseconds) has been read."""
    mine = (cursor.c.source == source) & (cursor.c.kind == kind) & (cursor.c.silent_since >= since)
    connection.execute(update(cursor).where(mine).values(silent_since=None))


def last_polled(connection: Connection, source: str) -> int | None:
    """Return when a source was last asked for any kind, in microseconds; None: never."""
    return connection.execute(select(func.max(cursor.c.polled_at)).where(cursor.c.source == source)).scalar()


def observe(ledger: Ledger, connection: Connection, seen: Mapping[str, tuple[int, int]]) -> None:
    """Store what a vendor says of its quotas: (used, allowed) by budget."""
    for name, (used, allowed) in seen.items():
        values = {"used": used, "allowed": allowed, "observed_at": ledger.now(connection)}
        upsert = ledger.insert(meter).values(budget=name, **values)
        connection.execute(upsert.on_conflict_do_update(index_elements=["budget"], set_=values))


def plan_job(ledger: Ledger, connection: Connection, name: str, due_at: int = 0) -> None:
    """Make a job known; one that is new is due at `due_at` (microseconds), else at once."""
    row = ledger.insert(schedule).values(name=name, due_at=due_at)
    connection.execute(row.on_conflict_do_nothing())


def plan_anew(connection: Connection, name: str, times: str, at: int, due_at: int) -> None:
    """Note by which times a job runs; where they are others than before, a turn still to come moves to `due_at`."""
    other = update(schedule).where(schedule.c.name == name, schedule.c.times != times)
    moved = case((schedule.c.due_at > at, due_at), else_=schedule.c.due_at)
    connection.execute(other.values(times=times, due_at=moved))


def hasten_job(ledger: Ledger, connection: Connection, name: str, at: int) -> None:
    """Make a job due at `at` (microseconds) that would be due later."""
    plan_job(ledger, connection, name, at)
    connection.execute(update(schedule).where(schedule.c.name == name, schedule.c.due_at > at).values(due_at=at))


def known_jobs(connection: Connection) -> set[str]:
    """Return the names of all jobs."""
    return set(connection.execute(select(schedule.c.name)).scalars())


def due_jobs(connection: Connection, at: int) -> list[str]:
    """Return the names of the jobs that are due and not under way."""
    query = select(schedule.c.name).where(schedule.c.due_at <= at, schedule.c.lease_until <= at)
    return list(connection.execute(query).scalars())


def claim_job(connection: Connection, name: str, at: int, next_at: int) -> bool:
    """Move a due job on to `next_at`; False when another scheduler was first."""
    mine = (
        update(schedule)
        .where(schedule.c.name == name, schedule.c.due_at <= at, schedule.c.lease_until <= at)
        .values(due_at=next_at)
    )
    return bool(connection.execute(mine).rowcount)


def return_job(connection: Connection, name: str, next_at: int, due_at: int) -> None:
    """Make a job that was claimed until `next_at`, and could not be handed to a worker, due at `due_at`."""
    claimed = update(schedule).where(schedule.c.name == name, schedule.c.due_at == next_at)
    connection.execute(claimed.values(due_at=due_at))


def begin_job(connection: Connection, name: str, owner: str, at: int, lease_s: float) -> bool:
    """Take the lease of a job; False while somebody else runs it."""
    until = at + int(lease_s * MICROSECONDS)
    free = (schedule.c.lease_until <= at) | (schedule.c.owner == owner)
    mine = update(schedule).where(schedule.c.name == name, free).values(owner=owner, lease_until=until)
    return bool(connection.execute(mine).rowcount)


def free_jobs(connection: Connection, worker: str) -> None:
    """Give back the leases of a worker that starts again: what it had begun goes on at once."""
    mine = schedule.c.owner.startswith(f"{worker} ", autoescape=True)
    connection.execute(update(schedule).where(mine).values(lease_until=0))


def end_job(connection: Connection, name: str, owner: str, next_at: int | None) -> None:
    """Give a job's lease back; `next_at` moves its next turn where the source asked to be left alone."""
    values: dict[str, int] = {"lease_until": 0}
    if next_at is not None:
        values["due_at"] = next_at
    connection.execute(update(schedule).where(schedule.c.name == name, schedule.c.owner == owner).values(**values))
