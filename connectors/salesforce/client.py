"""Pulling and reading records of one org."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from typing import Any, Protocol, cast

from connectors.contract import Budget, Described, Finding, Malformed, Misconfigured, Page, Record, Services
from connectors.salesforce.deletions import EVERY, deletions
from connectors.salesforce.errors import FieldUnknown, ObjectUnknown, QueryTimedOut
from connectors.salesforce.layout import Layout, layout_of
from connectors.salesforce.poll import Cursor, Place, Rhythm, Scan, after, scan_of
from connectors.salesforce.probe import describe, probe
from connectors.salesforce.records import Row, gone, id18, moment, place_of, record_of
from connectors.salesforce.settings import Kind, SalesforceSettings
from connectors.salesforce.soql import ids_query, page_query, versions_query
from connectors.salesforce.wire import Said

SLOTS = 5
"""Calls at once, of the 25 long ones that an org may have: https://help.salesforce.com/s/articleView?id=000389067."""
IDS_A_CALL = 200
SHARES = (1, 2, 4)
"""A query that times out is asked again for half, then a quarter of the page (A-SALESFORCE-6)."""


class Calls(Protocol):
    """The way to the org."""

    said: Said

    @property
    def calls_key(self) -> str:
        """Key of the budget that every call uses."""
        ...

    def call(self, path: str, **request: Any) -> Any:
        """Call the REST API and return the parsed body."""
        ...


@dataclass(frozen=True, slots=True)
class _Answer:
    rows: Sequence[Row]
    done: bool


