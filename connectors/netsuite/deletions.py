"""What was deleted, by SuiteQL: the table of deleted records (A-NETSUITE-112).

It needs the permission Deleted Records, which shows ids of every type to the role; only the configured ones are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.contract import Malformed, Refused
from connectors.netsuite.moments import earliest_wall, moment
from connectors.netsuite.poll import Scan
from connectors.netsuite.queries import Queries
from connectors.netsuite.records import checked_id
from connectors.netsuite.settings import Form
from connectors.netsuite.suiteql import READ, Place, Query, behind, written
from connectors.netsuite.tables import TRANSACTIONS
from connectors.netsuite.values import RawRow

LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Swept:
    """A page of deletions: (id, when) of the wanted type, and where the list goes on."""

    deleted: tuple[tuple[str, datetime], ...]
    sweep: Scan
    done: bool


@dataclass(frozen=True, slots=True)
class DeletedByQuery:
    """What was deleted of the kinds of one source, all pages at once; `records` are their record types by kind."""

    queries: Queries
    records: Mapping[str, str]
    zone: ZoneInfo
    now: Callable[[], datetime]

    def deleted(self, kind: str, since: datetime) -> Sequence[tuple[str, datetime]]:
        """Give (id, when), aware UTC, of what was deleted at or after `since`. Raises the contract's errors."""
        now = self.now()
        sweep = Scan(earliest_wall(since, now, self.zone), now)
        found: list[tuple[str, datetime]] = []
        done = False
        while not done:
            page = deleted_page(self.queries, self.records[kind], sweep, self.zone, now)
            found += page.deleted
            sweep, done = page.sweep, page.done
        return found


def deleted_page(queries: Queries, record: str, sweep: Scan, zone: ZoneInfo, now: datetime) -> Swept:
    """Read a page of what was deleted of a record type; `now` is aware. Raises the contract's errors."""
    found = queries.ask(deleted_query(sweep.since or "", sweep.last), LIMIT)
    wanted = _names(record)
    deleted = tuple(_deletion(row, zone, now) for row in found.rows if _plain(row.get("record_type")) in wanted)
    last = _place(found.rows[-1]) if found.rows else sweep.last
    if found.more and last == sweep.last:
        raise Malformed("NetSuite returned deletions that the query excludes.", body=b"")
    return Swept(tuple(each for each in deleted if each is not None), replace(sweep, last=last), not found.more)


def deleted_query(since: str, last: Place | None) -> Query:
    """Ask for the next deletions at or after a wall time, in the order of (time, id). Names are not asked for."""
    where, params = (
        ([f"d.deleteddate >= {READ}"], (since,)) if last is None else behind("d.deleteddate", "d.recordid", last)
    )
    stamp = written("d.deleteddate", Form.MOMENT)
    return Query(
        f"SELECT d.recordid AS id, d.type AS record_type, {stamp} AS stamp FROM deletedrecord d "  # noqa: S608 - nothing enters from outside
        f"WHERE {' AND '.join(where)} ORDER BY {stamp} ASC, d.recordid ASC",
        params,
    )


def _names(record: str) -> frozenset[str]:
    """The type's names that the vendor may write: salesorder, Sales Order or SalesOrd."""
    return frozenset({_plain(record), _plain(TRANSACTIONS.get(record.lower(), record))})


def _plain(name: object) -> str:
    return re.sub(r"[^a-z0-9_]", "", str(name or "").lower())


def _deletion(row: RawRow, zone: ZoneInfo, now: datetime) -> tuple[str, datetime] | None:
    try:
        return checked_id(row["id"]), moment(row["stamp"], zone, now)
    except (ValueError, KeyError, Refused):
        return None


def _place(row: RawRow) -> Place:
    try:
        return str(row["stamp"]), str(row["id"])
    except KeyError:
        raise Malformed("NetSuite returned deletions without id or time.", body=b"") from None
