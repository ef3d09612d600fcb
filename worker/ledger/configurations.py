"""Which configuration the installation runs: the newest row. Older ones stay, to tell what ran when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from config.compile import Bridge
from pipelines.plan import Attestation
from worker.ledger import audiences, cursors
from worker.ledger.audiences import VERIFIED
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.plans import remember
from worker.ledger.tables import attestation, configuration


@dataclass(frozen=True, slots=True)
class Mark:
    """What a process has taken up: the newest configuration and the newest attestation (0: none)."""

    configuration: int
    attestation: int


@dataclass(frozen=True, slots=True)
class Applied:
    """A configuration that was applied; `at` in microseconds."""

    id: int
    plan_id: int
    at: int
    content: bytes


class Moved(Exception):
    """Another configuration was applied since this process took up its own; nothing was done."""


_MARK = select(
    select(func.max(configuration.c.id)).scalar_subquery(), select(func.max(attestation.c.id)).scalar_subquery()
)
_NEWEST = select(configuration).order_by(configuration.c.id.desc()).limit(1)


def mark(connection: Connection) -> Mark:
    """Return what every process has to have taken up by now."""
    applied, attested = connection.execute(_MARK).one()
    return Mark(applied or 0, attested or 0)


def stands(connection: Connection, taken: Mark | None) -> bool:
    """Tell whether `taken` is still the newest; None is a plan that stands in no ledger, and always stands."""
    return taken is None or mark(connection) == taken


def require(connection: Connection, taken: Mark | None) -> None:
    """Raise `Moved` unless `taken` stands.

    Asked after a claim has been read: then whatever was acknowledged after an `apply` is never judged by what was
    before it.
    """
    if not stands(connection, taken):
        raise Moved


def current(ledger: Ledger) -> Applied | None:
    """Return what is applied, if anything is."""
    with ledger.read() as connection:
        row = connection.execute(_NEWEST).first()
    return Applied(*row) if row else None


def put(ledger: Ledger, bridge: Bridge, *, first: bool = False) -> Applied:
    """Apply a validated configuration and return what is applied then; with `first` only if nothing is yet."""
    plan_id = remember(ledger, bridge.plan)
    with ledger.write() as connection:
        if not ledger.is_sqlite:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(736120872)")
        row = connection.execute(_NEWEST).first() if first else None
        if row is None:
            values = {"plan_id": plan_id, "at": ledger.now(connection), "content": bridge.content}
            connection.execute(insert(configuration).values(values))
            audiences.attested(ledger, connection, bridge.plan.destinations)
            cursors.hasten_job(ledger, connection, VERIFIED, ledger.now(connection))
            row = connection.execute(_NEWEST).one()
    return Applied(*row)


@dataclass(frozen=True, slots=True)
class Attested:
    """An attestation that a named person gave in the group itself."""

    destination: str
    word: Attestation


def attest(ledger: Ledger, given: Attested) -> None:
    """Store an attestation; the newest of a destination counts."""
    word = given.word
    with ledger.write() as connection:
        values = {"destination": given.destination, "by": word.by, "on": word.on, "until": word.until}
        row = {**values, "classes": sorted(word.classes), "at": ledger.now(connection)}
        connection.execute(insert(attestation).values(row))
        cursors.hasten_job(ledger, connection, VERIFIED, ledger.now(connection))


def attested(ledger: Ledger) -> dict[str, Attestation]:
    """Return the newest attestation of each destination that has one, lapsed ones included."""
    newest = select(func.max(attestation.c.id)).group_by(attestation.c.destination)
    with ledger.read() as connection:
        rows = connection.execute(select(attestation).where(attestation.c.id.in_(newest))).all()
    return {row.destination: _word(row) for row in rows}


def _word(row: Any) -> Attestation:
    at = datetime.fromtimestamp(row.at / MICROSECONDS, UTC)
    return Attestation(row.by, row.on, row.until, frozenset(row.classes), at)
