"""Pages of rows with their lines, records by id, and versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from connectors.contract import Malformed, Misconfigured, Record, Services, Unread
from connectors.netsuite.errors import FieldUnknown
from connectors.netsuite.layout import Layout, layout_of
from connectors.netsuite.moments import wall
from connectors.netsuite.poll import Scan
from connectors.netsuite.queries import Queries, Rows
from connectors.netsuite.records import Origin, checked_id, gone, place_of, record_of
from connectors.netsuite.settings import Kind, NetSuiteSettings
from connectors.netsuite.suiteql import Place, Query, changed_query, ids_query, lines_query, page_query, versions_query
from connectors.netsuite.values import RawRow
from connectors.netsuite.wire import Account

IDS_A_CALL = 200
LINES_A_CALL = 1000
LAYOUT_AGE = timedelta(hours=1)
"""A column that the vendor did not take is tried again after this time."""


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of a page as records, with where the round stands after it; `newest` is the last row's stamp."""

    records: tuple[Record | Unread, ...]
    scan: Scan
    newest: datetime | None
    done: bool


class Reader:
    """Reads one account by queries."""

    def __init__(self, name: str, settings: NetSuiteSettings, services: Services, account: Account) -> None:
        self._settings = settings
        self._now = services.now
        self._queries = Queries(account)
        self._origin = Origin(name, settings.web_url, ZoneInfo(settings.zone), settings.units)
        self._layouts: dict[str, tuple[datetime, Layout]] = {}

    @property
    def origin(self) -> Origin:
        """Where records come from."""
        return self._origin

    @property
    def queries(self) -> Queries:
        """Asks queries of the same account."""
        return self._queries

    def kind(self, name: str) -> Kind:
        """Return the settings of a kind. Raises Misconfigured for one that is not read."""
        try:
            return self._settings.kinds[name]
        except KeyError:
            raise Misconfigured(f"{name} is not among the kinds of this source: add it to `kinds`.") from None

    def hidden(self, kind: str) -> tuple[str, ...]:
        """Return the configured paths that NetSuite did not take when the kind was last read."""
        return self._layout(kind).hidden

    def page(self, kind: str, scan: Scan) -> Found:
        """Read the round's next page: a call for the rows, and as many as it takes for their lines."""
        limit = self._settings.page_size
        layout, found = self._ask(kind, partial(page_query, since=scan.since, last=scan.last), limit)
        last, newest = self._onward(layout, found, scan.last)
        return Found(self._records(kind, layout, found.rows), replace(scan, last=last), newest, not found.more)

    def changed_lines(self, kind: str, scan: Scan) -> Found:
        """Read the next of those documents of which only lines have changed since the round's beginning."""
        query = partial(changed_query, since=scan.since or "", last=scan.last)
        try:
            layout, found = self._ask(kind, query, self._settings.page_size)
        except FieldUnknown:
            if self.lined(kind):
                raise
            return Found((), scan, None, done=True)
        last, newest = self._onward(layout, found, scan.last)
        records = self.some(kind, [_line_place(row)[0] for row in found.rows])
        return Found(tuple(records), replace(scan, last=last), newest, not found.more)

    def lined(self, kind: str) -> bool:
        """Whether lines of a kind are read, and have stamps."""
        layout = self._layout(kind)
        return bool(layout.lines) and layout.stamped

    def some(self, kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]:
        """See `Client.read`."""
        wanted = list(dict.fromkeys(checked_id(each) for each in ids))
        found: dict[str, Record | Unread] = {}
        for part in _parts(wanted):
            layout, rows = self._ask(kind, partial(ids_query, ids=part), len(part))
            found |= {each.id: each for each in self._records(kind, layout, rows.rows)}
        now = self._now()
        return [found.get(each) or gone(each, kind, self._origin.source, now) for each in wanted]

    def versions(self, kind: str, since: datetime, until: datetime) -> Iterator[tuple[str, str]]:
        """See `Client.versions`."""
        start = self.kind(kind).start
        since = max(since, start) if start else since
        begin, end = (wall(at, self._origin.zone) for at in (since, until))
        limit = self._settings.page_size
        last: Place | None = None
        more = begin < end
        while more:
            layout, found = self._ask(kind, partial(versions_query, since=begin, until=end, last=last), limit)
            for row in found.rows:
                place = place_of(row, self._origin, self._now())
                if place is not None:
                    yield place[0][1], place[0][0]
            last, _ = self._onward(layout, found, last)
            more = found.more

    def _records(self, kind: str, layout: Layout, rows: Sequence[RawRow]) -> tuple[Record | Unread, ...]:
        places = (place_of(row, self._origin, self._now()) for row in rows)
        ids = [place[0][1] for place in places if place is not None]
        lines = self._lines(kind, ids) if layout.lines and ids else {}
        now = self._now()
        # A line's column may have been left out meanwhile: then the record says so too.
        layout = self._layout(kind)
        return tuple(record_of(row, lines.get(str(row.get("id")), ()), layout, self._origin, now) for row in rows)

    def _lines(self, kind: str, ids: Sequence[str]) -> Mapping[str, Sequence[RawRow]]:
        """Read all lines of these transactions: id -> lines in their order."""
        found: dict[str, list[RawRow]] = {}
        last: tuple[str, str] | None = None
        more = True
        while more:
            asked = last
            query = partial(lines_query, ids=ids, last=asked, units=self._settings.units)
            _, page = self._ask(kind, query, LINES_A_CALL)
            for row in page.rows:
                last = _line_place(row)
                found.setdefault(last[0], []).append(row)
            if page.more and last == asked:
                raise Malformed(f"NetSuite returned lines of {kind} that the query excludes.", body=b"")
            more = page.more
        return found

    def _ask(self, kind: str, query: Callable[[Layout], Query], limit: int) -> tuple[Layout, Rows]:
        """Ask, if need be without the columns that the vendor does not take."""
        layout = self._layout(kind)
        while True:
            try:
                return layout, self._queries.ask(query(layout), limit)
            except FieldUnknown as fault:
                left = layout.without(fault.column)
                if left is None:
                    raise
                layout = left
                self._layouts[kind] = (self._now(), layout)

    def _layout(self, kind: str) -> Layout:
        now = self._now()
        known = self._layouts.get(kind)
        if known is None or now - known[0] >= LAYOUT_AGE:
            known = self._layouts[kind] = (now, layout_of(kind, self.kind(kind)))
        return known[1]

    def _onward(self, layout: Layout, found: Rows, last: Place | None) -> tuple[Place | None, datetime | None]:
        """Return the place after a page and its stamp; without progress a round would never end."""
        places = [place_of(row, self._origin, self._now()) for row in found.rows]
        known = [place for place in places if place is not None]
        if not known:
            if found.more:
                raise Malformed(f"NetSuite returned rows of {layout.kind} without id and stamp.", body=b"")
            return last, None
        place, stamp = known[-1]
        if found.more and last is not None and (place == last or place[0] < last[0]):
            raise Malformed(f"NetSuite returned rows of {layout.kind} that the query excludes.", body=b"")
        return place, stamp


def _line_place(row: RawRow) -> tuple[str, str]:
    try:
        return str(row["doc_id"]), str(row["id"])
    except KeyError:
        raise Malformed("NetSuite returned lines without their transaction.", body=b"") from None


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), IDS_A_CALL):
        yield ids[start : start + IDS_A_CALL]
