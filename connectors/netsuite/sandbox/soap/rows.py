"""The rows of advanced searches: the columns that were asked for, and nothing else.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3519853.html (samples)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element
from xml.sax.saxutils import quoteattr

from connectors.netsuite.sandbox.account import Account
from connectors.netsuite.sandbox.roles import Role
from connectors.netsuite.sandbox.schema import Column, Row
from connectors.netsuite.sandbox.soap import names, searches
from connectors.netsuite.sandbox.soap.envelopes import StatusError, child, element, every, local, text
from connectors.netsuite.sandbox.soap.render import Printer
from connectors.netsuite.sandbox.soap.searches import SearchColumn, SearchType


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column that was asked for, with the label that it is to have (empty: none)."""

    column: SearchColumn
    label: str

    @property
    def custom(self) -> bool:
        """Whether it is a field of the account's own."""
        return self.column.column.custom


def wanted(account: Account, kind: SearchType, columns: Element) -> Sequence[Wanted]:
    """Return what a search asks for, in the order of the schema. Raises `StatusError` for what there is not."""
    joins = [local(one) for one in columns if local(one) != "basic"]
    if joins:
        raise StatusError("USER_ERROR", f"The sandbox does not know the columns {joins[0]}.")
    basic = child(columns, "basic")
    known = kind.columns
    order = {column.name: at for at, column in enumerate(known)}
    standard, own = list[Wanted](), list[Wanted]()
    for one in () if basic is None else basic:
        if local(one) == "customFieldList":
            own += [_own(account, kind, field) for field in every(one, "customField")]
        elif local(one) in order:
            standard.append(Wanted(known[order[local(one)]], text(one, "customLabel")))
        else:
            raise StatusError("USER_ERROR", f"The sandbox does not return the column {local(one)}.")
    return [*sorted(standard, key=lambda column: order[column.column.name]), *own]


def _own(account: Account, kind: SearchType, field: Element) -> Wanted:
    table = account.catalogue.table(kind.table)
    script = field.get("scriptId", "")
    for column in table.columns if table else ():
        if column.custom and column.rest == script:
            return Wanted(SearchColumn(script, kind.table, column), text(field, "customLabel"))
    raise StatusError("USER_ERROR", f"There is no custom field '{script}'.")


@dataclass(frozen=True, slots=True)
class RowPrinter:
    """Writes the rows of one search for one role."""

    account: Account
    role: Role
    kind: SearchType
    columns: Sequence[Wanted]

    def row(self, values: Mapping[str, Row]) -> str:
        """Return one row; `values` are by table. What is empty, hidden or no longer in the schema is left out."""
        shown = [one for one in self.columns if self._seen(one.column) and self._value(one, values) is not None]
        parts = [self._standard(one, values) for one in shown if not one.custom]
        own = "".join(self._own(one, values) for one in shown if one.custom)
        if own:
            parts.append(f"<platformCommon:customFieldList>{own}</platformCommon:customFieldList>")
        prefix = names.AREAS[self.kind.area][1]
        basic = f"<{prefix}:basic>{''.join(parts)}</{prefix}:basic>"
        return f'<platformCore:searchRow xsi:type="{prefix}:{self.kind.name}SearchRow">{basic}</platformCore:searchRow>'

    def _seen(self, one: SearchColumn) -> bool:
        table = self.account.catalogue.table(one.table)
        present = table is not None and any(column.key == one.column.key for column in table.columns)
        return present and self.role.sees(one.table, one.column)

    def _value(self, one: Wanted, values: Mapping[str, Row]) -> object:
        return values[one.column.table][one.column.column.key]

    def _standard(self, one: Wanted, values: Mapping[str, Row]) -> str:
        value, column = self._value(one, values), one.column
        if column.type == searches.SELECT:
            found = f"<platformCore:searchValue internalId={quoteattr(str(value))}/>"
        elif column.type == searches.ENUM:
            found = element("platformCore:searchValue", self._constant(column.column, values[column.table], value))
        else:
            printer = Printer(self.account, self.role)
            found = element("platformCore:searchValue", printer.text(column.column, values[column.table], value))
        return f"<platformCommon:{column.name}>{_label(one)}{found}</platformCommon:{column.name}>"

    def _own(self, one: Wanted, values: Mapping[str, Row]) -> str:
        found = element("platformCore:searchValue", self._value(one, values))
        kind = 'xsi:type="platformCore:SearchColumnStringCustomField"'
        own = f"{kind} scriptId={quoteattr(one.column.name)}"
        return f"<platformCore:customField {own}>{_label(one)}{found}</platformCore:customField>"

    def _constant(self, column: Column, row: Row, value: object) -> str:
        """Return the constant that the schema has for a choice."""
        # A-NETSUITE-47: no page shows such a value of today's schema
        if column.key == "type":
            return f"_{self.account.catalogue.of_code(str(value)).name}"
        present = self.account.catalogue.column(self.kind.table, column.name) or column
        code = f"{row['type']}:{value}" if column.typed else str(value)
        words = present.choices.get(code, str(value)).replace(":", "").split()
        return f"_{words[0].lower()}{''.join(word[0].upper() + word[1:] for word in words[1:])}"


def _label(one: Wanted) -> str:
    # A-NETSUITE-49: in the schema it is before the value, in the page's samples behind it
    return element("platformCore:customLabel", one.label) if one.label else ""
