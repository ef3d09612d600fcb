"""Reconciliation: the source's own list of versions is compared with the ledger, and what is missing is read.

Polling sees a change only within a stretch of time after its stamp; what appears later with an old stamp is found
here. It comes into the inbox as any other arrival and is decided and told like one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice

import redis
import structlog
from sqlalchemy.exc import SQLAlchemyError

from connectors.contract import Lists, Reads, Record, Retryable, Unread
from pipelines.plan import Lane
from worker.asking import Asking, Source, said
from worker.lease import Lease, Overtaken
from worker.ledger import arrivals, completeness, cursors
from worker.ledger.completeness import Day
from worker.ledger.engine import MICROSECONDS, Ledger, now
from worker.limiter import Limiter

log = structlog.get_logger()

SLICE = 1000
"""Versions that are compared at once; about what a source lists in a call."""

READ = 200
"""Records that are read at once."""

PATIENCE_S = 60.0
"""How long a call waits for the source's quota: nobody waits for the night's comparison."""

AGAIN_S = 900
"""After a passing fault the comparison is made again."""

DAY_S = 86_400

NIGHTLY_DAYS = 3
"""How many days the nightly comparison goes back, today counted."""

NOT_LISTED = "it cannot list what it has, so there is nothing to compare"
NOT_SCANNED = "its first scan has not come to its end, so what is missing is no news yet: let it end, then compare"
BUSY = "another worker is comparing this kind now"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a comparison found, by day. `failure` is a sentence for the operator: the days after those are not done."""

    source: str
    kind: str
    days: tuple[Day, ...] = ()
    failure: str = ""


def job_name(source: str, kind: str) -> str:
    """Return the name under which a kind's nightly comparison is scheduled."""
    return f"reconcile {source} {kind}"


def midnight(at: datetime, zone: tzinfo) -> datetime:
    """Return the beginning of the day in which `at` (aware) lies in `zone`."""
    return at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def nightly_since(at: datetime, zone: tzinfo) -> datetime:
    """Return where the nightly comparison at `at` (aware) begins."""
    return midnight(at, zone) - timedelta(days=NIGHTLY_DAYS - 1)


@dataclass(frozen=True, slots=True)
class _Turn:
    """One comparison of one kind; `source`, `lists` and `reads` are views of one client."""

    source: Source
    lists: Lists
    reads: Reads
    kind: str
    lease: Lease


