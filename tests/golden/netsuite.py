"""A row of the oracle as NetSuite's SuiteQL would answer it, read by the connector."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectors.contract import Record
from tests.connectors.netsuite import vendor
from tests.connectors.netsuite.books import Books
from tests.golden import scripted
from tests.golden.scripted import Asked, Said
from tests.golden.units import UnitRow

TOKEN = {"consumer_key": "ck", "consumer_secret": "cs", "token_id": "tk", "token_secret": "ts"}
LINES = "transactionline"
TYPES = {"purchaseOrder": "PurchOrd", "salesOrder": "SalesOrd"}
TYPED = {"tobeemailed": "truth", "custbody_priority": "choice", "custbody_meter": "number"}
"""What an operator says of the columns that the connector does not know."""


def path(row: UnitRow) -> str:
    """Name the field as the connector does: the table of lines holds the sublist of items."""
    return row.field.replace(f"{LINES}.", "item.")


def record(row: UnitRow) -> Record:
    """Read the row from tables that hold nothing else."""
    books = _books(row)

    def answer(asked: Asked) -> Said:
        where, _, query = asked.target.partition("?")
        assert where == vendor.SUITEQL
        said = books(vendor.Asked(asked.method, where, query, asked.headers, asked.text))
        return Said(said.status, said.body)

    kind = {"fields": [path(row)], "types": {name: form for name, form in TYPED.items() if name == row.field}}
    return scripted.record(row, settings(row, "account_zone", kind), answer, _literal(row)["id"])


def settings(row: UnitRow, zone: str, kind: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of an account that is read for this row alone; `zone` is where the row says the time zone."""
    where = row.metadata.get(zone, "Asia/Hong_Kong")
    return {"account": "123456", "auth": {"tba": TOKEN}, "zone": where, "kinds": {row.kind: kind}}


def _literal(row: UnitRow) -> dict[str, Any]:
    return dict(json.loads(row.payload))


def _books(row: UnitRow) -> Books:
    books = Books()
    display = row.metadata.get("display", {})
    # Both change no more than the form of what is stored.
    books.db.create_function("TO_CHAR", 2, _to_char, deterministic=True)
    books.db.create_function("DF", 2, lambda name, key: display.get(name.partition(".")[2], key), deterministic=True)
    for table in ("currency", "unitstypeuom"):
        books.db.execute(f"DELETE FROM {table}")  # noqa: S608 - one of two names
        for each in row.metadata.get(table, ()):
            _put(books, table, each)
    document = _literal(row)
    lines = document.pop(LINES, [])
    system = {"type": TYPES[row.kind], "lastmodifieddate": scripted.STAMP.removesuffix("Z")}
    _put(books, "transaction", system | document)
    for each in lines:
        books.line(int(document["id"]), int(each["id"]))
        # The order's lines are those of items, also where the row does not name the item.
        changes = {"item": "1", **each}
        _widen(books, LINES, changes)
        pairs = ", ".join(f"{name} = ?" for name in changes)
        books.db.execute(f"UPDATE {LINES} SET {pairs} WHERE id = ?", (*changes.values(), each["id"]))  # noqa: S608 - the row's own names
    return books


def _put(books: Books, table: str, cells: Mapping[str, str]) -> None:
    _widen(books, table, cells)
    books.put(table, **cells)


def _widen(books: Books, table: str, cells: Mapping[str, str]) -> None:
    known = {each[1] for each in books.db.execute(f'PRAGMA table_info("{table}")')}
    for name in cells.keys() - known:
        books.db.execute(f'ALTER TABLE "{table}" ADD COLUMN {name} TEXT')


def _to_char(text: str | None, form: str) -> str | None:
    return None if text is None else text.replace("T", " ")[: 10 if form == "YYYY-MM-DD" else 19]
