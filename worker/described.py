"""A mapping beside what the source says of its fields, before any record comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from connectors.contract import (
    Choice,
    ConnectorError,
    Described,
    Describes,
    Finding,
    Level,
    Money,
    Quantity,
    Ref,
)
from pipelines.plan import FieldMap, FieldType, Kind

FITTING: Mapping[FieldType, frozenset[type]] = {
    FieldType.TEXT: frozenset({str, Choice, Ref, Decimal}),
    FieldType.BOOL: frozenset({bool}),
    FieldType.NUMBER: frozenset({Decimal, str}),
    FieldType.MONEY: frozenset({Money, Decimal, str}),
    FieldType.QUANTITY: frozenset({Quantity, Decimal, str}),
    FieldType.CHOICE: frozenset({Choice, Ref, str}),
    FieldType.REF: frozenset({Ref, Choice, str}),
    FieldType.DATE: frozenset({date, str}),
    FieldType.DATETIME: frozenset({datetime, str}),
    FieldType.LIST: frozenset({tuple}),
    FieldType.TABLE: frozenset({tuple}),
}
"""What each type of a mapping can be read from; a text may hold any of them."""


def compared(client: object, kinds: Sequence[Kind]) -> Iterator[Finding]:
    """Give a finding for each mapped field that its source describes as another type; others are not spoken of.

    Whether a field is there at all, and may be read, is what the source's own checks tell.
    """
    if not isinstance(client, Describes):
        return
    for kind in kinds:
        try:
            described = client.describe(kind.kind)
        except ConnectorError:
            # the source's own checks have told of it
            continue
        yield from _misfits(kind, described)


def _misfits(kind: Kind, described: Sequence[Described]) -> Iterator[Finding]:
    # some sources do not mind how a name is written, and describe it in one way
    known = {each.path.casefold(): each for each in described} | {each.path: each for each in described}
    for path, spec in _paths(kind.fields):
        found = known.get(path) or known.get(path.casefold())
        if found is not None and found.value not in FITTING[spec.type]:
            sentence = (
                f"The source describes it as {found.value.__name__.lower()}, the mapping reads {spec.type}: facts that "
                "show it would be held. Correct its type."
            )
            yield Finding(f"{kind.kind}.{path}", Level.DOUBT, sentence)


def _paths(specs: Sequence[FieldMap]) -> Iterator[tuple[str, FieldMap]]:
    for spec in specs:
        yield spec.path, spec
        yield from ((f"{spec.path}.{column.path}", column) for column in spec.columns)
