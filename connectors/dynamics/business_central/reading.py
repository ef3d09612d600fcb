"""Pages of rows by the vendor's own paging, rows by their ids, and lists of versions.

https://learn.microsoft.com/dynamics365/business-central/dev-itpro/webservices/odata-client-performance
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connectors.contract import Listing, Malformed, Misconfigured, Refused
from connectors.dynamics.business_central.company import Company
from connectors.dynamics.business_central.errors import LinkLost, unreadable
from connectors.dynamics.business_central.layout import Layout
from connectors.dynamics.business_central.poll import STEP, Scan, onward, restarted
from connectors.dynamics.business_central.records import RawRow, checked_id, key_literal, place_of, written
from connectors.dynamics.business_central.settings import BusinessCentralSettings
from connectors.dynamics.business_central.wire import Account, Call
from connectors.odata import Rows, ascending, compare, every, one_of, page, parts, prefer, selected
from connectors.odata import link as absolute

IDS_A_CALL = 40
"""About two thousand characters of address."""
MOST_IDS = 20_000
"""The largest page that the vendor gives."""
MOST_PAGES = 50
"""Of one document's lines: a million of them is no document."""
REPLICA: Mapping[str, str] = {"Data-Access-Intent": "ReadOnly"}
"""It may lag behind, by less than overlap + settle (A-DYNAMICS-301).

https://learn.microsoft.com/dynamics365/business-central/dev-itpro/developer/devenv-connect-apps-tips
"""


