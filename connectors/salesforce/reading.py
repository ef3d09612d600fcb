"""Pulling and reading records of one org as its integration user."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from typing import Any, cast

from connectors.contract import Malformed, Misconfigured, Page, Record, Services, Unread
from connectors.rounds import Rhythm
from connectors.salesforce.errors import FieldUnknown, ObjectUnknown, QueryTimedOut
from connectors.salesforce.layout import Layout, layout_of
from connectors.salesforce.poll import Cursor, Place, Scan, Word, after, begin
from connectors.salesforce.records import Row, gone, id18, moment, place_of, record_of, unread
from connectors.salesforce.replication import EVERY, complete, deletions
from connectors.salesforce.settings import Kind, SalesforceSettings
from connectors.salesforce.soql import ids_query, page_query, versions_query
from connectors.salesforce.wire import Calls

IDS_A_CALL = 200
SHARES = (1, 2, 4)
"""A query that times out is asked again for half, then a quarter of the page (A-SALESFORCE-6)."""


@dataclass(frozen=True, slots=True)
class _Answer:
    rows: Sequence[Row]
    done: bool


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of an answer: read, set aside, and where the last of them stands."""

    records: tuple[Record, ...]
    unread: tuple[Unread, ...]
    last: Place | None
    short: bool = False


