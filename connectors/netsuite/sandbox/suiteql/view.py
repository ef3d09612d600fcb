"""The tables, rows and columns that one role's queries see."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.netsuite.sandbox.account import Account
from connectors.netsuite.sandbox.database import FACTOR, NAME, SIGN, quoted, stored
from connectors.netsuite.sandbox.errors import bad_query
from connectors.netsuite.sandbox.roles import Feature, Role
from connectors.netsuite.sandbox.schema import Column, Level, RecordType, Table, Type
from connectors.netsuite.sandbox.tables.stock import NAMES as BALANCES

_OF_RECORDS = {"transactionline": "transaction", "unitstypeuom": "unitstype", **dict.fromkeys(BALANCES, "item")}
_OF_FEATURES = {
    "deletedrecord": Feature.DELETED,
    # A-NETSUITE-40: which permission it takes
    **dict.fromkeys(("role", "rolepermissions", "employeerolesforsearch"), Feature.ROLES),
}
_ENTITIES = {"customer": "CustJob", "vendor": "Vendor", "employee": "Employee"}
_STOCK_UNIT = "FROM t_unitstypeuom AS u JOIN t_item AS i ON i.stockunit = u.internalid"


@dataclass(frozen=True, slots=True)
class View:
    """One role's view of the account."""

    account: Account
    role: Role

    def table(self, name: str) -> Table:
        """Find a table. Raises `ApiError` 400 when there is none, or none for this role."""
        found = self.account.catalogue.table(name)
        # A-NETSUITE-11: whether SuiteQL lists what was deleted
        if found is None or (found.name == "deletedrecord" and self.account.switches.deleted_table == "absent"):
            raise bad_query(f"Invalid search type: {name}.")
        # A-NETSUITE-12: what a role gets for a table that it may not read
        if not self._readable(found) and self.account.switches.forbidden_rows == "refused":
            raise bad_query(f"Search error occurred: Record '{name}' was not found.")
        return found

    def column(self, table: Table, name: str) -> Column | None:
        """Find a column that the role sees."""
        column = self.account.catalogue.column(table.name, name)
        return column if column and self.role.sees(table.name, column) else None

    def columns(self, table: Table) -> list[Column]:
        """Return the columns that the role sees."""
        return [column for column in table.columns if column.name and self.role.sees(table.name, column)]

    def rows(self, table: Table) -> str:
        """Return SQL for the rows that the role sees."""
        limits = [*self._limits(table), *self._turned(table)]
        if not limits:
            return stored(table.name)
        return "(" + " ".join(["SELECT * FROM", stored(table.name), "WHERE", " AND ".join(limits)]) + ")"

    def value(self, table: Table, column: Column, alias: str) -> str:
        """Return SQL for a column's value."""
        bare = f"{quoted(alias)}.{quoted(column.key)}"
        switches = self.account.switches
        factors = [bare]
        if table.name == "transactionline" and column.key in {"quantity", "foreignamount", "netamount"}:
            # A-NETSUITE-7: lines of sales are credits
            if switches.line_signs == "accounting":
                factors.append(f"{quoted(alias)}.{quoted(SIGN)}")
            # A-NETSUITE-8: which unit the quantity counts
            if switches.line_quantity == "base_unit" and column.key == "quantity":
                factors.append(f"{quoted(alias)}.{quoted(FACTOR)}")
        if column.key == "quantityshiprecv" and switches.line_quantity == "base_unit":
            factors.append(f"{quoted(alias)}.{quoted(FACTOR)}")
        if table.name in BALANCES and column.type is Type.NUMBER and switches.stock_quantity == "stock_unit":
            factors.append(f"(SELECT 1.0 / u.conversionrate {_STOCK_UNIT} WHERE i.id = {quoted(alias)}.item)")
        return f"({' * '.join(factors)})" if len(factors) > 1 else bare

    def label(self, column: Column, alias: str) -> str:
        """Return SQL for what people read instead of the value of a reference, a choice or a flag."""
        bare = f"{quoted(alias)}.{quoted(column.key)}"
        if column.type is Type.REFERENCE:
            target = self.account.catalogue.table(column.target)
            unique = target.unique if target else "id"
            parts = ("(SELECT d." + NAME + " FROM", stored(column.target), f"AS d WHERE d.{quoted(unique)} = {bare})")
            return " ".join(parts)
        if column.type is Type.CHOICE:
            code = f"{quoted(alias)}.{quoted('type')} || ':' || {bare}" if column.typed else bare
            cases = " ".join(f"WHEN '{value}' THEN '{text}'" for value, text in column.choices.items())
            return f"(CASE {code} {cases} ELSE {bare} END)"
        return f"(CASE {bare} WHEN 'T' THEN 'Yes' WHEN 'F' THEN 'No' END)"

    def _records(self, table: Table) -> list[RecordType]:
        name = _OF_RECORDS.get(table.name, table.name)
        wanted = set(_ENTITIES) if name == "entity" else {name}
        return [record for record in self.account.catalogue.records() if record.table in wanted]

    def _readable(self, table: Table) -> bool:
        if table.name in _OF_FEATURES:
            return self.role.has(_OF_FEATURES[table.name])
        return any(self.role.may(Level.VIEW, record) for record in self._records(table))

    def _limits(self, table: Table) -> list[str]:
        """Return the conditions that the role puts on a table's rows."""
        if self.role.admin:
            return []
        if not self._readable(table):
            return ["0"]
        limits: list[str] = []
        if table.name in {"transaction", "transactionline", "entity"}:
            limits += self._of_types(table)
        if self.role.confined is not None and any(c.key == "subsidiary" for c in table.columns):
            allowed = ", ".join(str(one) for one in sorted(self.role.confined))
            limits.append(f"({quoted('subsidiary')} IS NULL OR {quoted('subsidiary')} IN ({allowed}))")
        if self.role.confined is not None and table.name in BALANCES:
            allowed = ", ".join(str(one) for one in sorted(self.role.confined))
            places = " ".join(["SELECT id FROM", stored("location"), f"WHERE subsidiary IN ({allowed})"])
            limits.append(f"location IN ({places})")
        return limits

    def _turned(self, table: Table) -> list[str]:
        """Return the conditions that hold for every role: switches, and employees who are gone."""
        account = self.account
        if table.name == "transactionline" and account.switches.cost_lines == "absent":
            return ["iscogs = 'F'"]
        if table.name == "rolepermissions" and account.switches.administrator_permissions == "absent":
            admins = ", ".join(str(role.id) for role in account.roles.values() if role.admin)
            return [f"role NOT IN ({admins})"]
        if table.name == "employeerolesforsearch":
            return [" ".join(["entity IN (SELECT id FROM", stored("employee"), ")"])]
        return []

    def _of_types(self, table: Table) -> list[str]:
        records = self._records(table)
        seen = [record for record in records if self.role.may(Level.VIEW, record)]
        if len(seen) == len(records):
            return []
        codes = ", ".join(f"'{_ENTITIES.get(record.table, record.code)}'" for record in seen)
        if table.name == "transactionline":
            allowed = " ".join(["SELECT id FROM", stored("transaction"), f"WHERE type IN ({codes})"])
            return [f"{quoted('transaction')} IN ({allowed})"]
        return [f"type IN ({codes})"]