@dataclass(frozen=True, slots=True)
class Turned:
    """A page of rows with where the round stands after it."""

    rows: Sequence[RawRow]
    scan: Scan
    done: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A page of everything: its rows, the link to the next page (empty at the end), and whether it is the first."""

    rows: Sequence[RawRow]
    link: str
    first: bool


class Reader:
    """Reads rows of one company as one user."""

    def __init__(self, account: Account, company: Company, settings: BusinessCentralSettings) -> None:
        self._account = account
        self._company = company
        self._settings = settings
        self._replica = REPLICA if settings.replica else {}

    def turn(self, layout: Layout, route: str, scan: Scan) -> Turned:
        """Read the round's next page. Raises the contract's errors."""
        try:
            found = (
                self._linked(layout, scan.link) if scan.link else self._page(layout, self._since(layout, route, scan))
            )
        except LinkLost:
            scan = restarted(scan)
            found = self._page(layout, self._since(layout, route, scan))
        following, done = onward(scan, _last(layout, found.rows, scan), found.next_link)
        return Turned(found.rows, following, done)

    def census(self, layout: Layout, route: str, link: str) -> Part:
        """Read a page of everything: the one at `link`, or the first where it is empty or no longer taken."""
        first = self._company.url(route, layout.entity_set, _asked(layout))
        try:
            found = self._linked(layout, link) if link else self._page(layout, first)
        except LinkLost:
            link, found = "", self._page(layout, first)
        return Part(found.rows, found.next_link, first=not link)

    def some(self, layout: Layout, route: str, ids: Sequence[str]) -> Sequence[RawRow]:
        """Read the present rows of some ids from the primary database; what is not found is missing."""
        rows: list[RawRow] = []
        for part in parts(ids, IDS_A_CALL):
            wanted = one_of(layout.key, (key_literal(each, layout.key_type) for each in part))
            url = self._company.url(route, layout.entity_set, {**_asked(layout), "$filter": wanted})
            found = self._page(layout, url, fresh=True)
            rows += found.rows
            while found.next_link:
                found = self._linked(layout, found.next_link, fresh=True)
                rows += found.rows
        return rows

    def ids(self, layout: Layout, route: str, link: str) -> tuple[Listing, str]:
        """Read a page of all ids, the first or the one at `link`, and the link to the next, empty at the end."""
        first = self._company.url(route, layout.entity_set, {"$select": layout.key})
        headers = {**prefer(f"odata.maxpagesize={MOST_IDS}"), **self._replica}
        try:
            found = self._rows(link or first, headers)
        except (Misconfigured, Refused):
            if not link:
                raise
            link, found = "", self._rows(first, headers)
        ids = (_id_of(row, layout) for row in found.rows)
        following = "" if found.next_link == link else found.next_link
        return Listing(tuple(each for each in ids if each), first=not link, last=not following), following

    def few(self, layout: Layout, route: str) -> Sequence[RawRow]:
        """Read some rows as the kind is read, to see whether that can be done."""
        return self._page(layout, self._company.url(route, layout.entity_set, {**_asked(layout), "$top": "5"})).rows

    def versions(self, layout: Layout, route: str, since: datetime, until: datetime) -> Iterator[tuple[str, str]]:
        """Give id and version of each record stamped in [since, until), by stamp."""
        known: set[tuple[datetime, str]] = set()
        begin, link = since, ""
        while since < until:
            url = self._window(layout, route, begin, until)
            found = self._linked(layout, link) if link else self._page(layout, url)
            places = [place for place in (place_of(row, layout) for row in found.rows) if place is not None]
            new = [place for place in places if since <= place[0] < until and place not in known]
            yield from ((record_id, written(stamp)) for stamp, record_id in new)
            if not found.next_link or not places:
                return
            # As in a round: what is stamped at the border comes again, and by the link nothing does.
            last = places[-1][0]
            known = {place for place in {*known, *places} if place[0] >= last - STEP}
            begin, link = (last, "") if last > begin else (begin, found.next_link)

    def _window(self, layout: Layout, route: str, since: datetime, until: datetime) -> str:
        window = every(compare(layout.stamp, "ge", since - STEP), compare(layout.stamp, "lt", until + STEP))
        select = selected((layout.key, layout.stamp))
        options = {"$select": select, "$filter": window, "$orderby": ascending(layout.stamp)}
        return self._company.url(route, layout.entity_set, options)

    def _since(self, layout: Layout, route: str, scan: Scan) -> str:
        options = _asked(layout)
        if scan.since is not None:
            options["$filter"] = compare(layout.stamp, "ge", scan.since)
        options["$orderby"] = ascending(layout.stamp)
        return self._company.url(route, layout.entity_set, options)

    def _linked(self, layout: Layout, link: str, *, fresh: bool = False) -> Rows:
        """Follow the vendor's link. Raises LinkLost where it is no longer taken."""
        try:
            found = self._page(layout, link, fresh=fresh)
        # Neither how long a link holds nor what is said afterwards is documented (A-DYNAMICS-310).
        except (Misconfigured, Refused) as error:
            raise LinkLost(
                "Business Central no longer takes the link to the next page.", detail=error.detail
            ) from error
        if found.next_link == link:
            raise Malformed(f"Business Central's next page of {layout.entity_set} is the same one again.", body=b"")
        return found

    def _page(self, layout: Layout, url: str, *, fresh: bool = False) -> Rows:
        size = self._settings.page_size_with_lines if layout.has_lines else self._settings.page_size
        replica = {} if fresh else self._replica
        found = self._rows(url, {**prefer(f"odata.maxpagesize={size}"), **replica})
        many = [group.name for group in layout.groups if group.many]
        return replace(found, rows=tuple(self._with_lines(row, many, url) for row in found.rows))

    def _with_lines(self, row: RawRow, many: Sequence[str], asked: str) -> RawRow:
        """Bring the lines that did not fit into the answer."""
        whole = dict(row)
        for name in many:
            link, pages = whole.pop(f"{name}@odata.nextLink", ""), 0
            while link:
                if pages >= MOST_PAGES:
                    raise Malformed(f"Business Central's list of one document's {name} does not end.", body=b"")
                found = self._rows(_whole(asked, link), {})
                whole[name] = [*whole.get(name, ()), *found.rows]
                link, pages = found.next_link, pages + 1
        return whole

    def _rows(self, url: str, headers: Mapping[str, str]) -> Rows:
        answer = self._account.call(Call("GET", url, headers))
        try:
            return page(answer.body, url)
        except ValueError as error:
            raise unreadable(answer.content, str(error)) from None


def _whole(asked: str, link: object) -> str:
    try:
        return absolute(asked, link)
    except ValueError as error:
        raise unreadable(b"", str(error)) from None


def _id_of(row: RawRow, layout: Layout) -> str:
    try:
        return checked_id(row.get(layout.key), layout.key_type)
    except Refused:
        return ""


def _last(layout: Layout, rows: Sequence[RawRow], scan: Scan) -> datetime | None:
    """Return the last row's stamp. Raises Malformed where rows come in another order than asked."""
    stamps = [place[0] for place in (place_of(row, layout) for row in rows) if place is not None]
    if rows and not stamps:
        raise Malformed(f"Business Central returned rows of {layout.entity_set} without stamps.", body=b"")
    if stamps != sorted(stamps) or (stamps and scan.since and stamps[0] < scan.since - STEP):
        raise Malformed(f"Business Central returned rows of {layout.entity_set} in another order.", body=b"")
    return stamps[-1] if stamps else None


def _asked(layout: Layout) -> dict[str, str]:
    options = {"$select": selected(layout.select)}
    return {**options, "$expand": layout.expand} if layout.expand else options
