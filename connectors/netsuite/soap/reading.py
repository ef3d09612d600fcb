"""Kinds that are read by SOAP: pages of what changed, records by id, versions, and what was deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.contract import Malformed, Misconfigured, Page, Record, Retryable, Services, Unread
from connectors.netsuite.by_soap import Deleted
from connectors.netsuite.records import checked_id, gone
from connectors.netsuite.settings import Deletions, Form, Kind, NetSuiteSettings
from connectors.netsuite.soap.currencies import Currencies
from connectors.netsuite.soap.errors import UNREADABLE, SearchLost, explain_status
from connectors.netsuite.soap.fields import CURRENCY, UNITS, Plan, plan_of
from connectors.netsuite.soap.poll import Cursor, Rhythm, Scan, after, onward, scan_of, sweep_due, sweep_since
from connectors.netsuite.soap.records import Origin, record_of, written
from connectors.netsuite.soap.searches import STAMP, Answered, Rows, Searches, Sought, sought
from connectors.netsuite.soap.units import Units
from connectors.netsuite.tables import OTHERS, PAGES
from connectors.netsuite.values import Unit
from connectors.soap_values import Part, Unreadable

IDS_A_CALL = 200
"""Whole records come back, so fewer than the thousand that the vendor takes."""


@dataclass(frozen=True, slots=True)
class Paged:
    """A search's first page, and another one of it by its id and number."""

    first: Callable[[], Rows]
    more: Callable[[str, int], Rows]


