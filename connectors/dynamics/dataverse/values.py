"""Values on their way back: written as Dataverse takes them, and compared with what a row holds.

https://learn.microsoft.com/power-apps/developer/data-platform/webapi/update-delete-entities-using-web-api
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from connectors.contract import Choice, Hidden, Money, Quantity, Record, Ref, Scalar
from connectors.dynamics.dataverse.layout import FORMS, Form
from connectors.dynamics.dataverse.schema import Attribute
from connectors.odata import guid, literal, moment, number


class Unwritable(Exception):
    """This value cannot be written. `str(error)` is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One value to write.

    `column` is what the row shows it under, `key` what it is written under; `held` is what the row's own form of `value`
    reads as.
    """

    column: str
    key: str
    value: Any
    held: Any

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a row has this value already."""
        raw = row.get(self.column)
        if self.column not in row or (raw is None) is not (self.held is None):
            return False
        try:
            return bool(_READ.get(type(self.held), _as_it_is)(raw) == self.held)
        except (ValueError, TypeError, AttributeError):
            return False


Bind = Callable[[str, Ref], tuple[str, str]]
"""Gives the navigation property of a look-up column for a target, and the target's address below the service."""


def cell(name: str, value: Scalar, record: Record, bind: Bind) -> Cell:
    """Return `value` for the column `name`; `record` is the present state. Raises Unwritable."""
    if isinstance(value, Hidden):
        raise Unwritable(f"{name} is hidden from the bridge, so it cannot be set.")
    if isinstance(value, Ref):
        navigation, target = bind(name, value)
        return Cell(f"_{name}_value", f"{navigation}@odata.bind", f"/{target}", guid(value.id))
    present = record.fields.get(name)
    if value is None and isinstance(present, Ref):
        raise Unwritable(f"{name} is a look-up, which cannot be emptied from here.")
    if isinstance(value, tuple):
        return cell_of_choices(name, value)
    if isinstance(value, datetime):
        at = value.astimezone(UTC).replace(microsecond=0)
        return Cell(name, name, literal(at), at)
    written = _written(name, value, record)
    return Cell(name, name, written, number(written) if isinstance(written, Decimal) else written)


def plain(name: str, value: bool | int | str, column: Attribute | None) -> Cell:
    """Return a value that the settings give, in the form that its column has. Raises Unwritable."""
    form = FORMS.get(column.type) if column is not None else None
    if form is None or form is Form.LINK:
        raise Unwritable(f"The settings name {name}, and there is no such column that a decision could write.")
    # The configuration gives text whatever the column is.
    text = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        if form is Form.CHOICES:
            return cell_of_choices(name, tuple(text.split(",")))
        read: Callable[[str], Any] = _PLAIN.get(form, _as_it_is)
        written = read(text)
    except (ValueError, KeyError):
        raise Unwritable(f"The settings give {name} a value that its column does not take.") from None
    return Cell(name, name, written, written)


def cell_of_choices(name: str, codes: tuple[str, ...]) -> Cell:
    """Return several choices for one column. Raises Unwritable."""
    found = frozenset(str(_code(name, each.strip())) for each in codes)
    return Cell(name, name, ",".join(sorted(found)) or None, found or None)


def _written(name: str, value: Scalar, record: Record) -> Any:
    if isinstance(value, Money):
        _same_currency(name, value, record)
        return value.amount
    if isinstance(value, Quantity):
        present = record.fields.get(name)
        if not isinstance(present, Quantity) or present.unit != value.unit:
            raise Unwritable(f"{name} is not kept in {value.unit} in Dataverse, so it cannot be set in it.")
        return value.value
    if isinstance(value, Choice):
        return _code(name, value.code)
    # An empty text is kept as none.
    return value.isoformat() if isinstance(value, date) else None if value == "" else value


def _same_currency(name: str, value: Money, record: Record) -> None:
    """A row has one currency for all its amounts, which an amount of its own cannot change."""
    present = record.fields.get(name)
    amounts = (present,) if isinstance(present, Money) else record.fields.values()
    kept = {each.currency for each in amounts if isinstance(each, Money)}
    if kept != {value.currency}:
        known = ", ".join(sorted(kept)) or "a currency that is not known here"
        raise Unwritable(f"{name} is kept in {known} in Dataverse, so it cannot be set in {value.currency}.")


def _code(name: str, code: str) -> int | bool:
    if code in {"true", "false"}:
        return code == "true"
    if not re.fullmatch(r"-?[0-9]{1,10}", code):
        raise Unwritable(f"{name} takes the number of a choice, and no other text.")
    return int(code)


def _as_it_is(raw: Any) -> Any:
    return raw


_READ: Mapping[type, Callable[[Any], Any]] = {
    UUID: guid,
    datetime: moment,
    Decimal: number,
    frozenset: lambda raw: frozenset(raw.split(",")),
}
_TRUTH = {"true": True, "false": False}
_PLAIN: Mapping[Form, Callable[[str], Any]] = {
    Form.CHOICE: int,
    Form.NUMBER: number,
    Form.MONEY: number,
    Form.TRUTH: _TRUTH.__getitem__,
}
