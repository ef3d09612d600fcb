"""A field as its readers see it: its value in the style, with the decimals and the unit's name that its mapping gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from connectors.contract import Quantity, Row, Value
from pipelines import texts
from pipelines.plan import FieldMap, Style
from pipelines.units import named


def shown(spec: FieldMap, value: Value, zone: str, locale: str) -> str:
    """Return a value as a reader of `locale` in `zone` should see it. No digit that it has is left out."""
    match value:
        case Quantity():
            return _quantity(spec, value, locale)
        case Decimal():
            return _number(spec, value, locale)
        case datetime() if spec.style is not None:
            return texts.moment(value, zone, locale, spec.style)
        case date() if spec.style is not None and not isinstance(value, datetime):
            return texts.day(value, locale, spec.style)
        case _:
            return texts.text(value, zone, locale)


def row(columns: Sequence[FieldMap], cells: Row, zone: str, locale: str) -> str:
    """Return one row of a table on one line: its first cell, and after it each one that is not empty by its label."""
    specs = {column.name: column for column in columns}
    told = []
    for place, (name, value) in enumerate(cells.items()):
        if place and value is None:
            continue
        spec = specs.get(name)
        said = shown(spec, value, zone, locale) if spec else texts.text(value, zone, locale)
        told.append(f"{spec.label}: {said}" if spec and spec.label and place else said)
    return " · ".join(told) or texts.EMPTY


def _number(spec: FieldMap, value: Decimal, locale: str) -> str:
    if spec.style is Style.RATIO:
        return f"{texts.number(_hundredfold(value), locale, spec.decimals)} %"
    return texts.number(value, locale, spec.decimals, grouped=spec.style is not Style.PLAIN)


def _hundredfold(value: Decimal) -> Decimal:
    # a product would be rounded to the digits of the context
    sign, digits, exponent = value.as_tuple()
    return Decimal((sign, digits, int(exponent) + 2))


def _quantity(spec: FieldMap, value: Quantity, locale: str) -> str:
    own = _named(spec)
    first = _counted(value, spec.decimals, own, locale)
    if value.base is None or value.base.unit == value.unit:
        return first
    return f"{first} (= {_counted(value.base, None, spec.units if spec.convert else own, locale)})"


def _named(spec: FieldMap) -> Mapping[str, str] | None:
    """Return the units that have names here; None where the source gives its own with each quantity."""
    return spec.units if spec.unit or spec.unit_path else None


def _counted(value: Quantity, decimals: int | None, own: Mapping[str, str] | None, locale: str) -> str:
    unit = value.unit if own is None else named(value.unit, value.value, own, locale)
    return f"{texts.number(value.value, locale, decimals)} {unit}"