class Reading:
    """One account's kinds by SOAP. Fulfils `BySoap`; the WSDL is read at the first call.

    `queries` learns what was deleted where a kind's settings name queries for that.
    """

    def __init__(
        self, name: str, settings: NetSuiteSettings, services: Services, searches: Searches, queries: Deleted
    ) -> None:
        self._name = name
        self._settings = settings
        self._now = services.now
        self._searches = searches
        self._queries = queries
        self._currencies = Currencies(searches)
        self._units = Units(searches)
        self._plans: dict[str, Plan] = {}

    def pull(self, kind: str, cursor: str | None) -> Page:
        """Read one page of what changed; rows inside the overlap come again in every round.

        Raises the contract's errors; CursorLost for a cursor that this version did not write.
        """
        plan, rhythm, place, now = self._plan(kind), self._rhythm(kind), Cursor.read(cursor), self._now()
        if place.sweeping:
            return self._swept(kind, place, rhythm, now)
        scan = scan_of(place, rhythm, now)
        rows = self._page(scan, self._whole(plan.sought, scan))
        following = onward(scan, rows.found, now)
        then = after(place, scan, following, rhythm)
        if following is None and self._kind(kind).deletions is not Deletions.NONE and sweep_due(then, now):
            then = replace(then, sweeping=True)
        read = self._read(plan, rows.parts)
        return Page(
            tuple(each for each in read if isinstance(each, Record)),
            then.text(),
            following is not None or then.sweeping,
            tuple(each for each in read if isinstance(each, Unread)),
        )

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]:
        """Read the present state of `ids`, each once, in their order.

        What the vendor says it has not, which may be what the role does not see, comes back with `deleted=True`; what it
        refuses to show alone, such as a locked record, is set aside. Raises the contract's errors.
        """
        plan = self._plan(kind)
        wanted = list(dict.fromkeys(checked_id(each) for each in ids))
        found: list[Record | Unread] = []
        for start in range(0, len(wanted), IDS_A_CALL):
            part = wanted[start : start + IDS_A_CALL]
            answers = self._searches.records(plan.sought.ref, part)
            origin = self._origin(plan, [each.part for each in answers if each.part is not None])
            found += [self._one(plan, origin, *each) for each in zip(part, answers, strict=True)]
        return found

    def versions(self, kind: str, since: datetime, until: datetime) -> Iterator[tuple[str, str]]:
        """Give id and version of every record last stamped in [since, until), each once. Raises the contract's errors."""
        chosen, sought_ = self._kind(kind), self._plan(kind).sought
        since = max(since, chosen.start) if chosen.start else since
        seen: set[str] = set()
        for part in self._stamps(sought_, since, until) if since < until else ():
            record_id, stamp = _stamped(part)
            if since <= stamp < until and record_id not in seen:
                seen.add(record_id)
                yield record_id, written(stamp)

    def deleted(self, kind: str, since: datetime) -> Sequence[tuple[str, datetime]]:
        """Give (id, when), aware UTC, of the records of a kind deleted at or after `since` (aware).

        Needs no WSDL of the kind's fields, so a kind that is read by queries may ask as well. Raises the contract's errors.
        """
        chosen = self._kind(kind)
        record = chosen.record or kind
        return list(self._searches.deleted(record[0].lower() + record[1:], since))

    def _swept(self, kind: str, place: Cursor, rhythm: Rhythm, now: datetime) -> Page:
        """Return what was deleted: a page of its own, so that nothing else waits for the permission that it needs."""
        way: Deleted = self if self._kind(kind).deletions is Deletions.SOAP else self._queries
        found = way.deleted(kind, sweep_since(place, rhythm))
        records = tuple(gone(each, kind, self._name, at) for each, at in found)
        return Page(records, replace(place, swept=now, sweeping=False).text(), more=False)

    def _whole(self, what: Sought, scan: Scan) -> Paged:
        return Paged(lambda: self._searches.changed(what, scan.since, scan.until), self._searches.more)

    def _page(self, scan: Scan, paged: Paged) -> Rows:
        """Read the round's next page; a search that the vendor has forgotten is made again."""
        if scan.page == 0:
            return paged.first()
        try:
            return paged.more(scan.search, scan.page)
        except SearchLost:
            anew = paged.first()
        page = min(scan.page, anew.found.pages)
        if page <= 1:
            return anew
        try:
            return paged.more(anew.found.search, page)
        except SearchLost:
            raise Retryable("NetSuite does not keep the search that it has just made.") from None

    def _stamps(self, what: Sought, since: datetime, until: datetime) -> Iterator[Part]:
        """Read pages as a round does: from the last to the first, because what is changed meanwhile moves up."""
        paged = Paged(lambda: self._searches.stamps(what, since, until), self._searches.more_stamps)
        scan: Scan | None = Scan(since, until)
        while scan is not None:
            rows = self._page(scan, paged)
            yield from rows.parts
            scan = onward(scan, rows.found, until)

    def _read(self, plan: Plan, parts: Sequence[Part]) -> Sequence[Record | Unread]:
        """Turn elements into records; a search for a type also finds its kin, such as journals between companies."""
        own = [each for each in parts if each.kind in {plan.sought.record, ""}]
        origin = self._origin(plan, own)
        return [record_of(each, plan, origin) for each in own]

    def _one(self, plan: Plan, origin: Origin, record_id: str, answer: Answered) -> Record | Unread:
        if answer.part is not None:
            return record_of(answer.part, plan, origin)
        if answer.missing:
            # Deleted and not to be seen look the same (A-NETSUITE-208).
            return gone(record_id, plan.kind, self._name, self._now())
        error = explain_status(answer.details)
        if isinstance(error, Retryable):
            raise error
        return Unread(self._name, plan.kind, record_id, str(error), error.detail.encode())

    def _origin(self, plan: Plan, parts: Sequence[Part]) -> Origin:
        """Say where these elements come from, with the currencies and units in them."""
        if plan.has(Form.MONEY):
            self._currencies.learn(ref for each in parts for ref in _refs(each, CURRENCY, deep=False))
        units: Mapping[str, Unit] = {}
        if plan.has(Form.QUANTITY):
            wanted = frozenset(ref for each in parts for ref in _refs(each, UNITS, deep=True))
            units = self._units.known(wanted, self._now())
        table = "transaction" if plan.sought.transaction else OTHERS.get(plan.sought.ref.lower(), "")
        page = self._settings.web_url + PAGES[table] if table in PAGES else ""
        return Origin(self._name, ZoneInfo(self._settings.zone), page, self._currencies.code, units)

    def _rhythm(self, kind: str) -> Rhythm:
        return Rhythm(self._settings.overlap, self._settings.settle, self._kind(kind).start)

    def _plan(self, kind: str) -> Plan:
        if kind not in self._plans:
            chosen, wsdl = self._kind(kind), self._searches.definition
            self._plans[kind] = plan_of(wsdl.types, kind, chosen, sought(wsdl, chosen.record or kind))
        return self._plans[kind]

    def _kind(self, kind: str) -> Kind:
        try:
            return self._settings.kinds[kind]
        except KeyError:
            raise Misconfigured(f"The source's settings have no kind {kind}.") from None


def _stamped(row: Part) -> tuple[str, datetime]:
    """Read a row of id and stamp. Raises Malformed."""
    try:
        basic = row.part("basic")
        ref = basic.part("internalId", "searchValue").node.get("internalId")
        stamp = basic.part(STAMP).read().fields.get("searchValue")
    except Unreadable as fault:
        raise Malformed(UNREADABLE, body=row.raw(), detail=fault.path) from None
    if not ref or not isinstance(stamp, datetime) or stamp.tzinfo is None:
        raise Malformed(UNREADABLE, body=row.raw(), detail=STAMP)
    return str(ref), stamp


def _refs(record: Part, name: str, *, deep: bool) -> Iterator[str]:
    """Give the internal ids of a record's references of this name; of its lines as well where it is `deep`."""
    found = record.node.iter(f"{{*}}{name}") if deep else record.node.iterchildren(f"{{*}}{name}")
    return (each.get("internalId") for each in found if each.get("internalId"))
