"""How the connections to applications stand, by the process that holds them, and what they may not have heard."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, or_, select, update

from connectors.contract import Finding, Gap, Level
from worker.ledger.arrivals import micros
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.tables import listening

ALIVE_S = 120
"""A process that has said nothing of itself for so long is gone."""
FORGET_S = 86_400
"""How long it is kept that something may not have been heard."""
ENDED = "The process has ended."


@dataclass(frozen=True, slots=True)
class Line:
    """One process's connection to one application; times in microseconds, None: never.

    `gaps` counts the times in which something may not have been heard; the newest lies between `gap_since` and
    `gap_until`, for the reason `gap_loss`.
    """

    application: str
    relay: str
    level: Level
    sentence: str
    said_at: int
    gaps: int
    gap_since: int | None
    gap_until: int | None
    gap_loss: str

    def is_alive(self, at: int) -> bool:
        """Tell whether its process has spoken lately."""
        return self.said_at > at - ALIVE_S * MICROSECONDS


def stands(ledger: Ledger, connection: Connection, *, application: str, relay: str, finding: Finding) -> None:
    """Write how a connection stands from now on."""
    at = ledger.now(connection)
    put = ledger.insert(listening).values(
        application=application, relay=relay, level=finding.level, sentence=finding.sentence[:512], said_at=at
    )
    given = put.excluded
    said = {"level": given.level, "sentence": given.sentence, "said_at": given.said_at}
    connection.execute(put.on_conflict_do_update(index_elements=["application", "relay"], set_=said))


def alive(ledger: Ledger, connection: Connection, *, relay: str) -> None:
    """Say that this process is there, and forget those that are not."""
    at = ledger.now(connection)
    connection.execute(update(listening).where(listening.c.relay == relay).values(said_at=at))
    gone = listening.c.said_at < at - ALIVE_S * MICROSECONDS
    heard_all = or_(listening.c.gap_until.is_(None), listening.c.gap_until < at - FORGET_S * MICROSECONDS)
    connection.execute(delete(listening).where(gone, heard_all))


def missed(ledger: Ledger, connection: Connection, *, application: str, relay: str, gap: Gap) -> None:
    """Write a time in which something may not have been heard."""
    at = ledger.now(connection)
    newest = {"gap_since": micros(gap.since), "gap_until": micros(gap.until), "gap_loss": gap.loss}
    first = {"level": Level.DOUBT, "sentence": "", "said_at": at, "gaps": 1}
    put = ledger.insert(listening).values(application=application, relay=relay, **first, **newest)
    again = put.on_conflict_do_update(
        index_elements=["application", "relay"], set_={**newest, "gaps": listening.c.gaps + 1}
    )
    connection.execute(again)


def leave(connection: Connection, *, relay: str) -> None:
    """Let go of a process that ends in order; what it may not have heard stays for a day."""
    mine = listening.c.relay == relay
    connection.execute(delete(listening).where(mine, listening.c.gaps == 0))
    connection.execute(update(listening).where(mine).values(level=Level.DOUBT, sentence=ENDED, said_at=0))


def lines(connection: Connection) -> list[Line]:
    """Return all connections, by application and process."""
    query = select(listening).order_by(listening.c.application, listening.c.relay)
    return [
        Line(
            row.application,
            row.relay,
            Level(row.level),
            row.sentence,
            row.said_at,
            row.gaps,
            row.gap_since,
            row.gap_until,
            row.gap_loss,
        )
        for row in connection.execute(query)
    ]
