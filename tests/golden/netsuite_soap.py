"""A row of the oracle as NetSuite's SOAP would answer it, read by the connector."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree  # type: ignore[import-untyped]  # has no types

from connectors.contract import Record
from tests.connectors.netsuite.soap.schema import WSDL, version
from tests.connectors.netsuite.soap.vendor import enveloped, found, got, spaces
from tests.golden import netsuite, scripted
from tests.golden.scripted import Asked, Said
from tests.golden.units import UnitRow

ID = "7001"
STAMP = "lastModifiedDate"


def path(row: UnitRow) -> str:
    """Name the field as the connector does: a list by its lines' name."""
    return row.field.replace("List.", ".")


def record(row: UnitRow) -> Record:
    """Read the row's record by its id."""

    def answer(asked: Asked) -> Said:
        body = etree.fromstring(asked.text.encode())
        if next(body.iter("{*}search"), None) is not None:
            return Said(200, enveloped(found(_unit_types(row)).body))
        refs = [(each.get("type"), each.get("internalId")) for each in body.iter("{*}baseRef")]
        told = (_purchase(row) if kind == "purchaseOrder" else _currency(row, id_) for kind, id_ in refs)
        return Said(200, enveloped(got(*told).body))

    kind = {"fields": [path(row)], "reading": "soap", "deletions": "none"}
    soap = {"soap": {"wsdl": str(WSDL), "version": version()}}
    return scripted.record(row, netsuite.settings(row, "user_zone", kind) | soap, answer, ID)


def _purchase(row: UnitRow) -> str:
    names = {"tranPurch": spaces()["purchases"], "platformCore": spaces()["core"]}
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in names.items())
    stamp = "" if STAMP in row.payload else f"<tranPurch:{STAMP}>{scripted.STAMP}</tranPurch:{STAMP}>"
    head = f'<messages:record {declared} internalId="{ID}" xsi:type="tranPurch:PurchaseOrder">'
    return f"{head}{row.payload}{stamp}</messages:record>"


def _currency(row: UnitRow, id_: str) -> str:
    [cells] = [each for each in row.metadata["currency"] if each["internalId"] == id_]
    inner = _elements({name: text for name, text in cells.items() if name in {"name", "symbol", "isBaseCurrency"}})
    return f'<messages:record internalId="{id_}" xsi:type="accounting:Currency">{inner}</messages:record>'


def _unit_types(row: UnitRow) -> list[str]:
    uoms = "".join(f"<accounting:uom>{_elements(each)}</accounting:uom>" for each in row.metadata.get("uomList", ()))
    listed = f"<accounting:uomList>{uoms}</accounting:uomList>"
    return [f'<core:record internalId="1" xsi:type="accounting:UnitsType">{listed}</core:record>'] if uoms else []


def _elements(cells: Mapping[str, str]) -> str:
    return "".join(f"<accounting:{name}>{text}</accounting:{name}>" for name, text in cells.items())
