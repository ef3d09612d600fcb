"""Keep the subscriptions by which sources push: made, proven and renewed, and what was missed meanwhile is fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from connectors.contract import Misconfigured, Subscribes, Subscription
from pipelines.plan import Lane
from worker import polling, reconcile
from worker.asking import Asking, Source, after, said
from worker.lease import Lease, Overtaken
from worker.ledger import cursors, subscriptions
from worker.ledger.arrivals import micros
from worker.ledger.engine import MICROSECONDS, Ledger
from worker.ledger.seal import Unsealable
from worker.ledger.subscriptions import Standing
from worker.limiter import Limiter

log = structlog.get_logger()

PATIENCE_S = 60.0
"""How long a renewal waits for the source's quota: without it what happens is not pushed."""

FIRST_AGAIN_S = 15
LAST_AGAIN_S = 900
"""How long it is until a failed renewal is tried again: twice as long each time, up to this."""

SOONEST_S = 30
"""A subscription is not renewed sooner, whatever its connector says."""

HOOKS = "/hooks/"

NOT_SUBSCRIBED = "this worker's configuration has no such source that is subscribed to"
NO_ADDRESS = "The address of the relay as vendors reach it is not known: set DINGBRIDGE_PUBLIC_URL for relay, worker and scheduler."
BUSY = "another worker renews this subscription now"


@dataclass(frozen=True, slots=True)
class Pushing:
    """A source that is subscribed to: the address that is called (empty: nobody knows it), and its comparable kinds."""

    address: str
    compared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Renewed:
    """What became of one call: when the next is due (microseconds). `failure` is a sentence for the operator."""

    source: str
    renew_at: int | None = None
    failure: str = ""


def address(public_url: str | None, source: str) -> str:
    """Return where the source is to push to; nothing where the relay's address is not known."""
    return f"{public_url}{HOOKS}{source}" if public_url else ""


@dataclass(frozen=True, slots=True)
class _Turn:
    source: Source
    client: Subscribes
    pushing: Pushing
    lease: Lease


class Subscriber:
    """Keeps subscriptions, one source a call; a source is subscribed to by one worker at a time."""

    def __init__(
        self,
        ledger: Ledger,
        limiter: Limiter,
        sources: Mapping[str, Source],
        owner: str,
        pushing: Mapping[str, Pushing],
    ) -> None:
        self._ledger = ledger
        self._ask = Asking(ledger, limiter, Lane.URGENT, PATIENCE_S)
        self._sources = sources
        self._owner = owner
        self._pushing = pushing

    def subscribe(self, source: str) -> Renewed:
        """Make, prove or renew one subscription, and have fetched what may have been missed.

        What the source or Redis did is in `failure`; raises what the ledger raises.
        """
        known, pushing = self._sources.get(source), self._pushing.get(source)
        client = known.client if known is not None else None
        if known is None or pushing is None or not isinstance(client, Subscribes):
            return Renewed(source, failure=NOT_SUBSCRIBED)
        turn = _Turn(known, client, pushing, Lease.of(self._ledger, subscriptions.job_name(source), self._owner))
        with self._ledger.write() as connection:
            if not turn.lease.take(connection):
                return Renewed(source, failure=BUSY)
        renewed = Renewed(source)
        try:
            renewed = self._store(turn, self._call(turn))
        except Overtaken:
            renewed = Renewed(source, failure=BUSY)
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - a source that does not push must be seen, whatever the reason
            renewed = self._failed(turn, error)
        finally:
            turn.lease.end(renewed.renew_at)
        return renewed

    def _call(self, turn: _Turn) -> Subscription:
        if not turn.pushing.address:
            raise Misconfigured(NO_ADDRESS)
        try:
            with self._ledger.read() as connection:
                state = subscriptions.state(self._ledger, connection, turn.source.name)
        except Unsealable as error:
            raise Misconfigured(
                "What is known of the subscription cannot be opened: give this process the installation's master key.",
                detail=str(error),
            ) from None
        return self._ask(turn.source, lambda: turn.client.subscribe(turn.pushing.address, state))

    def _store(self, turn: _Turn, of: Subscription) -> Renewed:
        """Store a subscription, and in the same transaction what has to be fetched because it was silent."""
        source = turn.source.name
        seen = turn.source.take_observed()
        with self._ledger.write() as connection:
            at = self._ledger.now(connection)
            turn.lease.keep(connection)
            before = subscriptions.standing(connection, source) or Standing(source, at)
            renew_at = max(micros(of.renew_at), at + SOONEST_S * MICROSECONDS)
            stands = replace(before, renew_at=renew_at, renewed_at=at, attempts=0, failure="")
            if of.silent_since is not None:
                stands = replace(stands, silent_since=micros(of.silent_since), silent_until=at, missed=0)
                self._catch_up(turn, connection, micros(of.silent_since), at)
            subscriptions.renewed(self._ledger, connection, stands, of.state)
            cursors.observe(self._ledger, connection, seen)
        log.info("subscription renewed", source=source, silent=of.silent_since is not None)
        return Renewed(source, renew_at)

    def _catch_up(self, turn: _Turn, connection: Connection, since: int, at: int) -> None:
        """Have every kind compared from `since` on; the comparison ends at the last poll, and a poll goes on from there."""
        source = turn.source.name
        for kind in turn.pushing.compared:
            cursors.fall_silent(self._ledger, connection, source, kind, since)
            for job in (polling.job_name(source, kind), reconcile.job_name(source, kind)):
                cursors.hasten_job(self._ledger, connection, job, at)

    def _failed(self, turn: _Turn, error: Exception) -> Renewed:
        """Store why it could not be renewed, and when that is tried again."""
        source = turn.source.name
        sentence, detail = said(error)
        log.warning("source could not be subscribed to", source=source, error=sentence, detail=detail)
        self._ask.heed(error)
        with self._ledger.write() as connection:
            at = self._ledger.now(connection)
            before = subscriptions.standing(connection, source) or Standing(source, at)
            wait_s = min(LAST_AGAIN_S, FIRST_AGAIN_S * 2 ** min(before.attempts, 16))
            wait = max(timedelta(seconds=wait_s), after(error) or timedelta(0))
            renew_at = at + int(wait.total_seconds() * MICROSECONDS)
            failed = replace(before, renew_at=renew_at, attempts=before.attempts + 1, failure=sentence[:512])
            subscriptions.noted(self._ledger, connection, failed)
            cursors.observe(self._ledger, connection, turn.source.take_observed())
        return Renewed(source, renew_at, failure=sentence)