class Client:
    """Reads one org as its integration user. Fulfils `Pulls`, `Reads`, `Lists`, `Probes` and `Describes`."""

    def __init__(self, name: str, settings: SalesforceSettings, services: Services, org: Calls) -> None:
        self._name = name
        self._settings = settings
        self._services = services
        self._org = org
        self._layouts: dict[str, tuple[datetime, Layout]] = {}

    def budgets(self) -> tuple[Budget, ...]:
        """Return the quota that every call uses: calls at once. The daily quota is observed, not counted."""
        return (Budget(key=self._org.calls_key, windows=(), slots=SLOTS),)

    def pull(self, kind: str, cursor: str | None) -> Page:
        """Read one page of what changed; rows inside the overlap come again in every round.

        Raises the contract's errors; CursorLost for a cursor that this version did not write.
        """
        chosen = self._kind(kind)
        rhythm = Rhythm(self._settings.overlap, self._settings.settle, chosen.start)
        place = Cursor.read(cursor)
        scan = scan_of(place, rhythm, self._services.now())
        records, short = self._page(kind, chosen, scan)
        last = (records[-1].stamp, records[-1].id) if records else None
        if not short and last and scan.last and (last == scan.last or last[0] < scan.last[0]):
            # A-SALESFORCE-1: were stamps finer than shown, rows at a border would come again, and a round over more
            # than a page of them within one second would never end.
            raise Malformed(f"Salesforce returned rows of {kind} that the query excludes.", body=b"")
        following, more = after(place, scan, last, rhythm, short=short)
        if not more and chosen.deletions:
            known = {record.id for record in records if record.deleted}
            deleted, following = self._swept(kind, chosen, following, scan)
            records += tuple(record for record in deleted if record.id not in known)
        return Page(records, following.text(), more)

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record]:
        """Read the present state of `ids` (15 or 18 characters), each once, in their order.

        What is deleted, or no longer shared with the integration user, comes back with `deleted=True`: the vendor
        does not tell the two apart. Raises the contract's errors; Refused when one is no id.
        """
        chosen = self._kind(kind)
        wanted = list(dict.fromkeys(id18(each) for each in ids))
        found: dict[str, Record] = {}
        for start in range(0, len(wanted), IDS_A_CALL):
            found |= self._read_some(kind, chosen, wanted[start : start + IDS_A_CALL])
        now = self._services.now()
        return [found.get(each) or gone(each, kind, self._name, now) for each in wanted]

    def probe(self) -> Sequence[Finding]:
        """Look whether sign-in, quota, clock, objects and fields are as the source needs them; writes nothing."""
        return probe(self._org, self._settings, cache(self._describe), self._services.now)

    def describe(self, kind: str) -> Sequence[Described]:
        """Return the fields of an object that the integration user may read. Raises the contract's errors."""
        return describe(self._describe(kind))

    def versions(self, kind: str, since: datetime, until: datetime) -> Iterator[tuple[str, str]]:
        """Give id and stamp of every record last stamped in [since, until), by stamp; one call for each page of rows.

        What is in the recycle bin is among them where the kind's deletions are told; what is older than its `start`
        is not. Raises the contract's errors.
        """
        chosen = self._kind(kind)
        since = max(since, chosen.start) if chosen.start else since
        last: Place | None = None
        done = since >= until
        while not done:
            ask = partial(versions_query, since=since, until=until, last=last, limit=self._settings.page_size)
            layout, answer = self._ask(kind, chosen, ask, deleted=chosen.deletions)
            places = [place_of(row, layout) for row in answer.rows]
            yield from ((id_, str(row[layout.stamp])) for (_, id_), row in zip(places, answer.rows, strict=True))
            short = not places or (answer.done and len(places) < self._settings.page_size)
            if not short and places[-1] == last:
                # A-SALESFORCE-1: were stamps finer than shown, the same rows would come again without end.
                raise Malformed(f"Salesforce returned rows of {kind} that the query excludes.", body=b"")
            last, done = places[-1] if places else last, short

    def _read_some(self, kind: str, chosen: Kind, ids: Sequence[str]) -> Mapping[str, Record]:
        found: dict[str, Record] = {}
        rest, done = list(ids), False
        while rest and not done:
            layout, answer = self._ask(kind, chosen, partial(ids_query, ids=rest), deleted=True)
            found |= {record.id: record for record in self._records(answer, layout)}
            # Wide rows may come in part; an answer without rows would never end.
            done = answer.done or not answer.rows
            rest = [each for each in rest if each not in found]
        return found

    def _page(self, kind: str, chosen: Kind, scan: Scan) -> tuple[tuple[Record, ...], bool]:
        """Read the next rows of a round, and say whether there are none after them."""
        *larger, smallest = (max(1, self._settings.page_size // share) for share in SHARES)
        for limit in larger:
            with suppress(QueryTimedOut):
                return self._rows(kind, chosen, scan, limit)
        return self._rows(kind, chosen, scan, smallest)

    def _rows(self, kind: str, chosen: Kind, scan: Scan, limit: int) -> tuple[tuple[Record, ...], bool]:
        # Who reads everything from the beginning has never shown what is in the recycle bin. Later a deletion is a row
        # with a new stamp (A-SALESFORCE-2), or comes from the log.
        deleted = chosen.deletions and scan.since is not None
        layout, answer = self._ask(kind, chosen, partial(page_query, scan=scan, limit=limit), deleted=deleted)
        # A page of wide rows may be cut before `limit`: then the answer says that it is not done.
        return self._records(answer, layout), answer.done and len(answer.rows) < limit

    def _swept(self, kind: str, chosen: Kind, cursor: Cursor, scan: Scan) -> tuple[tuple[Record, ...], Cursor]:
        """Read the log of deletions when a round has ended and it is time.

        A deletion that the query has told already has the same version there, or is no news.
        """
        if cursor.swept is None:
            # What the clocks of both sides may differ by is read again.
            return (), replace(cursor, swept=scan.since or scan.began - self._settings.settle - self._settings.overlap)
        if scan.began - cursor.swept < EVERY or not self._layout(kind, chosen).logged:
            return (), cursor
        log = deletions(self._org.call, kind, cursor.swept, scan.began)
        gone_ones = (
            replace(gone(each, kind, self._name, moment(when)), version=when) for each, when in log.found.items()
        )
        return tuple(gone_ones), replace(cursor, swept=log.covered)

    def _ask(self, kind: str, chosen: Kind, query: Callable[[Layout], str], *, deleted: bool) -> tuple[Layout, _Answer]:
        layout = self._layout(kind, chosen)
        try:
            return layout, self._query(query(layout), deleted=deleted)
        except FieldUnknown:
            # A permission may have gone since the object was described.
            self._layouts.pop(kind, None)
        layout = self._layout(kind, chosen)
        return layout, self._query(query(layout), deleted=deleted)

    def _query(self, query: str, *, deleted: bool) -> _Answer:
        """See https://developer.salesforce.com/docs/platform/api-rest/guide/resources-queryall.html."""
        body = self._org.call("queryAll" if deleted else "query", params={"q": query})
        try:
            return _Answer(body["records"], body["done"])
        except (TypeError, KeyError):
            raise Malformed("Salesforce answered a query without rows.", body=str(body).encode()) from None

    def _records(self, answer: _Answer, layout: Layout) -> tuple[Record, ...]:
        return tuple(record_of(row, layout, self._name, self._settings.url) for row in answer.rows)

    def _kind(self, kind: str) -> Kind:
        try:
            return self._settings.kinds[kind]
        except KeyError:
            raise Misconfigured(f"{kind} is not among the kinds of this source: add it to `kinds`.") from None

    def _layout(self, kind: str, chosen: Kind) -> Layout:
        now = self._services.now()
        known = self._layouts.get(kind)
        if known is None or now - known[0] >= self._settings.describe_age:
            known = (now, layout_of(kind, chosen, cache(self._describe)))
            self._layouts[kind] = known
        return known[1]

    def _describe(self, name: str) -> Mapping[str, Any]:
        try:
            return cast("Mapping[str, Any]", self._org.call(f"sobjects/{name}/describe"))
        except ObjectUnknown as fault:
            raise ObjectUnknown(
                f"Salesforce does not know the object {name}, or the integration user may not see it: grant Read.",
                detail=fault.detail,
            ) from fault
