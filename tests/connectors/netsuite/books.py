"""An account's tables in SQLite, so that queries are answered by what their text says.

TO_CHAR and TO_TIMESTAMP are of Oracle and keep the text as it is here; BUILTIN.DF finds the text that people see.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from tests.connectors.netsuite.vendor import Asked, Said, error, rows

TABLES = """
CREATE TABLE "transaction" (id INTEGER, type TEXT, tranid TEXT, lastmodifieddate TEXT, lastmodifiedby INTEGER,
  currency INTEGER, foreigntotal TEXT, entity INTEGER, status TEXT, trandate TEXT, createddate TEXT, memo TEXT,
  posting TEXT, approvalstatus INTEGER, nextapprover INTEGER);
CREATE TABLE transactionline ("transaction" INTEGER, id INTEGER, mainline TEXT, taxline TEXT, iscogs TEXT, item INTEGER,
  quantity TEXT, units INTEGER, foreignamount TEXT, memo TEXT, subsidiary INTEGER, location INTEGER,
  expenseaccount INTEGER, linesequencenumber INTEGER, ratepercent TEXT, linelastmodifieddate TEXT, uniquekey INTEGER);
CREATE TABLE currency (id INTEGER, symbol TEXT);
CREATE TABLE unitstypeuom (internalid INTEGER, unitstype INTEGER, unitname TEXT, conversionrate TEXT, baseunit TEXT);
CREATE TABLE deletedrecord (recordid INTEGER, type TEXT, deleteddate TEXT);
CREATE TABLE aggregateitemlocation (item INTEGER, location INTEGER, quantityonhand TEXT, quantityavailable TEXT);
CREATE TABLE item (id INTEGER, stockunit INTEGER, itemid TEXT, lastmodifieddate TEXT);
CREATE TABLE customer (id INTEGER, entityid TEXT, companyname TEXT, isinactive TEXT, lastmodifieddate TEXT);
"""
UNITS = ((1, 5, "Each", "1", "T"), (2, 5, "Case", "12", "F"), (3, 6, "Kilogram", "1", "T"))
SEEN: dict[str, dict[Any, str]] = {
    "t.entity": {61: "Harbour Trading"},
    "t.status": {"B": "Sales Order : Pending Fulfillment"},
    "n.item": {9: "Bolt M8", 10: "Nut M8"},
    "a.item": {9: "Bolt M8", 10: "Nut M8"},
    "a.location": {1: "Main warehouse"},
    "t.lastmodifiedby": {12: "Mei Chan"},
}


class Books:
    """Answers every query from its tables; `asked` are the queries, `hidden` the columns that the role may not see."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", check_same_thread=False)
        self.db.executescript(TABLES)
        self.db.create_function("TO_CHAR", 2, _to_char, deterministic=True)
        self.db.create_function("TO_TIMESTAMP", 2, lambda text, _form: text, deterministic=True)
        self.db.create_function("DF", 2, lambda name, key: SEEN.get(name, {}).get(key, key), deterministic=True)
        self.db.executemany("INSERT INTO unitstypeuom VALUES (?, ?, ?, ?, ?)", UNITS)
        self.db.executemany("INSERT INTO currency VALUES (?, ?)", ((1, "HKD"), (2, "USD")))
        self.hidden: set[str] = set()
        self.asked: list[str] = []

    def put(self, table: str, **row: Any) -> None:
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" for _ in row)
        text = f'INSERT INTO "{table}" ({names}) VALUES ({marks})'  # noqa: S608 - a test's own names
        self.db.execute(text, tuple(row.values()))

    def order(self, number: int, stamp: str, **changes: Any) -> None:
        whole = {"type": "SalesOrd", "tranid": f"SO-{number}", "currency": 1, "foreigntotal": "1200.50", "entity": 61}
        whole |= {"status": "B", "trandate": "2026-03-02", "lastmodifiedby": 12}
        self.put("transaction", id=number, lastmodifieddate=stamp, **whole | changes)
        self.line(number, 0, mainline="T", subsidiary=3, foreignamount="1200.50")

    def line(self, order: int, number: int, **changes: Any) -> None:
        whole = {"mainline": "F", "taxline": "F", "iscogs": "F", "linesequencenumber": number}
        whole["uniquekey"] = order * 1000 + number
        self.put("transactionline", transaction=order, id=number, **whole | changes)

    def change(self, number: int, stamp: str, **changes: Any) -> None:
        pairs = ", ".join(f"{name} = ?" for name in ("lastmodifieddate", *changes))
        text = f'UPDATE "transaction" SET {pairs} WHERE id = ?'  # noqa: S608 - a test's own names
        self.db.execute(text, (stamp, *changes.values(), number))

    def __call__(self, asked: Asked) -> Said:
        text, params = asked.body["q"], asked.body.get("params", [])
        self.asked.append(text)
        if asked.headers.get("prefer") != "transient":
            return error(400, "INVALID_HEADER", "Prefer: transient")
        assert all(type(param) is str for param in params)
        hidden = next((name for name in sorted(self.hidden) if re.search(rf"\b{re.escape(name)}\b", text)), "")
        if hidden:
            name = hidden.rpartition(".")[2]
            return error(400, "INVALID_PARAMETER", f"Field '{name}' for record 'transaction' was not found.")
        return self._answered(text, params, int(asked.params["limit"]), int(asked.params["offset"]))

    def _answered(self, text: str, params: list[str], limit: int, offset: int) -> Said:
        assert offset == 0
        assert limit <= 1000
        sql = re.sub(r"BUILTIN\.DF\(([\w.]+)\)", r"DF('\1', \1)", text)
        sql = re.sub(r"\b(FROM|JOIN|n\.) ?transaction\b", r'\1 "transaction"', sql).replace("n. ", "n.")
        found = self.db.execute(f"{sql} LIMIT {limit + 1}", params)
        names = [column[0].lower() for column in found.description]
        every = [dict(zip(names, row, strict=True)) for row in found]
        # values are text and empty ones are left out, as the vendor does
        shown = [{name: str(value) for name, value in row.items() if value is not None} for row in every[:limit]]
        return rows(*shown, more=len(every) > limit)


def _to_char(text: str | None, form: str) -> str | None:
    return None if text is None else text[: 10 if form == "YYYY-MM-DD" else 19]


def ids(records: Any) -> list[str]:
    return [record.id for record in records]
