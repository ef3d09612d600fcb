"""Pull one kind of one source: page by page, each with its cursor in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from connectors.contract import Budget, ConnectorError, CursorLost, Page, Pulls, Retryable
from pipelines.plan import Lane
from worker.ledger import arrivals, cursors
from worker.ledger.cursors import Position
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.limiter import Limiter, Reason

log = structlog.get_logger()

LEASE_S = 120.0
"""A page takes less; the lease is renewed with each."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one round read. `failure` is a sentence for the operator; `again_at` when the source may be asked again."""

    source: str
    kind: str
    pages: int = 0
    read: int = 0
    new: int = 0
    baseline: bool = False
    failure: str = ""
    again_at: int | None = None
    busy: bool = False


def job_name(source: str, kind: str) -> str:
    """Return the name under which a kind's polling is scheduled."""
    return f"poll {source} {kind}"


@dataclass(frozen=True, slots=True)
class Source:
    """A pulling source: its client, the quotas of a call, and what its vendor said of them since the last page."""

    name: str
    client: Pulls
    budgets: tuple[Budget, ...]
    observed: dict[str, tuple[int, int]]


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
        self._limiter = limiter
        self._sources = sources
        self._owner = owner
        self._committed = committed

    def pull(self, source: str, kind: str, progress: Callable[[Pulled], None] = lambda _: None) -> Pulled:
        """Read what changed, to the end of the round; `progress` is called after each page."""
        name = job_name(source, kind)
        with self._ledger.write() as connection:
            cursors.plan_job(self._ledger, connection, name)
            if not cursors.begin_job(connection, name, self._owner, self._ledger.now(connection), LEASE_S):
                return Pulled(source, kind, busy=True, failure="another worker is reading this kind now")
        pulled = Pulled(source, kind)
        try:
            pulled = self._round(self._sources[source], kind, progress)
        except ConnectorError as error:
            pulled = self._failed(source, kind, error)
        finally:
            with self._ledger.write() as connection:
                cursors.end_job(connection, name, self._owner, pulled.again_at)
        return pulled

    def _round(self, source: Source, kind: str, progress: Callable[[Pulled], None]) -> Pulled:
        pages = read = new = 0
        more = True
        while more:
            with self._ledger.read() as connection:
                at = cursors.position(connection, source.name, kind)
            page = self._call(source, kind, at)
            added = self._store(source, kind, page, at)
            pages, read, new, more = pages + 1, read + len(page.records), new + added, page.more
            if added:
                self._committed()
            pulled = Pulled(source.name, kind, pages, read, new, baseline=at.baseline)
            progress(pulled)
        log.info("source read", source=source.name, kind=kind, pages=pages, read=read, new=new)
        return pulled

    def _call(self, source: Source, kind: str, at: Position) -> Page:
        """Ask for one page within the source's quotas."""
        if not source.budgets:
            return self._page(source, kind, at)
        grant = self._limiter.acquire(source.budgets, Lane.NORMAL, 1, lease_s=LEASE_S)
        while grant.reason is Reason.LOST:
            budget = next(b for b in source.budgets if b.key == grant.budget)
            self._limiter.revive(budget, None if not budget.windows else 0.0)
            grant = self._limiter.acquire(source.budgets, Lane.NORMAL, 1, lease_s=LEASE_S)
        if not grant.calls:
            raise Retryable("this source's quota of calls is in use; trying again in a moment")
        try:
            return self._page(source, kind, at)
        finally:
            self._limiter.settle(grant.calls)

    def _page(self, source: Source, kind: str, at: Position) -> Page:
        try:
            return source.client.pull(kind, at.cursor)
        except CursorLost as error:
            # what was known drops out by its digest, so reading all again tells nobody twice
            log.warning(
                "the source forgot its cursor; reading again from the start", source=source.name, error=str(error)
            )
            return source.client.pull(kind, None)

    def _store(self, source: Source, kind: str, page: Page, at: Position) -> int:
        received_at = now()
        rows = [
            arrivals.row(r, received_at=received_at, pushed=False, baseline=at.baseline, sealer=self._ledger.sealer)
            for r in page.records
        ]
        with self._ledger.write() as connection:
            stored_at = self._ledger.now(connection)
            added = arrivals.add(self._ledger, connection, rows)
            position = Position(page.cursor, at.baseline and page.more, stored_at)
            cursors.move(self._ledger, connection, source.name, kind, position)
            cursors.observe(self._ledger, connection, source.observed)
            source.observed.clear()
            cursors.begin_job(connection, job_name(source.name, kind), self._owner, stored_at, LEASE_S)
        return added

    def _failed(self, source: str, kind: str, error: ConnectorError) -> Pulled:
        log.warning("source could not be read", source=source, kind=kind, error=str(error), detail=error.detail)
        again_at = None
        if isinstance(error, Retryable) and error.after is not None:
            again_at = now() + int(error.after.total_seconds() * MICROSECONDS)
        with self._ledger.write() as connection:
            at = cursors.position(connection, source, kind)
            failed = Position(at.cursor, at.baseline, at.succeeded_at, str(error))
            cursors.move(self._ledger, connection, source, kind, failed)
            cursors.observe(self._ledger, connection, self._sources[source].observed)
        return Pulled(source, kind, failure=str(error), again_at=again_at)
