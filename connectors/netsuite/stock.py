"""Stock by item and location.

Balances have no stamp of change, so the whole of what is configured is read in turns, a page a call, and each row's
version is the time at which it was read: what has not changed since drops out where records are compared.
The table and its columns are A-NETSUITE-113.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from connectors.contract import CursorLost, Malformed, Page, Record, Refused, Unread, Value
from connectors.netsuite.layout import Column
from connectors.netsuite.queries import Queries
from connectors.netsuite.records import Origin, checked_id, gone
from connectors.netsuite.settings import Balance, Form, Kind, LineUnits
from connectors.netsuite.suiteql import Query, marks, named
from connectors.netsuite.tables import PAGES, STOCK, Known
from connectors.netsuite.values import Around, RawRow, counted, value

LIMIT = 1000
VERSION = 1

Pair = tuple[str, str]
"""(item, location)"""


@dataclass(frozen=True, slots=True)
class Turn:
    """Where the reading of the whole stands: `began`, aware UTC; `last` is the row before; `done`: nothing is under way."""

    began: datetime
    last: Pair | None = None
    done: bool = False

    def text(self) -> str:
        """Write it as a cursor."""
        state = {"v": VERSION, "began": self.began.isoformat(), "last": self.last, "done": self.done}
        return json.dumps(state, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Turn:
        """Read a cursor. Raises CursorLost when this version did not write it."""
        try:
            state = json.loads(text)
            last, began = state["last"], datetime.fromisoformat(state["began"]).astimezone(UTC)
            pair = (str(last[0]), str(last[1])) if last else None
            known = cls(began, pair, bool(state["done"])) if state["v"] == VERSION else None
        except (ValueError, KeyError, TypeError) as fault:
            raise CursorLost("The stored cursor cannot be read.", detail=type(fault).__name__) from None
        if known is None:
            raise CursorLost("The stored cursor is another version's.")
        return known


class Stock:
    """Reads the balances of one kind."""

    def __init__(self, name: str, kind: Kind, balance: Balance, queries: Queries, origin: Origin) -> None:
        self._name = name
        self._balance = balance
        self._queries = queries
        self._origin = origin
        self._columns = tuple(_column(path, kind, index) for index, path in enumerate(kind.fields))

    def pull(self, cursor: str | None, now: datetime) -> Page:
        """Read the next page of the whole, or nothing until it is time for the next turn."""
        turn = Turn(now) if cursor is None else Turn.read(cursor)
        if turn.done:
            if now - turn.began < self._balance.every:
                return Page((), turn.text(), more=False, snapshot=True)
            turn = Turn(now)
        where = [f"a.location IN ({marks(self._balance.locations)})"]
        params = list(self._balance.locations)
        if self._balance.items:
            where.append(f"a.item IN ({marks(self._balance.items)})")
            params += self._balance.items
        records, last, more = self._page(where, params, turn.last, now)
        return Page(
            tuple(each for each in records if isinstance(each, Record)),
            Turn(turn.began, last, done=not more).text(),
            more,
            tuple(each for each in records if isinstance(each, Unread)),
            snapshot=True,
        )

    def read(self, ids: Sequence[str], now: datetime) -> Sequence[Record | Unread]:
        """Read the present balance of `item:location` pairs, each once, in their order."""
        wanted = list(dict.fromkeys(_pair(each) for each in ids))
        if not wanted:
            return []
        items, places = (sorted({pair[side] for pair in wanted}) for side in (0, 1))
        where = [f"a.item IN ({marks(items)})", f"a.location IN ({marks(places)})"]
        found: dict[str, Record | Unread] = {}
        last: Pair | None = None
        more = True
        while more:
            records, last, more = self._page(where, [*items, *places], last, now)
            found |= {each.id: each for each in records}
        names = [":".join(pair) for pair in wanted]
        return [found.get(each) or gone(each, self._name, self._origin.source, now) for each in names]

    def _page(
        self, where: Sequence[str], params: Sequence[str], last: Pair | None, now: datetime
    ) -> tuple[list[Record | Unread], Pair | None, bool]:
        found = self._queries.ask(self._query(where, params, last), LIMIT)
        known = _place(found.rows[-1]) if found.rows else last
        if found.more and known == last:
            raise Malformed(f"NetSuite returned balances of {self._name} that the query excludes.", body=b"")
        return [self._record(row, now) for row in found.rows], known, found.more

    def _query(self, where: Sequence[str], params: Sequence[str], last: Pair | None) -> Query:
        names = ["a.item AS item", "BUILTIN.DF(a.item) AS iteml", "a.location AS location", *named(self._columns)]
        joins = ""
        if self._origin.units is not LineUnits.NONE:
            names += ["s.unitname AS unit_name", "s.conversionrate AS unit_rate", "b.unitname AS base_name"]
            joins = " JOIN item i ON i.id = a.item LEFT JOIN unitstypeuom s ON s.internalid = i.stockunit"
            joins += " LEFT JOIN unitstypeuom b ON b.unitstype = s.unitstype AND b.baseunit = 'T'"
        behind = ["(a.item > ? OR (a.item = ? AND a.location > ?))"] if last else []
        text = (
            f"SELECT {', '.join(names)} FROM aggregateitemlocation a{joins} "  # noqa: S608 - names are held to the vendor's alphabet
            f"WHERE {' AND '.join((*where, *behind))} ORDER BY a.item ASC, a.location ASC"
        )
        return Query(text, (*params, *((last[0], last[0], last[1]) if last else ())))

    def _record(self, row: RawRow, now: datetime) -> Record | Unread:
        pair = _place(row)
        fields, bad = self._fields(row, now)
        if bad:
            sentence = (
                f"A balance of {self._name} does not fit in {', '.join(bad)}: look at the field's type in `types`."
            )
            return Unread(
                self._origin.source, self._name, ":".join(pair), sentence, json.dumps(row, default=str).encode()
            )
        return Record(
            source=self._origin.source,
            kind=self._name,
            id=":".join(pair),
            version=now.astimezone(UTC).isoformat(),
            stamp=now,
            fields=MappingProxyType(fields),
            number=str(row.get("iteml") or ""),
            url=f"{self._origin.web}{PAGES['item']}{pair[0]}",
        )

    def _fields(self, row: RawRow, now: datetime) -> tuple[Mapping[str, Value], list[str]]:
        around = Around("", self._origin.zone, now)
        fields: dict[str, Value] = {}
        bad = []
        for column in self._columns:
            try:
                cell = value(row.get(column.alias), row, column, around)
                fields[column.name] = counted(cell, row, column, self._origin.units)
            except (ValueError, TypeError, KeyError, ArithmeticError):
                bad.append(column.name)
        return fields, bad


def _column(path: str, kind: Kind, index: int) -> Column:
    known = STOCK.get(path.lower(), Known(f"a.{path.lower()}", Form.NUMBER))
    return Column(path, known.sql, kind.types.get(path, known.form), f"c{index}", known.target)


def _pair(text: str) -> Pair:
    item, colon, location = text.partition(":")
    if not colon:
        raise Refused("This is no balance: its id is made of the item's and the location's, such as 12:3.")
    return checked_id(item), checked_id(location)


def _place(row: Mapping[str, Any]) -> Pair:
    try:
        return checked_id(row["item"]), checked_id(row["location"])
    except (KeyError, Refused):
        raise Malformed("NetSuite returned balances without item or location.", body=b"") from None
