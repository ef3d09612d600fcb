"""Pages of rows: by query where the vendor allows it, else by the list of records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from connectors.contract import Malformed, Misconfigured, Record, Refused
from connectors.zoho.coql import Place, ids_query, page_query, rows_query, versions_query
from connectors.zoho.errors import FieldUnknown, PageTokenLost, unreadable
from connectors.zoho.layout import Layout, Subform
from connectors.zoho.poll import Scan, Sweep
from connectors.zoho.records import RawRow, checked_id, gone, moment, place_of, written
from connectors.zoho.settings import Reading
from connectors.zoho.wire import Account, Answer, Call, info_of, rows_of

FIRST = 200
"""Rows of a round's first page: up to so many a query costs one credit, and most rounds find fewer."""
MOST = 2000
IDS_A_CALL = 100
LIST_PAGE = 200
LAST_PAGE = 10
"""The list call counts pages up to 2,000 rows: https://www.zoho.com/crm/developer/docs/api/v8/get-records.html."""
QUERY_SCOPE = "ZohoCRM.coql.READ"

Asked = TypeVar("Asked")


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of rows with where the round stands after it."""

    rows: Sequence[RawRow]
    scan: Scan
    done: bool


def taken(layout: Layout, ask: Callable[[Layout], Asked]) -> tuple[Layout, Asked]:
    """Ask, if need be without the columns that the call does not take; return the layout that it took as well."""
    while True:
        try:
            return layout, ask(layout)
        except FieldUnknown as fault:
            left = layout.without(fault.column)
            if left is None:
                raise
            layout = left


def scope_of(module: str, operation: str = "READ") -> str:
    """Name the OAuth scope of a module's records."""
    return f"ZohoCRM.modules.{module}.{operation}"


class Reader:
    """Reads rows of one org as one user."""

    def __init__(self, account: Account, page_size: int) -> None:
        self._account = account
        self._page_size = page_size

    def page(self, layout: Layout, scan: Scan, reading: Reading) -> Rows:
        """Read the round's next page. Raises the contract's errors."""
        return self._queried(layout, scan) if reading is Reading.QUERY else self._listed(layout, scan)

    def some(self, layout: Layout, ids: Sequence[str], reading: Reading) -> Sequence[RawRow]:
        """Read the present rows of some ids; what is not found is missing."""
        rows: list[RawRow] = []
        if reading is Reading.QUERY:
            for part in _parts(ids):
                rows += rows_of(self._query(ids_query(layout, part)))
        found = {str(row.get("id")) for row in rows if isinstance(row, dict)}
        # What a query does not find may wait for approval, or be a converted lead: the list shows both (A-ZOHO-112).
        columns = [column for column in layout.select if "." not in column]
        for part in _parts([each for each in ids if each not in found]):
            params = {"ids": ",".join(part), "fields": ",".join(columns[:50]), **_ALL}
            rows += rows_of(self._account.call(Call("GET", layout.kind, scope_of(layout.kind), params)))
        return rows

    def versions(self, kind: str, since: datetime, until: datetime) -> Iterator[tuple[str, str]]:
        """Give id and version of each record last stamped in [since, until), a query for each page of rows."""
        last: Place | None = None
        done = since >= until
        while not done:
            answer = self._query(versions_query(kind, since, until, last, self._page_size))
            rows = rows_of(answer)
            places = [place for place in map(place_of, rows) if place is not None]
            yield from ((record_id, written(stamp)) for stamp, record_id in places)
            done = not _more(answer, rows, self._page_size)
            last = _onward(kind, places, last, done=done)

    def subforms(self, layout: Layout, rows: Sequence[RawRow]) -> Mapping[str, Mapping[str, list[RawRow]]]:
        """Read the subforms' rows of these records: id -> name of the subform -> rows."""
        found: dict[str, dict[str, list[RawRow]]] = {}
        ids = [place[1] for place in map(place_of, rows) if place is not None]
        for subform in layout.subforms:
            for part in _parts(ids):
                for parent, row in self._rows_of(subform, part):
                    found.setdefault(parent, {}).setdefault(subform.name, []).append(row)
        return found

    def deleted(self, kind: str, source: str, sweep: Sweep) -> tuple[tuple[Record, ...], Sweep | None]:
        """Read a page of what was deleted, and where the list goes on.

        https://www.zoho.com/crm/developer/docs/api/v8/get-deleted-records.html
        """
        params = {"type": "all", "page": str(sweep.page), "per_page": str(LIST_PAGE)}
        headers = {"If-Modified-Since": written(sweep.since)}
        answer = self._account.call(Call("GET", f"{kind}/deleted", scope_of(kind), params, headers=headers))
        found = [_deletion(row, kind, source) for row in rows_of(answer)]
        onward = replace(sweep, page=sweep.page + 1) if info_of(answer).get("more_records") is True else None
        return tuple(record for record in found if record is not None), onward

    def _queried(self, layout: Layout, scan: Scan) -> Rows:
        first = scan.last is None and scan.since is not None
        limit = min(FIRST, self._page_size) if first else self._page_size
        answer = self._query(page_query(layout, scan.since, scan.last, limit))
        rows = rows_of(answer)
        places = [place for place in map(place_of, rows) if place is not None]
        done = not _more(answer, rows, limit)
        return Rows(rows, replace(scan, last=_onward(layout.kind, places, scan.last, done=done)), done)

    def _listed(self, layout: Layout, scan: Scan) -> Rows:
        try:
            answer = self._list(layout, scan)
        except PageTokenLost:
            scan = _from_last(scan)
            answer = self._list(layout, scan)
        rows = rows_of(answer)
        places = [place for place in map(place_of, rows) if place is not None]
        scan = replace(scan, last=places[-1] if places else scan.last)
        info = info_of(answer)
        if info.get("more_records") is not True or not rows:
            return Rows(rows, scan, done=True)
        token = info.get("next_page_token")
        if isinstance(token, str) and token:
            return Rows(rows, replace(scan, token=token, page=scan.page + 1), done=False)
        if scan.page < LAST_PAGE:
            return Rows(rows, replace(scan, page=scan.page + 1), done=False)
        return Rows(rows, _from_last(scan), done=False)

    def _list(self, layout: Layout, scan: Scan) -> Answer:
        params = {
            "fields": ",".join(layout.select),
            "per_page": str(LIST_PAGE),
            "sort_by": "Modified_Time",
            "sort_order": "asc",
            **({"page_token": scan.token} if scan.token else {"page": str(scan.page)}),
            **_ALL,
        }
        # The page says "modified after": a second less makes it "at or after" in either reading.
        headers = {"If-Modified-Since": written(_before(scan.since))} if scan.since else {}
        return self._account.call(Call("GET", layout.kind, scope_of(layout.kind), params, headers=headers))

    def _query(self, query: str) -> Answer:
        """See https://www.zoho.com/crm/developer/docs/api/v8/Get-Records-through-COQL-Query.html."""
        return self._account.call(Call("POST", "coql", QUERY_SCOPE, body={"select_query": query}))

    def _rows_of(self, subform: Subform, parents: Sequence[str]) -> Iterator[tuple[str, RawRow]]:
        last, done = "", False
        while not done:
            answer = self._query(rows_query(subform, parents, last, MOST))
            rows = rows_of(answer)
            try:
                ids = [checked_id(row["id"]) for row in rows]
                yield from ((checked_id(row["Parent_Id"]["id"]), row) for row in rows)
            except (KeyError, TypeError, Refused):
                raise unreadable(str(rows[:1]).encode()) from None
            done = not _more(answer, rows, MOST)
            if not done and ids[-1] == last:
                raise Malformed(f"Zoho returned rows of {subform.name} that the query excludes.", body=b"")
            last = ids[-1] if ids else last


