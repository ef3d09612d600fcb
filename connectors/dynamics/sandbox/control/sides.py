"""The two surfaces as the control API sees them: tables whose rows are written behind the vendor's back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from connectors.dynamics.sandbox.central import demo as central_demo
from connectors.dynamics.sandbox.central import render as central_render
from connectors.dynamics.sandbox.central import writes as central_writes
from connectors.dynamics.sandbox.central.place import Place
from connectors.dynamics.sandbox.central.tables import COMPANY
from connectors.dynamics.sandbox.dataverse import demo, render, values, writes
from connectors.dynamics.sandbox.dataverse.org import Org
from connectors.dynamics.sandbox.schema import Catalogue, Column, Table
from connectors.dynamics.sandbox.store import Change, Row, Store


class Side(Protocol):
    """One surface."""

    @property
    def catalogue(self) -> Catalogue:
        """Its tables."""

    @property
    def store(self) -> Store:
        """Its rows."""

    def user(self, name: str) -> str:
        """Return the id of a user, of somebody who is not the integration when no name is given."""

    def insert(self, table: Table, given: Mapping[str, Any], change: Change) -> str:
        """Make a row from JSON and return its id."""

    def change(self, table: Table, row_id: str, given: Mapping[str, Any], change: Change) -> None:
        """Change a row by JSON."""

    def remove(self, table: Table, row_id: str, change: Change) -> None:
        """Delete a row."""

    def shown(self, table: Table, row: Row) -> Mapping[str, Any]:
        """Return a row as JSON."""

    def typed(self, column: Column, value: Any) -> Any:
        """Return a value typed as a column wants it; raises `Refusal`."""

    def altered(self) -> None:
        """Forget what was kept of queries: the schema is another."""


class DataverseSide:
    """Dataverse."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self.catalogue = org.catalogue
        self.store = org.store

    def user(self, name: str) -> str:
        """Return the id of a user by id, user name or object id; the salesperson without a name."""
        found = self._org.find_user(name) if name else demo.SALES
        if found is None:
            raise ValueError(f"no user '{name}'")
        return found

    def insert(self, table: Table, given: Mapping[str, Any], change: Change) -> str:
        """Make a row."""
        return writes.insert(self._org, table, values.accept(self.catalogue, table, given), change).id

    def change(self, table: Table, row_id: str, given: Mapping[str, Any], change: Change) -> None:
        """Change a row."""
        writes.change(self._org, table, row_id, values.accept(self.catalogue, table, given), change)

    def remove(self, table: Table, row_id: str, change: Change) -> None:
        """Delete a row."""
        writes.remove(self._org, table, row_id, change)

    def shown(self, table: Table, row: Row) -> Mapping[str, Any]:
        """Return a row."""
        shown = {c.property: render.plain(row.values.get(c.name), c) for c in table.columns.values()}
        return {"@odata.etag": render.etag(row), **shown, "versionnumber": row.version}

    def typed(self, column: Column, value: Any) -> Any:
        """Return a value typed."""
        return values.value_of(column, value)

    def altered(self) -> None:
        """Forget queries, and delta tokens where a switch says so."""
        self._org.results.clear()
        # A-DYNAMICS-10: clients report that a changed table ends the tokens
        if self._org.switches.schema_change_ends_delta:
            self._org.expire_deltas()


class CentralSide:
    """Business Central."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.catalogue = place.catalogue
        self.store = place.store

    def user(self, name: str) -> str:
        """Return the id of a user: the clerk."""
        if name:
            raise ValueError("Business Central's API does not tell who changed something")
        return central_demo.CLERK

    def insert(self, table: Table, given: Mapping[str, Any], change: Change) -> str:
        """Make a record, of the first company unless `_company` names another."""
        rest = dict(given)
        company = str(rest.pop(COMPANY, central_demo.MAIN))
        typed = central_writes.accept(table, rest, every=True)
        return central_writes.insert(self._place, table, company, typed, change).id

    def change(self, table: Table, row_id: str, given: Mapping[str, Any], change: Change) -> None:
        """Change a record."""
        typed = central_writes.accept(table, given, every=True)
        central_writes.change(self._place, table, self._row(table, row_id), typed, change)

    def remove(self, table: Table, row_id: str, change: Change) -> None:
        """Delete a record."""
        central_writes.remove(self._place, table, self._row(table, row_id), change)

    def shown(self, table: Table, row: Row) -> Mapping[str, Any]:
        """Return a record."""
        shown = {name: central_render.plain(row.values.get(name)) for name in table.columns}
        return {"@odata.etag": central_render.etag(row), **shown, COMPANY: row.values[COMPANY]}

    def typed(self, column: Column, value: Any) -> Any:
        """Return a value typed."""
        return central_writes.typed(column, value)

    def altered(self) -> None:
        """Forget queries."""
        self._place.results.clear()

    def _row(self, table: Table, row_id: str) -> Row:
        row = self.store.find(table.name, row_id)
        if row is None:
            raise ValueError(f"no record {row_id} in {table.name}")
        return row
