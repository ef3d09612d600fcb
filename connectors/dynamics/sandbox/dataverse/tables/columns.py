"""Short words for the columns of tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from connectors.dynamics.sandbox.schema import Collected, Column, Table, Type

STATES = {0: "Active", 1: "Inactive"}
REASONS = {1: ("Active", 0), 2: ("Inactive", 1)}


def text(name: str, label: str, length: int = 200, *, required: bool = False) -> Column:
    """A line of text."""
    return Column(name, Type.TEXT, label, length=length, required=required)


def memo(name: str, label: str) -> Column:
    """Text of many lines."""
    return Column(name, Type.MEMO, label, length=2000)


def whole(name: str, label: str) -> Column:
    """A whole number."""
    return Column(name, Type.INTEGER, label)


def decimal(name: str, label: str, scale: int = 5) -> Column:
    """A decimal number."""
    return Column(name, Type.DECIMAL, label, scale=scale)


def double(name: str, label: str, scale: int = 2) -> Column:
    """A floating number."""
    return Column(name, Type.DOUBLE, label, scale=scale)


def flag(name: str, label: str) -> Column:
    """Yes or no."""
    return Column(name, Type.BOOLEAN, label)


def day(name: str, label: str) -> Column:
    """A date without a time."""
    return Column(name, Type.DATE, label)


def moment(name: str, label: str, *, local: bool = True) -> Column:
    """A date and time: in UTC, or (`local=False`) the same on every clock of the world."""
    return Column(name, Type.MOMENT if local else Type.WALL, label)


def choice(name: str, label: str, options: Mapping[int, str], *, shared: str = "", required: bool = False) -> Column:
    """A choice; `shared` names a list of choices that several columns have."""
    return Column(name, Type.CHOICE, label, options=MappingProxyType(dict(options)), shared=shared, required=required)


def lookup(name: str, label: str, *targets: str) -> Column:
    """A look-up; one with two targets is a customer."""
    return Column(name, Type.CUSTOMER if len(targets) > 1 else Type.LOOKUP, label, targets=targets)


def money(name: str, label: str) -> tuple[Column, Column]:
    """An amount, and the same in the base currency."""
    return Column(name, Type.MONEY, label), Column(f"{name}_base", Type.MONEY, f"{label} (Base)", writable=False)


def state(states: Mapping[int, str], reasons: Mapping[int, tuple[str, int]]) -> tuple[Column, Column]:
    """The state of a row and its reason; a reason belongs to one state."""
    labels = MappingProxyType({code: label for code, (label, _state) in reasons.items()})
    belongs = MappingProxyType({code: of for code, (_label, of) in reasons.items()})
    return (
        Column("statecode", Type.STATE, "Status", options=MappingProxyType(dict(states))),
        Column("statuscode", Type.STATUS, "Status Reason", options=labels, states=belongs),
    )


def currency() -> tuple[Column, Column]:
    """The currency of a row's amounts and its rate to the base currency, as it was when they were written."""
    rate = Column("exchangerate", Type.DECIMAL, "Exchange Rate", writable=False, scale=12)
    return lookup("transactioncurrencyid", "Currency", "transactioncurrency"), rate


def table(
    name: str,
    set_name: str,
    columns: Iterable[Column],
    *,
    label: str,
    name_column: str = "name",
    keys: tuple[str, ...] = (),
    collections: Mapping[str, Collected] | None = None,
    owned: bool = True,
) -> Table:
    """Describe a table; who made and changed it, and whose it is, comes with each."""
    stamps = [
        Column(f"{name}id", Type.ID, label),
        *columns,
        *(_system(n, Type.MOMENT, of) for n, of in (("createdon", "Created On"), ("modifiedon", "Modified On"))),
        *(
            Column(n, Type.LOOKUP, of, targets=("systemuser",), writable=False)
            for n, of in (
                ("createdby", "Created By"),
                ("modifiedby", "Modified By"),
                ("createdonbehalfby", "Created By (Delegate)"),
                ("modifiedonbehalfby", "Modified By (Delegate)"),
            )
        ),
        _system("versionnumber", Type.BIGINT, "Version Number"),
    ]
    if owned:
        stamps += [
            Column("ownerid", Type.OWNER, "Owner", targets=("systemuser", "team")),
            Column(
                "owningbusinessunit", Type.LOOKUP, "Owning Business Unit", targets=("businessunit",), writable=False
            ),
        ]
    return Table(
        name,
        set_name,
        MappingProxyType({column.name: column for column in stamps}),
        name_column,
        label=label,
        keys=keys,
        collections=MappingProxyType(dict(collections or {})),
    )


def _system(name: str, kind: Type, label: str) -> Column:
    return Column(name, kind, label, writable=False)
