"""Typed values as JSON and back, without losing a type: a Decimal never becomes a float, a date never a datetime."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from connectors.contract import HIDDEN, Choice, Hidden, Money, Quantity, Record, Ref, Scalar, Value

_encode = msgspec.json.Encoder().encode
_sorted = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder().decode


def _digits(value: Any) -> str:
    if type(value) is not Decimal:
        raise TypeError(f"a {type(value).__name__} where a Decimal belongs")
    return str(value)


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise TypeError("a time without a zone")
    return value.isoformat()


def _quantity(value: Quantity) -> list[Any]:
    base = [] if value.base is None else [_digits(value.base.value), value.base.unit]
    return ["qty", _digits(value.value), value.unit, *base]


def _tuple(value: tuple[Any, ...]) -> list[Any]:
    if all(type(each) is str for each in value):
        return ["list", *value]
    if all(isinstance(each, Mapping) for each in value):
        return ["rows", [_dump_row(row) for row in value]]
    raise TypeError("a tuple that is neither of texts nor of rows")


def _dump_row(row: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in row.items():
        if _is_table(value):
            raise TypeError(f"field {name!r}: rows inside a row")
    return dump_fields(row)


_DUMP: dict[type, Callable[[Any], Any]] = {
    str: lambda v: v,
    bool: lambda v: v,
    type(None): lambda v: v,
    Decimal: lambda v: ["n", str(v)],
    Money: lambda v: ["money", _digits(v.amount), v.currency],
    Quantity: _quantity,
    Choice: lambda v: ["choice", v.code, v.label],
    Ref: lambda v: ["ref", v.kind, v.id, v.label],
    datetime: lambda v: ["dt", _instant(v)],
    date: lambda v: ["d", v.isoformat()],
    tuple: _tuple,
    Hidden: lambda _: ["hidden"],
}

_LOAD: dict[str, Callable[[list[Any]], Value]] = {
    "n": lambda v: Decimal(v[1]),
    "money": lambda v: Money(Decimal(v[1]), v[2]),
    "qty": lambda v: Quantity(Decimal(v[1]), v[2], Quantity(Decimal(v[3]), v[4]) if len(v) > 3 else None),
    "choice": lambda v: Choice(v[1], v[2]),
    "ref": lambda v: Ref(v[1], v[2], v[3]),
    "dt": lambda v: datetime.fromisoformat(v[1]),
    "d": lambda v: date.fromisoformat(v[1]),
    "list": lambda v: tuple(v[1:]),
    "rows": lambda v: tuple(load_row(row) for row in v[1]),
    "hidden": lambda _: HIDDEN,
}


def dump_fields(fields: Mapping[str, Value]) -> dict[str, Any]:
    """Return plain JSON values.

    Raises `TypeError` for what the contract does not know: a float, also inside Money, or a datetime without a zone.
    """
    out = {}
    for name, value in fields.items():
        dump = _DUMP.get(type(value))
        if dump is None:
            raise TypeError(f"field {name!r}: a {type(value).__name__}, which no source may deliver")
        try:
            out[name] = dump(value)
        except TypeError as error:
            raise TypeError(f"field {name!r}: {error}") from None
    return out


def load_fields(plain: Mapping[str, Any]) -> dict[str, Value]:
    """Return what `dump_fields` was given."""
    return {k: _LOAD[v[0]](v) if isinstance(v, list) else v for k, v in plain.items()}


def load_row(plain: Mapping[str, Any]) -> dict[str, Scalar]:
    """Return one row of scalars (lines of a document hold no lines themselves)."""
    return {k: v for k, v in load_fields(plain).items() if not _is_table(v)}  # type: ignore[misc]  # narrowed by _is_table


def _is_table(value: Value) -> bool:
    return isinstance(value, tuple) and bool(value) and not isinstance(value[0], str)


def dump_record(record: Record) -> bytes:
    """Return a record as bytes, for sealing; raises `TypeError` as `dump_fields` does."""
    by = record.changed_by
    return _encode(
        [
            record.source,
            record.kind,
            record.id,
            record.version,
            _instant(record.stamp),
            dump_fields(record.fields),
            record.number,
            record.url,
            None if by is None else [by.kind, by.id, by.label],
            record.origin,
            None if record.occurred_at is None else _instant(record.occurred_at),
            record.deleted,
            # Few records have any, and what was written without it is still read.
            *([dump_fields(record.context)] if record.context else []),
        ]
    )


def load_record(data: bytes) -> Record:
    """Return what `dump_record` was given."""
    source, kind, id_, version, stamp, fields, number, url, by, origin, occurred, deleted, *context = _decode(data)
    return Record(
        source=source,
        kind=kind,
        id=id_,
        version=version,
        stamp=datetime.fromisoformat(stamp),
        fields=load_fields(fields),
        number=number,
        url=url,
        changed_by=None if by is None else Ref(*by),
        origin=origin,
        occurred_at=None if occurred is None else datetime.fromisoformat(occurred),
        deleted=deleted,
        context=load_fields(context[0]) if context else {},
    )


def canonical(fields: Mapping[str, Value]) -> bytes:
    """Return bytes for digests: equal exactly when the fields have the same names, types and written values.

    1.0 and 1.00 are two, and so are one instant with two offsets; the order of names, in rows too, says nothing.
    """
    return _sorted(dump_fields(fields))
