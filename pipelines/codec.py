"""Typed values as JSON and back, without losing a type: a Decimal never becomes a float, a date never a datetime."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from connectors.contract import HIDDEN, Choice, Hidden, Money, Quantity, Record, Ref, Scalar, Value

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def _row(value: tuple[Any, ...]) -> list[Any]:
    if value and not isinstance(value[0], str):
        return ["rows", [dump_fields(row) for row in value]]
    return ["list", *value]


_DUMP: dict[type, Callable[[Any], Any]] = {
    str: lambda v: v,
    bool: lambda v: v,
    type(None): lambda v: v,
    Decimal: lambda v: ["n", str(v)],
    Money: lambda v: ["money", str(v.amount), v.currency],
    Quantity: lambda v: ["qty", str(v.value), v.unit],
    Choice: lambda v: ["choice", v.code, v.label],
    Ref: lambda v: ["ref", v.kind, v.id, v.label],
    datetime: lambda v: ["dt", v.isoformat()],
    date: lambda v: ["d", v.isoformat()],
    tuple: _row,
    Hidden: lambda _: ["hidden"],
}

_LOAD: dict[str, Callable[[list[Any]], Value]] = {
    "n": lambda v: Decimal(v[1]),
    "money": lambda v: Money(Decimal(v[1]), v[2]),
    "qty": lambda v: Quantity(Decimal(v[1]), v[2]),
    "choice": lambda v: Choice(v[1], v[2]),
    "ref": lambda v: Ref(v[1], v[2], v[3]),
    "dt": lambda v: datetime.fromisoformat(v[1]),
    "d": lambda v: date.fromisoformat(v[1]),
    "list": lambda v: tuple(v[1:]),
    "rows": lambda v: tuple(load_row(row) for row in v[1]),
    "hidden": lambda _: HIDDEN,
}


def dump_fields(fields: Mapping[str, Value]) -> dict[str, Any]:
    """Return plain JSON values; raises `TypeError` for a type that the contract does not know (a float, say)."""
    out = {}
    for name, value in fields.items():
        dump = _DUMP.get(type(value))
        if dump is None:
            raise TypeError(f"field {name!r} holds a {type(value).__name__}, which no source may deliver")
        out[name] = dump(value)
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
    """Return a record as bytes, for sealing."""
    by = record.changed_by
    return _encode(
        [
            record.source,
            record.kind,
            record.id,
            record.version,
            record.stamp.isoformat(),
            dump_fields(record.fields),
            record.number,
            record.url,
            None if by is None else [by.kind, by.id, by.label],
            record.origin,
            None if record.occurred_at is None else record.occurred_at.isoformat(),
            record.deleted,
        ]
    )


def load_record(data: bytes) -> Record:
    """Return what `dump_record` was given."""
    source, kind, id_, version, stamp, fields, number, url, by, origin, occurred, deleted = _decode(data)
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
    )


def canonical(fields: Mapping[str, Value]) -> bytes:
    """Return bytes that are equal exactly when the fields and their values are, for digests."""
    plain = dump_fields(fields)
    return _encode([[k, plain[k]] for k in sorted(plain)])
