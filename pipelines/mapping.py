"""The mapping of a record: typed fields in, typed fields out, and a reason where a value cannot be trusted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal
from typing import Any

from connectors.contract import HIDDEN, Choice, Money, Quantity, Record, Ref, Row, Value
from pipelines.plan import FieldMap, FieldType, Kind
from pipelines.units import are_same, is_known
from pipelines.verdict import Reason
from pipelines.written import written

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_CURRENCY = re.compile(r"[A-Z]{3}")
"""The form of an ISO 4217 code: https://www.iso.org/iso-4217-currency-codes.html."""
_MOST_ZEROS = 100
"""No business number has more; written out in full, 1e999999999 would take all memory."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """The mapped fields by name; `problems` names those that could not be read. A field that was not read is in neither.

    The rows of a table hold all its columns by name, None where a row has no such cell.
    """

    fields: Mapping[str, Value]
    problems: Mapping[str, Reason]


class _Unreadable(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def map_record(kind: Kind, record: Record, *, first: bool = True) -> Mapped:
    """Read each mapped field of `record`, and of what lies around it where this is its first state.

    Free text is never parsed for a unit, and nothing is guessed.
    """
    source = {**record.context, **record.fields} if first and record.context else record.fields
    return _read_all(kind.fields, source, whole=not record.deleted, first=first and not record.deleted)


def _read_all(specs: Sequence[FieldMap], source: Mapping[str, Value], *, whole: bool, first: bool) -> Mapped:
    fields: dict[str, Value] = {}
    problems: dict[str, Reason] = {}
    for spec in specs:
        if spec.path not in source:
            if spec.required and whole:
                problems[spec.name] = Reason.REQUIRED_MISSING
            if spec.default is not None and first:
                fields[spec.name] = written(spec.type, spec.default)
            continue
        value = source[spec.path]
        if value is HIDDEN:
            problems[spec.name] = Reason.FIELD_HIDDEN
        elif value is None:
            if spec.required:
                problems[spec.name] = Reason.REQUIRED_MISSING
            fields[spec.name] = empty(spec)
        else:
            try:
                fields[spec.name] = _READ[spec.type](spec, value, source)
            except _Unreadable as error:
                problems[spec.name] = error.reason
    return Mapped(fields, problems)


def empty(spec: FieldMap) -> Value:
    """Return what an empty value of a field is: its default, or None."""
    return None if spec.default is None else written(spec.type, spec.default)


def _number(value: Value) -> Decimal:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = Decimal(value)
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) <= _MOST_ZEROS:
        return value
    raise _Unreadable(Reason.WRONG_TYPE)


def _beside(path: str, constant: str, source: Mapping[str, Value], missing: Reason) -> str:
    """Return the currency or unit of a bare number: from the field beside it, else the configured constant."""
    if path:
        value = source.get(path)
        if value is HIDDEN:
            raise _Unreadable(Reason.FIELD_HIDDEN)
        code = value.code if isinstance(value, Choice) else value
        if isinstance(code, str) and code.strip():
            return code.strip()
        raise _Unreadable(missing)
    if constant:
        return constant
    raise _Unreadable(missing)


def _money(spec: FieldMap, value: Value, source: Mapping[str, Value]) -> Money:
    # the currency that the source gives with an amount is believed, whatever the configuration says of bare ones
    if isinstance(value, Money):
        amount, code = _number(value.amount), value.currency
    else:
        amount = _number(value)
        code = _beside(spec.currency_path, spec.currency, source, Reason.NO_CURRENCY)
    if not _CURRENCY.fullmatch(code):
        raise _Unreadable(Reason.NO_CURRENCY)
    return Money(amount, code)


def _quantity(spec: FieldMap, value: Value, source: Mapping[str, Value]) -> Quantity:
    # the unit that the source gives with a quantity is the account's own, known to its people, and no code of the table
    if isinstance(value, Quantity):
        base = value.base
        if not value.unit.strip() or (base is not None and not base.unit.strip()):
            raise _Unreadable(Reason.NO_UNIT)
        read = Quantity(_number(value.value), value.unit, base and Quantity(_number(base.value), base.unit))
    else:
        read = Quantity(_number(value), _unit(spec, source))
    return _converted(spec, read) if spec.convert else read


def _unit(spec: FieldMap, source: Mapping[str, Value]) -> str:
    unit = _beside(spec.unit_path, spec.unit, source, Reason.NO_UNIT)
    if spec.unit or is_known(unit, spec.units):
        return unit
    beside = source.get(spec.unit_path)
    if isinstance(beside, Choice) and is_known(beside.label, spec.units):
        return beside.label
    raise _Unreadable(Reason.UNKNOWN_UNIT)


def _converted(spec: FieldMap, read: Quantity) -> Quantity:
    """Add the amount in the other unit, to the last digit; what the source counts itself is never contradicted."""
    found = next((each for unit, each in spec.convert.items() if are_same(unit, read.unit)), None)
    told = (read, read.base) if read.base else (read,)
    if found is None:
        if any(are_same(each.to, one.unit) for each in spec.convert.values() for one in told):
            return read
        raise _Unreadable(Reason.NO_FACTOR)
    digits = len(read.value.as_tuple().digits) + len(found.factor.as_tuple().digits)
    other = Context(prec=digits).multiply(read.value, found.factor)
    if read.base and are_same(found.to, read.base.unit) and read.base.value != other:
        raise _Unreadable(Reason.OTHER_FACTOR)
    return Quantity(read.value, read.unit, Quantity(other, found.to))


def outdated(spec: FieldMap, value: Value, source: Mapping[str, Value]) -> Reason | None:
    """Return why `value`, which was read earlier, no longer holds: only its currency or unit was read anew."""
    path = spec.currency_path or spec.unit_path
    if path not in source or not isinstance(value, Money | Quantity):
        return None
    beside = source[path]
    code = beside.code if isinstance(beside, Choice) else beside
    if isinstance(value, Money):
        return None if code == value.currency else Reason.NO_CURRENCY
    label = beside.label if isinstance(beside, Choice) else None
    return None if value.unit in {code, label} else Reason.NO_UNIT


def _text(_spec: FieldMap, value: Value, _source: Mapping[str, Value]) -> str:
    match value:
        case str():
            return value
        case Choice():
            return value.label or value.code
        case Ref():
            return value.label or value.id
        case Decimal():
            return str(value)
        case _:
            raise _Unreadable(Reason.WRONG_TYPE)


def _bool(_spec: FieldMap, value: Value, _source: Mapping[str, Value]) -> bool:
    if isinstance(value, bool):
        return value
    raise _Unreadable(Reason.WRONG_TYPE)


def _choice(_spec: FieldMap, value: Value, _source: Mapping[str, Value]) -> Choice:
    if isinstance(value, Choice):
        return value
    if isinstance(value, str):
        return Choice(value, value)
    raise _Unreadable(Reason.WRONG_TYPE)


def _ref(_spec: FieldMap, value: Value, _source: Mapping[str, Value]) -> Ref:
    if isinstance(value, Ref):
        return value
    if isinstance(value, str):
        return Ref("", value, value)
    raise _Unreadable(Reason.WRONG_TYPE)


def _date(_spec: FieldMap, value: Value, _source: Mapping[str, Value]) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise _Unreadable(Reason.WRONG_TYPE)


def _datetime(_spec: FieldMap, value: Value, _source: Mapping[str, Value]) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise _Unreadable(Reason.WRONG_TYPE) from None
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    raise _Unreadable(Reason.WRONG_TYPE)


def _list(_spec: FieldMap, value: Value, _source: Mapping[str, Value]) -> tuple[str, ...]:
    if isinstance(value, tuple) and all(isinstance(item, str) for item in value):
        return value  # type: ignore[return-value]  # the check above is what mypy cannot follow
    raise _Unreadable(Reason.WRONG_TYPE)


def _table(spec: FieldMap, value: Value, _source: Mapping[str, Value]) -> tuple[Row, ...]:
    """Read the columns of each row; one cell that cannot be trusted makes the whole table untrusted."""
    if not isinstance(value, tuple):
        raise _Unreadable(Reason.WRONG_TYPE)
    rows: list[Row] = []
    for row in value:
        if not isinstance(row, Mapping):
            raise _Unreadable(Reason.WRONG_TYPE)
        read = _read_all(spec.columns, row, whole=True, first=True)
        for problem in read.problems.values():
            raise _Unreadable(problem)
        # a column is never a table: the configuration checks that
        cells: Mapping[str, Any] = read.fields
        rows.append({column.name: cells.get(column.name) for column in spec.columns})
    return tuple(rows)


PYTHON: dict[FieldType, type] = {
    FieldType.TEXT: str,
    FieldType.BOOL: bool,
    FieldType.NUMBER: Decimal,
    FieldType.MONEY: Money,
    FieldType.QUANTITY: Quantity,
    FieldType.CHOICE: Choice,
    FieldType.REF: Ref,
    FieldType.DATE: date,
    FieldType.DATETIME: datetime,
    FieldType.LIST: tuple,
    FieldType.TABLE: tuple,
}
"""What a mapped field of each type holds when it is not empty."""

_READ: dict[FieldType, Callable[[FieldMap, Any, Mapping[str, Value]], Value]] = {
    FieldType.TEXT: _text,
    FieldType.BOOL: _bool,
    FieldType.NUMBER: lambda _spec, value, _source: _number(value),
    FieldType.MONEY: _money,
    FieldType.QUANTITY: _quantity,
    FieldType.CHOICE: _choice,
    FieldType.REF: _ref,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
    FieldType.LIST: _list,
    FieldType.TABLE: _table,
}
