"""A row of the oracle as Salesforce would return it, read by the connector."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.contract import Record
from connectors.salesforce.layout import layout_of
from connectors.salesforce.records import record_of
from connectors.salesforce.settings import Kind
from tests.golden.rows import Row

STAMP = "2026-11-22T03:04:05.000+0000"
SYSTEM: Mapping[str, Any] = {"Id": "0065g00000AAAaaAAE", "SystemModstamp": STAMP, "IsDeleted": False}
TYPES = {"Id": "id", "SystemModstamp": "datetime", "IsDeleted": "boolean"}


def record(row: Row, paths: Iterable[str]) -> Record:
    """Read the row with these paths mapped."""

    def describe(name: str) -> Mapping[str, Any]:
        fields = _own(row) if name == row.kind else _related(row, name)
        return {"name": name, "replicateable": True, "fields": [{"name": each, **fields[each]} for each in fields]}

    layout = layout_of(row.kind, Kind(fields=tuple(paths), number="Id"), describe)
    return record_of({**SYSTEM, **row.literal}, layout, row.vendor, "https://example.my.salesforce.com")


def _own(row: Row) -> dict[str, Mapping[str, Any]]:
    system = {name: {"type": type_} for name, type_ in TYPES.items()}
    return {**system, **{path: entry for path, entry in row.described.items() if "." not in path}}


def _related(row: Row, name: str) -> dict[str, Mapping[str, Any]]:
    reached = {
        entry["relationshipName"]: entry["referenceTo"]
        for entry in row.described.values()
        if entry.get("relationshipName")
    }
    pairs = (path.split(".", 1) for path in row.described if "." in path)
    return {
        field: row.described[f"{relation}.{field}"] for relation, field in pairs if name in reached.get(relation, ())
    }
