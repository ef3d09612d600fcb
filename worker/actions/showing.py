"""Changing cards for everybody, again and again until the channel has taken it, and closing those that are out of date."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

import redis
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from connectors.contract import Misconfigured, Refused, Showing, Shows, Throttled
from pipelines import decisions
from pipelines.plan import Lane
from pipelines.sentence import sentence
from worker.asking import after, said
from worker.calling import single_call
from worker.channels import Channel
from worker.ledger import cards
from worker.ledger.cards import Said, Stale, Untold
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.tables import CardState
from worker.limiter import Limiter

log = structlog.get_logger()

LEASE_S = 120.0
LONGEST_S = 300.0
LEAST_S = 0.2
BATCH = 50


class Teller:
    """Shows on cards what became of the decisions that they ask for."""

    def __init__(self, ledger: Ledger, limiter: Limiter, channels: Mapping[str, Channel], worker: str) -> None:
        self._ledger = ledger
        self._limiter = limiter
        self._channels = channels
        self._owner = f"{worker[:48]} {secrets.token_hex(4)}"

    def step(self) -> bool:
        """Change one card; false when none is due. Raises what the ledger raises."""
        with self._ledger.write() as connection:
            at = self._ledger.now(connection)
            of = cards.claim_untold(self._ledger, connection, self._owner, at, LEASE_S)
        if of is None:
            return False
        again = self._tell(of)
        with self._ledger.write() as connection:
            at = self._ledger.now(connection)
            again_at = None if again is None else at + int(again.total_seconds() * MICROSECONDS)
            cards.told(connection, of, self._owner, at, again_at)
        return True

    def _tell(self, of: Untold) -> timedelta | None:
        """Change a card once, within its destination's quotas; returns when it is tried again, None: it is not."""
        channel = self._channels.get(of.card.destination)
        client: object = channel.client if channel is not None else None
        if channel is None or not isinstance(client, Shows) or of.said is None:
            return None
        try:
            with single_call(self._ledger, self._limiter, channel, Lane.APPROVAL) as room:
                if not room.calls:
                    return timedelta(seconds=max(room.rest_s, LEAST_S))
                client.show(of.card.key, _showing(of, of.said))
        except Refused as error:
            log.warning("a card will not be changed", card=of.card.key, error=str(error), detail=error.detail)
            return None
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, everybody is to see in the end what became of it
            return self._later(of, error)
        return None

    def _later(self, of: Untold, error: Exception) -> timedelta:
        sentence_, detail = said(error)
        log.warning("a card cannot be changed now", card=of.card.key, error=sentence_, detail=detail)
        wait = after(error)
        if isinstance(error, Throttled) and wait is not None:
            with suppress(redis.RedisError):
                self._limiter.block(error.scope, wait.total_seconds())
        least = timedelta(seconds=LONGEST_S if isinstance(error, Misconfigured) else _pause(of.attempts))
        return max(least, wait or least)


def _pause(attempts: int) -> float:
    return float(min(LONGEST_S, 2 ** min(attempts - 1, 10)))


def _showing(of: Untold, saying: Said) -> Showing:
    asked = of.card.asked
    notes = {saying.to: saying.note.said(asked.zone, asked.locale)} if saying.to and saying.note else {}
    return Showing(
        standing=saying.standing.said(asked.zone, asked.locale),
        deciders=asked.deciders,
        open=of.card.state is CardState.OPEN,
        notes=notes,
    )


def keep_up(ledger: Ledger) -> int:
    """Close the open cards whose records are no longer what they show; returns how many cards were looked at.

    A state in which nothing that is compared differs is shown by the card as well: a press is of that version then.
    """
    with ledger.read() as connection:
        found = cards.stale(ledger, connection, BATCH)
        judged = [(one, _holds(ledger, connection, one), cards.told_anew(connection, one.card)) for one in found]
    for one, still, anew in judged:
        with ledger.write() as connection:
            if cards.keep(connection, one, still=still) and not still:
                phrase = decisions.CHANGED if anew else decisions.NO_LONGER
                cards.say(ledger, connection, one.card.key, Said(sentence(phrase)), ledger.now(connection))
    return len(found)


def _holds(ledger: Ledger, connection: Connection, one: Stale) -> bool:
    shown = cards.shown(ledger, connection, one.card)
    if shown is None or one.state is None or one.state.deleted:
        return False
    return one.card.asked.holding.holds(shown, one.state.fields)
