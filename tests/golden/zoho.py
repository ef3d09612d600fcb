"""A row of the oracle as Zoho CRM would return it, read by the connector."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.contract import Record
from connectors.zoho.layout import layout_of
from connectors.zoho.records import Origin, readout
from connectors.zoho.settings import Kind
from tests.golden.rows import Row

SYSTEM: Mapping[str, Any] = {"id": "5725767000000000001", "Modified_Time": "2026-11-22T11:04:05+08:00"}
TYPES = {"id": "bigint", "Modified_Time": "datetime"}


def record(row: Row, paths: Iterable[str]) -> Record:
    """Read the row with these paths mapped; of a subform every described field of its rows."""

    def describe(module: str) -> Mapping[str, Mapping[str, Any]]:
        fields = _own(row) if module == row.kind else _behind(row, module)
        return {name: {"api_name": name, **entry} for name, entry in fields.items()}

    wanted = tuple(each for path in paths for each in _cells(row, path))
    layout = layout_of(row.kind, Kind(fields=wanted, number="id"), describe)
    rows = {subform.name: row.literal[subform.name] for subform in layout.subforms}
    return readout({**SYSTEM, **row.literal}, layout, Origin(row.vendor, ""), rows).record


def _cells(row: Row, path: str) -> list[str]:
    if row.described.get(path, {}).get("data_type") != "subform":
        return [path]
    return [each for each in row.described if each.startswith(f"{path}.")]


def _own(row: Row) -> dict[str, Mapping[str, Any]]:
    system = {name: {"data_type": type_} for name, type_ in TYPES.items()}
    return {**system, **{path: entry for path, entry in row.described.items() if "." not in path}}


def _behind(row: Row, module: str) -> dict[str, Mapping[str, Any]]:
    return {
        path.partition(".")[2]: entry
        for path, entry in row.described.items()
        if "." in path and _module(row.described[path.partition(".")[0]]) == module
    }


def _module(entry: Mapping[str, Any]) -> str:
    if "subform" in entry:
        return str(entry["subform"]["module"])
    return str(entry["lookup"]["module"]["api_name"])