class Reconciler:
    """Compares sources with the ledger, one kind a call; a kind is compared by one worker at a time."""

    def __init__(
        self,
        ledger: Ledger,
        limiter: Limiter,
        sources: Mapping[str, Source],
        owner: str,
        committed: Callable[[], None],
    ) -> None:
        self._ledger = ledger
        self._ask = Asking(ledger, limiter, Lane.BULK, PATIENCE_S)
        self._sources = sources
        self._owner = owner
        self._committed = committed

    def reconcile(
        self,
        source: str,
        kind: str,
        since: datetime,
        zone: tzinfo,
        progress: Callable[[Day], None] = lambda _: None,
    ) -> Reconciled:
        """Compare from the beginning of the day of `since` (aware) up to the last poll, a day of `zone` at a time.

        `zone` has a fixed offset. What the source or Redis did is in `failure`; raises what the ledger raises.
        """
        known = self._sources.get(source)
        client: object = known.client if known is not None else None
        if known is None or not isinstance(client, Lists) or not isinstance(client, Reads):
            return Reconciled(source, kind, failure=NOT_LISTED)
        turn = _Turn(known, client, client, kind, Lease.of(self._ledger, job_name(source, kind), self._owner))
        with self._ledger.write() as connection:
            at = self._ledger.now(connection)
            position = cursors.position(connection, source, kind)
            if position.baseline or position.succeeded_at is None:
                return Reconciled(source, kind, failure=NOT_SCANNED)
            if not turn.lease.take(connection, at + DAY_S * MICROSECONDS):
                return Reconciled(source, kind, failure=BUSY)
        until = datetime.fromtimestamp(position.succeeded_at / MICROSECONDS, UTC)
        return self._compare(turn, _days(since, until, zone), progress)

    def nightly(self, source: str, kind: str, since: datetime, zone: tzinfo) -> Reconciled:
        """Compare as `reconcile` does, from as long ago as changes may not have been pushed."""
        with self._ledger.read() as connection:
            silent = cursors.silent_since(connection, source, kind)
        if silent is not None:
            since = min(since, datetime.fromtimestamp(silent / MICROSECONDS, UTC))
        found = self.reconcile(source, kind, since, zone)
        if silent is not None and not found.failure:
            with self._ledger.write() as connection:
                cursors.caught_up(connection, source, kind, silent)
        return found

    def _compare(
        self, turn: _Turn, spans: Iterable[tuple[datetime, datetime]], progress: Callable[[Day], None]
    ) -> Reconciled:
        done: list[Day] = []
        failure, again_at = "", None
        try:
            for begin, end in spans:
                done.append(self._day(turn, begin, end))
                progress(done[-1])
        except Overtaken:
            failure = BUSY
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - a kind that cannot be compared must be seen, whatever the reason
            failure, detail = said(error)
            log.warning(
                "source could not be compared", source=turn.source.name, kind=turn.kind, error=failure, detail=detail
            )
            again_at = _again_at(error)
        finally:
            turn.lease.end(again_at)
        return Reconciled(turn.source.name, turn.kind, tuple(done), failure)

    def _day(self, turn: _Turn, begin: datetime, end: datetime) -> Day:
        source, kind = turn.source.name, turn.kind
        day = Day(source, kind, begin.date().isoformat(), 0, 0, 0, now())
        listing = turn.lists.versions(kind, begin.astimezone(UTC), end.astimezone(UTC))
        while versions := self._ask(turn.source, lambda: list(islice(listing, SLICE))):
            with self._ledger.read() as connection:
                known = completeness.known(connection, source, kind, versions)
            missing = [id_ for id_, version in versions if (id_, version) not in known]
            fetched = sum(self._fetch(turn, missing[n : n + READ]) for n in range(0, len(missing), READ))
            day = replace(
                day,
                listed=day.listed + len(versions),
                known=day.known + len(versions) - len(missing),
                fetched=day.fetched + fetched,
            )
        with self._ledger.write() as connection:
            completeness.record(self._ledger, connection, day)
            cursors.observe(self._ledger, connection, turn.source.take_observed())
            turn.lease.keep(connection)
        log.info("source compared", source=source, kind=kind, day=day.day, listed=day.listed, fetched=day.fetched)
        return day

    def _fetch(self, turn: _Turn, ids: list[str]) -> int:
        """Read these records and store what is new; returns how many were."""
        found = self._ask(turn.source, lambda: turn.reads.read(turn.kind, ids))
        records = [each for each in found if isinstance(each, Record)]
        unread = [each for each in found if isinstance(each, Unread)]
        received_at, sealer = now(), self._ledger.sealer
        rows = [arrivals.row(r, received_at=received_at, pushed=False, baseline=False, sealer=sealer) for r in records]
        with self._ledger.write() as connection:
            added = arrivals.add(self._ledger, connection, rows)
            arrivals.set_aside(self._ledger, connection, unread, received_at)
            turn.lease.keep(connection)
        if added:
            self._committed()
        return added


def _days(since: datetime, until: datetime, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    begin = midnight(since, zone)
    while begin < until:
        end = begin + timedelta(days=1)
        yield begin, min(end, until)
        begin = end


def _again_at(error: Exception) -> int | None:
    if not isinstance(error, Retryable | redis.RedisError):
        return None
    after = getattr(error, "after", None) or timedelta(0)
    return now() + int(max(after.total_seconds(), AGAIN_S) * MICROSECONDS)
