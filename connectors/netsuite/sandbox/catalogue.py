"""The schema in force: it can change while the account runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.netsuite.sandbox.schema import Column, RecordType, Table
from connectors.netsuite.sandbox.tables import RECORDS, TABLES


class Catalogue:
    """All tables and record types of one account."""

    def __init__(self) -> None:
        self._tables = {table.name: table for table in TABLES}
        self._records = {record.name.casefold(): record for record in RECORDS}

    def tables(self) -> Sequence[Table]:
        """Return all tables."""
        return list(self._tables.values())

    def records(self) -> Sequence[RecordType]:
        """Return all record types."""
        return list(self._records.values())

    def table(self, name: str) -> Table | None:
        """Find a table by its name; case does not matter."""
        return self._tables.get(name.casefold())

    def record(self, name: str) -> RecordType | None:
        """Find a record type by its name; case does not matter."""
        return self._records.get(name.casefold())

    def of_code(self, code: str) -> RecordType:
        """Return the record type of a transaction's type. Raises `LookupError`."""
        found = next((record for record in self._records.values() if record.code == code), None)
        if found is None:
            raise LookupError(code)
        return found

    def column(self, table: str, name: str) -> Column | None:
        """Find a column by its name in SuiteQL; case does not matter."""
        wanted = name.casefold()
        return next((column for column in self._tables[table].columns if column.name.casefold() == wanted), None)

    def fields(self, record: RecordType) -> Sequence[Column]:
        """Return the fields of a record type."""
        columns = self._tables[record.table].columns
        return [c for c in columns if c.rest and (not c.records or record.name in c.records)]

    def drop(self, table: str, column: Column) -> None:
        """Remove a column; its values stay stored and nothing names them."""
        self._set(table, [one for one in self._tables[table].columns if one is not column])

    def swap(self, table: str, old: Column, new: Column) -> None:
        """Put a column in the place of another."""
        self._set(table, [new if one is old else one for one in self._tables[table].columns])

    def _set(self, table: str, columns: list[Column]) -> None:
        self._tables[table] = replace(self._tables[table], columns=tuple(columns))