class Reading:
    """Reads one org, described by the org itself; a description is used for `describe_age`."""

    def __init__(self, name: str, settings: SalesforceSettings, services: Services, org: Calls) -> None:
        self._name = name
        self._settings = settings
        self._services = services
        self._org = org
        self._layouts: dict[str, tuple[datetime, Layout]] = {}
        self._described: dict[str, tuple[datetime, Mapping[str, Any]]] = {}

    def pull(self, kind: str, cursor: str | None) -> Page:
        """See `Client.pull`."""
        chosen = self.kind(kind)
        place = Cursor.read(cursor)
        scan = place.scan or self._begun(kind, chosen, place)
        page = self._page(kind, chosen, scan)
        last = page.last
        if not page.short and last and scan.last and (last == scan.last or last[0] < scan.last[0]):
            # A-SALESFORCE-1: were stamps finer than shown, rows at a border would come again, and a round over more
            # than a page of them within one second would never end.
            raise Malformed(f"Salesforce returned rows of {kind} that the query excludes.", body=b"")
        following, more = after(place, scan, last, short=page.short)
        records = page.records
        if not more and chosen.deletions:
            known = {record.id for record in records if record.deleted}
            deleted, following = self._swept(kind, chosen, following, scan)
            records += tuple(record for record in deleted if record.id not in known)
        return Page(records, following.text(), more, page.unread)

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]:
        """See `Client.read`."""
        chosen = self.kind(kind)
        wanted = list(dict.fromkeys(id18(each) for each in ids))
        found: dict[str, Record | Unread] = {}
        for start in range(0, len(wanted), IDS_A_CALL):
            found |= self._read_some(kind, chosen, wanted[start : start + IDS_A_CALL])
        now = self._services.now()
        return [found.get(each) or gone(each, kind, self._name, now) for each in wanted]

    def one(self, kind: str, record_id: str, more: Sequence[str] = ()) -> Record:
        """Read one record, with `more` fields than those that are mapped.

        Raises the contract's errors, Malformed for one that breaks its description.
        """
        chosen = self.kind(kind)
        wider = chosen.model_copy(update={"fields": tuple(dict.fromkeys((*chosen.fields, *more)))})
        layout = layout_of(kind, wider, self.known)
        answer = self._query(ids_query(layout, [id18(record_id)]), deleted=True)
        for row in answer.rows:
            return record_of(row, layout, self._name, self._settings.url)
        return gone(id18(record_id), kind, self._name, self._services.now())

    def versions(self, kind: str, since: datetime, until: datetime) -> Iterator[tuple[str, str]]:
        """See `Client.versions`."""
        chosen = self.kind(kind)
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

    def kind(self, kind: str) -> Kind:
        """Return the settings of a kind. Raises Misconfigured for one that is not read."""
        try:
            return self._settings.kinds[kind]
        except KeyError:
            raise Misconfigured(f"{kind} is not among the kinds of this source: add it to `kinds`.") from None

    def describe(self, name: str) -> Mapping[str, Any]:
        """Return the org's description of an object. Raises ObjectUnknown."""
        try:
            return cast("Mapping[str, Any]", self._org.call(f"sobjects/{name}/describe"))
        except ObjectUnknown as fault:
            raise ObjectUnknown(
                f"Salesforce does not know the object {name}, or the integration user may not see it: grant Read.",
                detail=fault.detail,
            ) from fault

    def known(self, name: str) -> Mapping[str, Any]:
        """Return a description that is not older than `describe_age`. Raises ObjectUnknown."""
        now = self._services.now()
        kept = self._described.get(name)
        if kept is None or now - kept[0] >= self._settings.describe_age:
            kept = self._described[name] = (now, self.describe(name))
        return kept[1]

    def layout(self, kind: str, chosen: Kind) -> Layout:
        """Return how a kind is read."""
        now = self._services.now()
        known = self._layouts.get(kind)
        if known is None or now - known[0] >= self._settings.describe_age:
            known = (now, layout_of(kind, chosen, cache(self.describe)))
            self._layouts[kind] = known
        return known[1]

    def _begun(self, kind: str, chosen: Kind, place: Cursor) -> Scan:
        """Begin a round, and ask the vendor first how far it is complete where that is news."""
        now = self._services.now()
        rhythm = Rhythm(self._settings.overlap, self._settings.settle, chosen.start)
        if place.mark is None or not self.layout(kind, chosen).logged:
            return begin(place, rhythm, now, Word.NONE)
        since = place.asks(now)
        if since is None:
            return begin(place, rhythm, now, Word.UNASKED)
        word = complete(self._org.call, kind, since, now)
        if word is None:
            return begin(place, rhythm, now, Word.NONE)
        # What a clock of ours that runs ahead asks for has not happened yet.
        return begin(place, rhythm, now, Word.GIVEN, min(word, self._org.said.clock or word))

    def _read_some(self, kind: str, chosen: Kind, ids: Sequence[str]) -> Mapping[str, Record | Unread]:
        found: dict[str, Record | Unread] = {}
        rest, done = list(ids), False
        while rest and not done:
            layout, answer = self._ask(kind, chosen, partial(ids_query, ids=rest), deleted=True)
            rows = self._sorted(kind, chosen, answer, layout)
            found |= {each.id: each for each in rows.unread}
            found |= {each.id: each for each in rows.records}
            # Wide rows may come in part; an answer without rows would never end.
            done = answer.done or not answer.rows
            rest = [each for each in rest if each not in found]
        return found

    def _page(self, kind: str, chosen: Kind, scan: Scan) -> _Rows:
        """Read the next rows of a round."""
        *larger, smallest = (max(1, self._settings.page_size // share) for share in SHARES)
        for limit in larger:
            with suppress(QueryTimedOut):
                return self._rows(kind, chosen, scan, limit)
        return self._rows(kind, chosen, scan, smallest)

    def _rows(self, kind: str, chosen: Kind, scan: Scan, limit: int) -> _Rows:
        # Who reads everything from the beginning has never shown what is in the recycle bin. Later a deletion is a row
        # with a new stamp (A-SALESFORCE-2), or comes from the log.
        deleted = chosen.deletions and scan.since is not None
        layout, answer = self._ask(kind, chosen, partial(page_query, scan=scan, limit=limit), deleted=deleted)
        # A page of wide rows may be cut before `limit`: then the answer says that it is not done.
        return replace(self._sorted(kind, chosen, answer, layout), short=answer.done and len(answer.rows) < limit)

    def _sorted(self, kind: str, chosen: Kind, answer: _Answer, layout: Layout) -> _Rows:
        """Turn rows into records and set aside what breaks the description.

        A field may have been retyped since the object was described, so what does not fit is tried with a fresh one.
        """
        records, bad = self._fitting(answer.rows, layout)
        if bad:
            self._layouts.pop(kind, None)
            layout = self.layout(kind, chosen)
            mended, bad = self._fitting([row for row, _ in bad], layout)
            records += mended
        last = None
        for row in reversed(answer.rows):
            with suppress(Malformed):
                last = place_of(row, layout)
                break
        if answer.rows and last is None:
            raise Malformed(f"Salesforce sent rows of {kind} without id or stamp.", body=b"")
        return _Rows(tuple(records), tuple(unread(row, layout, self._name, why) for row, why in bad), last)

    def _fitting(self, rows: Sequence[Row], layout: Layout) -> tuple[list[Record], list[tuple[Row, Malformed]]]:
        records: list[Record] = []
        bad: list[tuple[Row, Malformed]] = []
        for row in rows:
            try:
                records.append(record_of(row, layout, self._name, self._settings.url))
            except Malformed as why:
                bad.append((row, why))
        return records, bad

    def _swept(self, kind: str, chosen: Kind, cursor: Cursor, scan: Scan) -> tuple[tuple[Record, ...], Cursor]:
        """Read the log of deletions when a round has ended and it is time.

        A deletion that the query has told already has the same version there, or is no news.
        """
        if cursor.swept is None:
            # What the clocks of both sides may differ by is read again.
            return (), replace(cursor, swept=scan.since or scan.began - self._settings.settle - self._settings.overlap)
        if scan.began - cursor.swept < EVERY or not self.layout(kind, chosen).logged:
            return (), cursor
        log = deletions(self._org.call, kind, cursor.swept, scan.began)
        gone_ones = (
            replace(gone(each, kind, self._name, moment(when)), version=when) for each, when in log.found.items()
        )
        return tuple(gone_ones), replace(cursor, swept=log.covered)

    def _ask(self, kind: str, chosen: Kind, query: Callable[[Layout], str], *, deleted: bool) -> tuple[Layout, _Answer]:
        layout = self.layout(kind, chosen)
        try:
            return layout, self._query(query(layout), deleted=deleted)
        except FieldUnknown:
            # A permission may have gone since the object was described.
            self._layouts.pop(kind, None)
        layout = self.layout(kind, chosen)
        return layout, self._query(query(layout), deleted=deleted)

    def _query(self, query: str, *, deleted: bool) -> _Answer:
        """See https://developer.salesforce.com/docs/platform/api-rest/guide/resources-queryall.html."""
        body = self._org.call("queryAll" if deleted else "query", params={"q": query})
        try:
            return _Answer(body["records"], body["done"])
        except (TypeError, KeyError):
            raise Malformed("Salesforce answered a query without rows.", body=str(body).encode()) from None
