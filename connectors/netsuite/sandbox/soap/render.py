"""Records as XML.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1521451348.html (datetime fields)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

from connectors.netsuite.sandbox import moments
from connectors.netsuite.sandbox.account import PACIFIC, Account
from connectors.netsuite.sandbox.database import NAME
from connectors.netsuite.sandbox.roles import Role
from connectors.netsuite.sandbox.schema import Column, RecordType, Row, Type
from connectors.netsuite.sandbox.soap import names, shapes
from connectors.netsuite.sandbox.soap.envelopes import element
from connectors.netsuite.sandbox.suiteql.resource import plain


def moment(account: Account, stamp: int) -> str:
    """Return a time as SOAP shows it."""
    # A-NETSUITE-24: the page says it of days alone, and of times that they are never GMT
    zone = {"pacific": ZoneInfo(PACIFIC), "offset": account.user_zone}.get(account.switches.soap_times, UTC)
    return moments.at(stamp - stamp % moments.SECOND, zone).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day(account: Account, text: str) -> str:
    """Return a day as SOAP shows it: midnight of the user, written in Pacific time, whatever the other times are."""
    midnight = datetime.fromisoformat(text).replace(tzinfo=account.user_zone)
    return midnight.astimezone(ZoneInfo(PACIFIC)).isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True)
class Printer:
    """Writes records for one role."""

    account: Account
    role: Role

    def record(self, record: RecordType, row: Row, tag: str, *, lines: bool) -> str:
        """Return a record inside the element `tag`, with its lines where they are wanted."""
        prefix = names.AREAS[record.area][1]
        parts = [self._fields(record, shapes.record_members(record), row, prefix)]
        if lines and record.sublist:
            parts.append(self._lines(record, row, prefix))
        parts.append(self._fields(record, shapes.members_behind(record), row, prefix))
        parts.append(self._custom(record, row, prefix))
        external = f" externalId={quoteattr(str(row['externalid']))}" if row.get("externalid") else ""
        own = f'internalId="{row["id"]}"{external} xsi:type="{prefix}:{record.soap}"'
        return f"<{tag} {own}>{''.join(parts)}</{tag}>"

    def _fields(self, record: RecordType, members: list[shapes.Member], row: Row, prefix: str) -> str:
        """Return what is left of the WSDL's fields in the schema in force, and seen by the role."""
        present = {column.key for column in self.account.catalogue.fields(record)}
        shown = [m for m in members if m[1].key in present and self.role.sees(record.table, m[1])]
        return "".join(self._field(f"{prefix}:{name}", column, row) for name, column in shown)

    def _lines(self, record: RecordType, row: Row, prefix: str) -> str:
        sublist = record.sublist
        if sublist is None:
            return ""
        members = [m for m in shapes.line_members(record) if self.role.sees(sublist.table, m[1])]
        tag = f"{prefix}:{sublist.name}"
        lines = [
            f"<{tag}>{''.join(self._field(f'{prefix}:{name}', column, one) for name, column in members)}</{tag}>"
            for one in self.account.store.lines(record, row["id"])
        ]
        return f"<{prefix}:{sublist.soap}>{''.join(lines)}</{prefix}:{sublist.soap}>" if lines else ""

    def _custom(self, record: RecordType, row: Row, prefix: str) -> str:
        if record.name in shapes.WITHOUT_CUSTOM_FIELDS:
            return ""
        fields = [
            '<platformCore:customField xsi:type="platformCore:StringCustomFieldRef" '
            f"scriptId={quoteattr(column.rest)}>{element('platformCore:value', row[column.key])}"
            "</platformCore:customField>"
            for column in self.account.catalogue.fields(record)
            if column.custom and self.role.sees(record.table, column) and row[column.key] is not None
        ]
        return f"<{prefix}:customFieldList>{''.join(fields)}</{prefix}:customFieldList>" if fields else ""

    def _field(self, tag: str, column: Column, row: Row) -> str:
        value = row[column.key]
        if value is None:
            return ""
        if shapes.element_type(column) == "platformCore:RecordRef":
            name = self._name(column, value)
            return f'<{tag} internalId="{value}">{element("platformCore:name", name)}</{tag}>'
        return element(tag, self.text(column, row, value))

    def _name(self, column: Column, value: int | str) -> str:
        if column.type is Type.CHOICE:
            present = self.account.catalogue.column("transaction", column.name) or column
            return present.choices.get(str(value), str(value))
        table = self.account.catalogue.table(column.target)
        found = self.account.database.one(column.target, table.unique if table else "id", value)
        return str((found or {}).get(NAME, ""))

    def text(self, column: Column, row: Row, value: object) -> str:
        """Return a value that is no reference as text; `row` is where it stands."""
        match column.type:
            case Type.BOOLEAN:
                return "true" if value == "T" else "false"
            case Type.DATETIME if isinstance(value, int):
                return moment(self.account, value)
            case Type.DATE:
                return day(self.account, str(value))
            case Type.NUMBER if isinstance(value, int | float):
                return plain(value) if column.rest == "rate" else str(float(value))
            case Type.CHOICE if column.typed:
                return column.choices.get(f"{row['type']}:{value}", str(value)).rpartition(" : ")[2]
        return str(value)
