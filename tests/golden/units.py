"""The oracle's second table: amounts, quantities with their units, days and times of two ERPs.

`units.tsv` has the form of `crm.tsv` and one column more: `note` says what the vendor's page leaves open; a note that
holds "unverified" rests on no vendor's page. `literal` is JSON, or for NetSuite's SOAP the elements inside a record, with
the prefixes of its schema. A field with a dot stands in the lines of a document; then `line` has a line for each of them.

In `metadata` stands what else the vendor says, by the vendor's own names: currencies, units with their factors, labels,
time zones, behaviours of columns. `mapping` is the operator's entry, whose path is the vendor's name of the field.

A line `held: …` is the reason for which one fact waits, `stopped: …` the error that ends the reading of a kind.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.golden.rows import MAPPING

UNITS = Path(__file__).with_name("units.tsv")
UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One line of the oracle. `payload` is the text as it comes, no number of it read yet."""

    id: str
    vendor: str
    kind: str
    field: str
    payload: str
    metadata: Mapping[str, Any]
    mapping: Mapping[str, str]
    locale: str
    zone: str
    line: str
    source: str
    note: str

    @property
    def soap(self) -> bool:
        """Whether the payload is XML."""
        return self.payload.startswith("<")


def read(path: Path = UNITS) -> list[UnitRow]:
    """Read the whole table. Numbers of the metadata are decimals."""
    heading, *lines = path.read_text(encoding="utf-8").splitlines()
    names = heading.split("\t")
    return [_row(dict(zip(names, line.split("\t"), strict=True))) for line in lines]


def _row(cells: dict[str, str]) -> UnitRow:
    metadata = json.loads(cells.pop("metadata"), parse_float=Decimal)
    mapping = metadata.pop(MAPPING)
    line = json.loads(f'"{cells.pop("line")}"')
    payload = cells.pop("literal")
    return UnitRow(**cells, payload=payload, metadata=metadata, mapping=mapping, line=line)
