"""Pull one kind of one source: page by page, each with its cursor in one transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from connectors.contract import CursorLost, Page, Pulls, Retryable
from pipelines.plan import Lane
from worker.asking import Asking, Source, said
from worker.lease import Lease, Overtaken
from worker.ledger import arrivals, cursors, listings, subscriptions, unannounced
from worker.ledger.cursors import Position
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.limiter import Limiter

log = structlog.get_logger()

BUSY = "another worker is reading this kind now"


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one round read; `unread` counts the rows set aside. `failure` is a sentence for the operator; `again_at` when the source may be asked again."""

    source: str
    kind: str
    pages: int = 0
    read: int = 0
    new: int = 0
    unread: int = 0
    baseline: bool = False
    failure: str = ""
    again_at: int | None = None
    busy: bool = False


def job_name(source: str, kind: str) -> str:
    """Return the name under which a kind's polling is scheduled."""
    return f"poll {source} {kind}"


@dataclass(frozen=True, slots=True)
class _Turn:
    """One round of one kind."""

    source: Source
    pulls: Pulls
    kind: str
    lease: Lease


class Poller:
    """Reads sources, one round a call; a kind is read by one worker at a time."""

    def __init__(
        self,
        ledger: Ledger,
        limiter: Limiter,
        sources: Mapping[str, Source],
        owner: str,
        committed: Callable[[], None],
    ) -> None:
        self._ledger = ledger
        self._sources = sources
        self._owner = owner
        self._committed = committed
        self._ask = Asking(ledger, limiter, Lane.NORMAL)
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End after the present page; the next round goes on from its cursor."""
        self._stopped.set()

    def pull(self, source: str, kind: str, progress: Callable[[Pulled], None] = lambda _: None) -> Pulled:
        """Read what changed, to the end of the round; `progress` is called after each page.

        What the source, its connector or Redis did is in `Pulled.failure`; raises what the ledger raises.
        """
        known = self._sources.get(source)
        client = known.client if known is not None else None
        if known is None or not isinstance(client, Pulls):
            return Pulled(source, kind, failure="this worker's configuration has no such source that is asked")
        turn = _Turn(known, client, kind, Lease.of(self._ledger, job_name(source, kind), self._owner))
        with self._ledger.write() as connection:
            if not turn.lease.take(connection):
                return Pulled(source, kind, busy=True, failure=BUSY)
        pulled = Pulled(source, kind)
        try:
            pulled = self._round(turn, progress)
        except Overtaken:
            pulled = Pulled(source, kind, busy=True, failure=BUSY)
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - a kind that cannot be read must be seen, whatever the reason
            pulled = self._failed(turn, error)
        finally:
            turn.lease.end(pulled.again_at)
        return pulled

    def _round(self, turn: _Turn, progress: Callable[[Pulled], None]) -> Pulled:
        source, kind = turn.source, turn.kind
        pages = read = new = unread = 0
        more = True
        while more:
            with self._ledger.read() as connection:
                at = cursors.position(connection, source.name, kind)
            page = self._call(turn, at)
            added = self._store(turn, page, at)
            pages, read, new, unread = pages + 1, read + len(page.records), new + added, unread + len(page.unread)
            more = page.more and not self._stopped.is_set()
            if added:
                self._committed()
            pulled = Pulled(source.name, kind, pages, read, new, unread, baseline=at.baseline)
            progress(pulled)
        log.info("source read", source=source.name, kind=kind, pages=pages, read=read, new=new, unread=unread)
        return pulled

    def _call(self, turn: _Turn, at: Position) -> Page:
        """Ask for one page within the source's quotas."""
        return self._ask(turn.source, lambda: self._page(turn, at))

    def _page(self, turn: _Turn, at: Position) -> Page:
        try:
            return turn.pulls.pull(turn.kind, at.cursor)
        except CursorLost as error:
            # what was known drops out by its digest, so reading all again tells nobody twice
            log.warning(
                "the source forgot its cursor; reading again from the start", source=turn.source.name, error=str(error)
            )
            return turn.pulls.pull(turn.kind, None)

    def _store(self, turn: _Turn, page: Page, at: Position) -> int:
        source = turn.source
        received_at = now()
        rows = [
            arrivals.row(r, received_at=received_at, pushed=False, baseline=at.baseline, sealer=self._ledger.sealer)
            for r in page.records
        ]
        seen = source.take_observed()
        absent = 0
        with self._ledger.write() as connection:
            stored_at = self._ledger.now(connection)
            turn.lease.keep(connection)
            before = unannounced.newest(connection, source.name)
            news = arrivals.differing(connection, rows) if page.snapshot else rows
            added = arrivals.add(self._ledger, connection, news)
            if added and not (at.baseline or page.snapshot):
                self._prove(connection, source.name, before)
            arrivals.set_aside(self._ledger, connection, page.unread, received_at)
            if page.listing is not None:
                absent = listings.note(self._ledger, connection, source.name, turn.kind, page.listing)
            position = Position(page.cursor, at.baseline and page.more, stored_at)
            cursors.move(self._ledger, connection, source.name, turn.kind, position)
            cursors.observe(self._ledger, connection, seen)
        if absent:
            log.info(
                "records that the source no longer lists are read", source=source.name, kind=turn.kind, count=absent
            )
        return added

    def _prove(self, connection: Connection, source: str, before: int) -> None:
        """Have the subscription of a source proven soon that should have announced what was read after `before`."""
        if unannounced.doubtful(self._ledger, connection, source, before):
            log.warning("the source changes and announces nothing; its subscription is looked at", source=source)
            job = subscriptions.job_name(source)
            cursors.hasten_job(self._ledger, connection, job, self._ledger.now(connection))

    def _failed(self, turn: _Turn, error: Exception) -> Pulled:
        """Store why this kind could not be read, and until when its source is to be left alone."""
        source, kind = turn.source.name, turn.kind
        sentence, detail = said(error)
        log.warning("source could not be read", source=source, kind=kind, error=sentence, detail=detail)
        again_at = None
        if isinstance(error, Retryable) and error.after is not None:
            again_at = now() + int(error.after.total_seconds() * MICROSECONDS)
        self._ask.heed(error)
        with self._ledger.write() as connection:
            at = cursors.position(connection, source, kind)
            failed = Position(at.cursor, at.baseline, at.succeeded_at, sentence)
            cursors.move(self._ledger, connection, source, kind, failed)
            cursors.observe(self._ledger, connection, turn.source.take_observed())
        return Pulled(source, kind, failure=sentence, again_at=again_at)
