"""The rows of the account in SQLite, in memory: quick with a hundred thousand of them, joins and order included."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.netsuite.sandbox.schema import Row
from connectors.netsuite.sandbox.tables import TABLES
from connectors.netsuite.sandbox.tables.stock import COMPUTED
from connectors.netsuite.sandbox.tables.stock import NAMES as BALANCES

NAME = "_name"
"""What people call a row: the text of references that lead to it."""
SIGN, FACTOR = "_sign", "_factor"
"""Of a line: the sign that accounting gives it, and how many base units its unit is."""

_EXTRA = {"transactionline": (SIGN, FACTOR)}
_VIEWS = {"entity": {"customer": "CustJob", "vendor": "Vendor", "employee": "Employee"}}
_INDEXES = (
    ("transaction", "lastmodifieddate", "id"),
    ("transaction", "recordtype", "lastmodifieddate", "id"),
    ("transaction", "externalid"),
    ("transactionline", "transaction", "linesequencenumber"),
    ("transactionline", "linelastmodifieddate", "uniquekey"),
    ("transactionline", "location", "item"),
    ("customer", "lastmodifieddate", "id"),
    ("item", "lastmodifieddate", "id"),
    ("deletedrecord", "deleteddate", "key"),
    ("unitstypeuom", "unitstype"),
)


def quoted(name: str) -> str:
    """Return a name as SQL writes it."""
    return f'"{name}"'


def stored(table: str) -> str:
    """Return the name under which a table is stored."""
    return quoted(f"t_{table}")


class Database:
    """Reads and writes rows by the keys of their columns."""

    def __init__(self) -> None:
        # the twin lives on the server's thread and is made on another
        self._link = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._link.row_factory = sqlite3.Row
        # nothing is ever rolled back
        self._link.execute("PRAGMA journal_mode = OFF")
        # A-NETSUITE-37: texts that differ in case are different, as in Oracle's database
        self._link.execute("PRAGMA case_sensitive_like = ON")
        self._columns: dict[str, list[str]] = {}
        for table in TABLES:
            if table.name not in {*_VIEWS, *BALANCES}:
                self._make(table.name, table.unique, [column.key for column in table.columns])
        for view, members in _VIEWS.items():
            self._unite(view, members)
        self.run("CREATE TABLE t_stock (key INTEGER PRIMARY KEY, item, location, onhand, UNIQUE (item, location))")
        for name in sorted(BALANCES):
            self.run("CREATE VIEW", stored(name), "AS", COMPUTED)
        for table_name, *keys in _INDEXES:
            index = quoted("_".join(["i", table_name, *keys]))
            self.run("CREATE INDEX", index, "ON", stored(table_name), f"({', '.join(map(quoted, keys))})")

    def run(self, *parts: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement that is given in parts."""
        return self._link.execute(" ".join(parts), values)

    def rows(self, *parts: str, values: Sequence[Any] = ()) -> list[Row]:
        """Return what a query gives."""
        return [dict(row) for row in self.run(*parts, values=values)]

    def find(self, table: str, key: str, value: Any) -> list[Row]:
        """Return the rows whose column has this value, in the order in which they were stored."""
        where = (stored(table), "WHERE", quoted(key), "= ?")
        return self.rows("SELECT * FROM", *where, values=(value,))

    def one(self, table: str, key: str, value: Any) -> Row | None:
        """Return the first row whose column has this value."""
        found = self.find(table, key, value)
        return found[0] if found else None

    def all(self, table: str) -> list[Row]:
        """Return all rows of a table."""
        return self.rows("SELECT * FROM", stored(table))

    def insert(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows at once; a key that a row lacks is empty."""
        keys = self._columns[table]
        marks = ", ".join("?" for _ in keys)
        parts = ("INSERT INTO", stored(table), f"({', '.join(map(quoted, keys))}) VALUES ({marks})")
        self.run("BEGIN")
        self._link.executemany(" ".join(parts), ([row.get(key) for key in keys] for row in rows))
        self.run("COMMIT")

    def update(self, table: str, unique: str, row: Mapping[str, Any]) -> None:
        """Replace the values of a row that `unique` names."""
        keys = [key for key in self._columns[table] if key in row and key != unique]
        sets = ", ".join(f"{quoted(key)} = ?" for key in keys)
        values = [*(row[key] for key in keys), row[unique]]
        self.run("UPDATE", stored(table), "SET", sets, "WHERE", quoted(unique), "= ?", values=values)

    def delete(self, table: str, key: str, value: Any) -> None:
        """Remove the rows whose column has this value."""
        self.run("DELETE FROM", stored(table), "WHERE", quoted(key), "= ?", values=(value,))

    def clear(self, table: str) -> None:
        """Remove all rows."""
        self.run("DELETE FROM", stored(table))

    def highest(self, table: str, key: str) -> int:
        """Return the highest number in a column, 0 when it is empty."""
        found = self.rows(f"SELECT MAX({quoted(key)}) AS top FROM", stored(table))
        return int(found[0]["top"] or 0)

    def function(self, name: str, arguments: int, body: Any) -> None:
        """Give SQL a function whose result depends on its arguments alone."""
        self._link.create_function(name, arguments, body, deterministic=True)

    def _make(self, table: str, unique: str, keys: list[str]) -> None:
        self._columns[table] = [*keys, NAME, *_EXTRA.get(table, ())]
        columns = (quoted(key) + (" INTEGER PRIMARY KEY" if key == unique else "") for key in self._columns[table])
        self.run("CREATE TABLE", stored(table), f"({', '.join(columns)})")

    def _unite(self, view: str, members: Mapping[str, str]) -> None:
        columns = next(table.columns for table in TABLES if table.name == view)
        parts = []
        for member, kind in members.items():
            shown = [f"'{kind}' AS type" if c.key == "type" else quoted(c.key) for c in columns]
            parts.append(" ".join(["SELECT", ", ".join([*shown, NAME]), "FROM", stored(member)]))
        self.run("CREATE VIEW", stored(view), "AS", " UNION ALL ".join(parts))
