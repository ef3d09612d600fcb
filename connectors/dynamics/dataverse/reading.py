"""Pages of rows, with the rows of their documents and what they refer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from connectors.contract import Record, Unread
from connectors.dynamics.dataverse.errors import DeltaLost, explain, lapsed
from connectors.dynamics.dataverse.layout import STAMP, Layout, Lines
from connectors.dynamics.dataverse.lookups import IDS_A_CALL, Lookups
from connectors.dynamics.dataverse.poll import Cursor, Mode
from connectors.dynamics.dataverse.records import LABEL, TARGET, Origin, id_of, needs, record_of, version_of
from connectors.dynamics.dataverse.wire import Call, Environment
from connectors.odata import RawRow, Rows, ascending, compare, every, guid, one_of, parts, prefer, selected

MOST = 5000
"""Rows of a page at most: https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query/page-results."""
TRACK = "odata.track-changes"
_NOTES = f'odata.include-annotations="{LABEL},{TARGET}"'


class Reader:
    """Reads rows of one environment."""

    def __init__(self, environment: Environment, lookups: Lookups, origin: Origin, page_size: int) -> None:
        self._environment = environment
        self._lookups = lookups
        self._origin = origin
        self._page_size = page_size

    def page(self, layout: Layout, cursor: Cursor) -> Rows:
        """Read the page that `cursor` names. Raises the contract's errors, DeltaLost for a link that is refused."""
        link = cursor.listing if cursor.mode is Mode.LISTING else cursor.link
        wishes = self._wishes(cursor.mode)
        if not link:
            return self._environment.rows(self._beginning(layout, cursor), wishes)
        answer = self._environment.call(Call("GET", link, wishes, refusable=True))
        if answer.status >= 300:
            fault = answer.fault
            raise DeltaLost("Dataverse refuses its own link.", detail=fault.detail) if lapsed(fault) else explain(fault)
        return self._environment.page(answer, link)

    def whole(self, layout: Layout, rows: Rows) -> Rows:
        """Complete rows that have no more than their ids; what was deleted since is left out: its tombstone comes."""
        ids = [found for found in (id_of(row, layout.table.key) for row in rows.rows) if found]
        return replace(rows, rows=tuple(self.some(layout, ids)))

    def some(self, layout: Layout, ids: Sequence[str]) -> list[RawRow]:
        """Read the present rows of some ids, many a call; what is not found is missing."""
        found: list[RawRow] = []
        for part in parts(ids, IDS_A_CALL):
            condition = one_of(layout.table.key, [guid(each) for each in part])
            options = {"$select": layout.select, "$filter": condition}
            found += self._all(self._environment.at(layout.table.entity_set, options))
        return found

    def records(self, layout: Layout, rows: Sequence[RawRow]) -> list[Record | Unread]:
        """Turn rows into records, with a call for each hundred of documents and few for currencies and units."""
        ids = [found for found in (id_of(row, layout.table.key) for row in rows) if found]
        lines = {each.sheet.table.name: self._lines(each, ids) for each in layout.lines}
        wanted = [needs(layout.sheet, rows)]
        for each in layout.lines:
            inner = [line for found in lines[each.sheet.table.name].values() for line in found]
            wanted.append(needs(each.sheet, inner))
        currencies = {found for some, _ in wanted for found in some}
        units = {found for _, some in wanted for found in some}
        known = self._lookups.known(currencies, units, home=layout.needs_home)
        return [
            record_of(
                row,
                layout,
                self._origin,
                known,
                {name: found.get(id_of(row, layout.table.key), ()) for name, found in lines.items()},
            )
            for row in rows
        ]

    def versions(self, layout: Layout, since: datetime, until: datetime) -> Iterator[tuple[str, str]]:
        """Give id and version of each row last stamped in [since, until), by stamp, a call for each page."""
        if since >= until:
            return
        within = every(compare(STAMP, "ge", since), compare(STAMP, "lt", until))
        key = layout.table.key
        options = {"$select": selected((key, STAMP)), "$filter": within, "$orderby": ascending(STAMP, key)}
        url = self._environment.at(layout.table.entity_set, options)
        while url:
            found = self._environment.rows(url, prefer(f"odata.maxpagesize={MOST}"))
            yield from ((id_of(row, key), version_of(row)) for row in found.rows if id_of(row, key))
            url = found.next_link

    def _beginning(self, layout: Layout, cursor: Cursor) -> str:
        """Write the address of a reading's first page.

        Change tracking takes neither filter nor order: use-change-tracking-synchronize-data-external-systems.
        """
        if cursor.mode is Mode.LISTING:
            return self._environment.at(layout.table.entity_set, {"$select": layout.table.key})
        options = {"$select": layout.select}
        if cursor.mode is Mode.STAMPS:
            if cursor.since is not None:
                options["$filter"] = compare(STAMP, "ge", cursor.since)
            options["$orderby"] = ascending(STAMP, layout.table.key)
        return self._environment.at(layout.table.entity_set, options)

    def _wishes(self, mode: Mode) -> Mapping[str, str]:
        """Wish the same on every page, as the vendor asks: webapi/query/page-results.

        That changes carry labels as any rows do is not said (A-DYNAMICS-103).
        """
        if mode is Mode.LISTING:
            return prefer(TRACK, f"odata.maxpagesize={MOST}")
        return prefer(*([TRACK] if mode is Mode.FULL else []), f"odata.maxpagesize={self._page_size}", _NOTES)

    def _lines(self, lines: Lines, documents: Sequence[str]) -> Mapping[str, list[RawRow]]:
        """Read the rows of these documents: the document's id -> its rows in order.

        They are read with their document: its totals, and with them its stamp, change with each row (A-DYNAMICS-104).
        """
        found: dict[str, list[RawRow]] = {}
        for part in parts(documents, IDS_A_CALL):
            options = {
                "$select": lines.select,
                "$filter": one_of(lines.parent, [guid(each) for each in part]),
                "$orderby": ascending(*lines.order),
            }
            for row in self._all(self._environment.at(lines.sheet.table.entity_set, options)):
                found.setdefault(id_of(row, lines.parent), []).append(row)
        return found

    def _all(self, url: str) -> Iterator[RawRow]:
        while url:
            found = self._environment.rows(url, prefer(f"odata.maxpagesize={MOST}", _NOTES))
            yield from found.rows
            url = found.next_link
