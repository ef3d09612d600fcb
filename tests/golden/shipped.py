"""The starting mappings of a connector, loaded as an operator loads them."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from config.bridge import load
from config.compile import kind
from config.declared import Declared
from config.model import KindEntry
from pipelines.plan import FieldMap, Kind
from tests.config.starting.copies import ENVIRON, copied
from tests.golden.rows import Row

NOTHING_ELSE = Declared({}, frozenset(), frozenset(), (), complete=False)


class Unmapped(AssertionError):
    """The starting mapping does not read what the oracle asks for."""


def spec_of(row: Row) -> FieldMap:
    """Return the operator's entry of the row, else that of the starting mapping. Raises Unmapped."""
    if row.mapping is not None:
        entry = KindEntry.model_validate({"fields": {"told": row.mapping}}, context=NOTHING_ELSE)
        return kind(row.vendor, row.kind, entry).fields[0]
    kinds = [each for (_, name), each in _kinds(row.vendor).items() if name == row.kind]
    found = [spec for each in kinds for spec in each.fields if spec.path in _paths(row)]
    if not found:
        raise Unmapped(f"{row.id}: the starting mapping of {row.vendor} {row.kind} has no field {row.field}")
    return found[0]


def _paths(row: Row) -> set[str]:
    """What the field may be called in a mapping: a link by itself or by the name behind it."""
    link = {row.field.removesuffix(".Name") + "Id"} if row.field.endswith(".Name") else set()
    behind = {path for path in row.described if path.startswith(f"{row.field}.")}
    return {row.field} | link | behind


@cache
def _kinds(vendor: str) -> dict[tuple[str, str], Kind]:
    with tempfile.TemporaryDirectory() as folder:
        return dict(load(copied(Path(folder), vendor), environ=ENVIRON).plan.kinds)
