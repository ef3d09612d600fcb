"""What of a kind is read, and as what: the settings' paths joined with what the bridge knows of the standard types.

Tables and columns are those of the vendor's Records Catalog, which shows them to signed-in users only (A-NETSUITE-104):
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_159367781370.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from connectors.contract import Misconfigured
from connectors.netsuite.settings import Form, Kind
from connectors.netsuite.tables import HEADER, LINE, OTHERS, OWN_BOOKS, TRANSACTIONS, Known

SUBLISTS = ("item", "expense")


@dataclass(frozen=True, slots=True)
class Column:
    """One value of a row: its name in the record, where it stands in the query, and how it arrives.

    `alias` is its name in an answer; the text that people see of a link or a choice has an `l` behind it.
    """

    name: str
    sql: str
    form: Form
    alias: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """How one kind is read. Rows of a transaction have the alias `t`, its main line `m`, a line `n`."""

    kind: str
    table: str
    columns: tuple[Column, ...]
    lines: Mapping[str, tuple[Column, ...]]
    """Sublist -> its columns."""
    number: Column | None
    stamp: str = "lastmodifieddate"
    type: str = ""
    """The code of a transaction's type, empty for other tables."""
    by: bool = True
    """Whether the last user who changed it can be read."""
    currency: bool = True
    """Whether amounts have a currency beside them."""
    costs: bool = True
    """Whether lines of the cost of goods sold can be told apart."""
    stamped: bool = True
    """Whether lines have stamps of their own."""
    hidden: tuple[str, ...] = ()
    """Configured paths that do not exist, or that the role may not see."""

    @property
    def header(self) -> tuple[Column, ...]:
        """Every column of the record itself."""
        return self.columns if self.number is None else (*self.columns, self.number)

    @property
    def money(self) -> bool:
        """Whether anything of it is an amount whose currency is asked for."""
        parts = (self.columns, *self.lines.values())
        return self.currency and any(column.form is Form.MONEY for part in parts for column in part)

    def without(self, column: str) -> Layout | None:
        """Leave out a column that the vendor does not take, by its name in lower case; None where nothing is left out."""
        name = column.lower().rpartition(".")[2]
        if name == "currency" and self.money:
            return replace(self, currency=False)
        if name == "lastmodifiedby" and self.by:
            return replace(self, by=False)
        if name == "iscogs" and self.costs:
            return replace(self, costs=False)
        if name == "linelastmodifieddate" and self.stamped:
            return replace(self, stamped=False)
        left = tuple(each for each in self.columns if not _is(each, name))
        lines = {part: tuple(each for each in row if not _is(each, name)) for part, row in self.lines.items()}
        gone = [each.name for each in self.columns if _is(each, name)]
        gone += [f"{part}.{each.name}" for part, row in self.lines.items() for each in row if _is(each, name)]
        number = None if self.number is not None and _is(self.number, name) else self.number
        if not gone and number is self.number:
            return None
        kept = {part: row for part, row in lines.items() if row}
        return replace(self, columns=left, lines=MappingProxyType(kept), number=number, hidden=(*self.hidden, *gone))


def layout_of(name: str, kind: Kind) -> Layout:
    """Join settings and tables. Raises Misconfigured for a type that the bridge does not know and nobody describes."""
    record = kind.record or name
    code = "" if kind.table else TRANSACTIONS.get(record.lower(), "")
    table = kind.table or ("transaction" if code else OTHERS.get(record.lower(), ""))
    if not table:
        raise Misconfigured(f"{record} is no type that the bridge knows: name its table in SuiteQL (`table`).")
    known = HEADER if code else {}
    columns = tuple(
        _column(path, known, kind, index) for index, path in enumerate(path for path in kind.fields if "." not in path)
    )
    lines: dict[str, list[Column]] = {}
    for index, (sublist, rest) in enumerate(_of_lines(kind, record, code)):
        lines.setdefault(sublist, []).append(_line(sublist, rest, kind, index))
    return Layout(
        kind=name,
        table=table,
        columns=columns,
        lines=MappingProxyType({sublist: tuple(row) for sublist, row in lines.items()}),
        number=_number(kind, code, table),
        # Custom records call their stamp otherwise (A-NETSUITE-104).
        stamp="lastmodified" if table.lower().startswith("customrecord") else "lastmodifieddate",
        type=code,
        by=bool(code),
        currency=bool(code),
    )


def _of_lines(kind: Kind, record: str, code: str) -> Iterator[tuple[str, str]]:
    for path in kind.fields:
        sublist, dot, rest = path.partition(".")
        if not dot:
            continue
        if not code or sublist not in SUBLISTS:
            raise Misconfigured(f"{path} cannot be read of {record}: the lines of transactions are item and expense.")
        yield sublist, rest


def _column(path: str, known: Mapping[str, Known], kind: Kind, index: int) -> Column:
    found = known.get(path.lower(), Known(f"t.{path.lower()}", Form.TEXT))
    return Column(path, found.sql, kind.types.get(path, found.form), f"c{index}", found.target)


def _line(sublist: str, rest: str, kind: Kind, index: int) -> Column:
    found = LINE.get(rest.lower(), Known(f"n.{rest.lower()}", Form.TEXT))
    form = kind.types.get(f"{sublist}.{rest}", found.form)
    if form is Form.MONEY and rest.lower() in OWN_BOOKS:
        raise Misconfigured(
            f"{sublist}.{rest} is in the currency of the subsidiary's books, not in the document's: make it a number in "
            "`types`, and name its currency where the field is mapped."
        )
    return Column(rest, found.sql, form, f"c{index}", found.target)


def _number(kind: Kind, code: str, table: str) -> Column | None:
    numbers = {"item": "itemid", "customer": "entityid", "vendor": "entityid", "employee": "entityid"}
    name = kind.number or ("tranid" if code else numbers.get(table, ""))
    return Column(name, f"t.{name.lower()}", Form.TEXT, "doc_number") if name else None


def _is(column: Column, name: str) -> bool:
    return column.sql.rpartition(".")[2] == name
