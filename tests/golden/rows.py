"""The oracle's table: what a vendor returns, and the line that a message must then show.

`crm.tsv` is typed from the vendors' pages and the product's documented rules of rendering, never from the mappings. Its
cells are plain text between tabs; in `line` a character that an editor may hide is written as in JSON: `\\n`, `\\u202f`.
In `metadata` stand the vendor's own descriptions of fields by path, and under `mapping` the operator's entry for a field
that the starting mapping leaves to the operator.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

CRM = Path(__file__).with_name("crm.tsv")
MAPPING = "mapping"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the oracle. Numbers of `literal` are decimals, as both vendors' clients parse them."""

    id: str
    vendor: str
    kind: str
    field: str
    literal: Mapping[str, Any]
    described: Mapping[str, Mapping[str, Any]]
    mapping: Mapping[str, str] | None
    locale: str
    zone: str
    line: str
    source: str


def read(path: Path = CRM) -> list[Row]:
    """Read the whole table."""
    heading, *lines = path.read_text(encoding="utf-8").splitlines()
    names = heading.split("\t")
    return [_row(dict(zip(names, line.split("\t"), strict=True))) for line in lines]


def _row(cells: dict[str, str]) -> Row:
    metadata = json.loads(cells.pop("metadata"))
    mapping = metadata.pop(MAPPING, None)
    literal = json.loads(cells.pop("literal"), parse_float=Decimal)
    line = json.loads(f'"{cells.pop("line")}"')
    return Row(**cells, literal=literal, described=metadata, mapping=mapping, line=line)