_ALL = {"approved": "both", "converted": "both"}


def _before(since: datetime) -> datetime:
    return since.fromtimestamp(since.timestamp() - 1, tz=since.tzinfo)


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), IDS_A_CALL):
        yield ids[start : start + IDS_A_CALL]


def _more(answer: Answer, rows: Sequence[Any], limit: int) -> bool:
    # A full page goes on even where the vendor forgets to say so; an empty one never does.
    return bool(rows) and (info_of(answer).get("more_records") is True or len(rows) >= limit)


def _onward(kind: str, places: Sequence[Place], last: Place | None, *, done: bool) -> Place | None:
    """Return the round's place after a page; without progress a round would never end."""
    if not places:
        if not done:
            raise Malformed(f"Zoho returned rows of {kind} without id and Modified_Time.", body=b"")
        return last
    if not done and last is not None and (places[-1] == last or places[-1][0] < last[0]):
        # A-ZOHO-104: were stamps finer than shown, rows at a border would come again without end.
        raise Malformed(f"Zoho returned rows of {kind} that the query excludes.", body=b"")
    return places[-1]


def _from_last(scan: Scan) -> Scan:
    """Begin the list anew at the last row's time, where pages and tokens reach no further."""
    since = scan.last[0] if scan.last else scan.since
    if since is not None and since == scan.since and not scan.token and scan.page > 1:
        raise Misconfigured(
            "More records share one second than Zoho lists: read the module by queries (reading: query)."
        )
    return replace(scan, since=since, token="", page=1)


def _deletion(row: Any, kind: str, source: str) -> Record | None:
    try:
        return gone(checked_id(row["id"]), kind, source, moment(row["deleted_time"]))
    except (ValueError, TypeError, KeyError, Refused):
        return None
