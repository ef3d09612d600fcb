"""A row of the oracle as Dataverse would answer it, read by the connector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract import Record
from tests.connectors.dynamics.dataverse.described import describe
from tests.connectors.dynamics.dataverse.tables import Table
from tests.connectors.dynamics.dataverse.vendor import TENANT, Vendor, error
from tests.connectors.dynamics.dataverse.vendor import Asked as Request
from tests.golden import scripted
from tests.golden.scripted import Asked, Said
from tests.golden.units import UnitRow

URL = "https://example.crm.dynamics.com"
ID = "5f2c0000-0000-0000-0000-000000000001"
LINES = {"order_details": "salesorderdetail"}
"""Navigation property of an order -> table."""
SYSTEM = {"modifiedon": "DateTime"}
CURRENCY = {"transactioncurrencyid": "Lookup:transactioncurrency"}
KINDS = {"Customer": "Customer:account,contact"}


def path(row: UnitRow) -> str:
    """Name the field as the connector does: a look-up by its column, lines by their table."""
    head, dot, name = row.field.rpartition(".")
    column = name.removeprefix("_").removesuffix("_value") if name.startswith("_") else name
    return f"{LINES[head]}.{column}" if dot else column


def record(row: UnitRow) -> Record:
    """Read the row from an environment that holds nothing else."""
    vendor = Vendor()
    _describe(vendor, row)
    _fill(vendor, row)

    def answer(asked: Asked) -> Said:
        said = vendor.answer(Request(asked.method, asked.target, asked.headers, asked.text))
        return Said(said.status, said.body, said.headers)

    settings = {
        "url": URL,
        "tenant": TENANT,
        "client_id": "app",
        "client_secret": "secret-1",
        "zone": row.metadata.get("user_zone"),
        "kinds": {row.kind: {"fields": [path(row)], "number": f"{row.kind}id"}},
    }
    return scripted.record(row, settings, answer, ID)


def _describe(vendor: Vendor, row: UnitRow) -> None:
    own, lines = _columns(row, ""), {}
    for head, table in LINES.items():
        lines = _columns(row, f"{head}.") | {"uomid": "Lookup:uom", f"{row.kind}id": f"Lookup:{row.kind}"}
        describe(vendor, table, f"{table}s", {f"{table}id": "Uniqueidentifier", **SYSTEM, **lines})
    priced = CURRENCY if "transactioncurrencies" in row.metadata else {}
    describe(vendor, row.kind, f"{row.kind}s", {f"{row.kind}id": "Uniqueidentifier", **SYSTEM, **priced, **own})


def _columns(row: UnitRow, prefix: str) -> dict[str, str]:
    """Describe what the row describes; an amount in the base currency has one in the document's own beside it."""
    found = {
        name.removeprefix(prefix): _type(entry)
        for name, entry in row.metadata["attributes"].items()
        if name.startswith(prefix) and "." not in name.removeprefix(prefix)
    }
    return {name.removesuffix("_base"): type_ for name, type_ in found.items()} | found


def _type(entry: Mapping[str, Any]) -> str:
    kind = str(entry["AttributeType"])
    if kind == "DateTime":
        return f"{kind}:{entry['DateTimeBehavior']}:{entry['Format']}"
    return f"{kind}:{entry['AttributeTypeName']}" if kind == "Virtual" else KINDS.get(kind, kind)


def _fill(vendor: Vendor, row: UnitRow) -> None:
    document = dict(scripted.parsed(row.payload))
    lines = {table: document.pop(head, []) for head, table in LINES.items()}
    key = f"{row.kind}id"
    _table(vendor, row.kind + "s", key, [{**document, key: ID}])
    for table, rows in lines.items():
        own = f"{table}id"
        belong = [{own: f"{place:08}-0000-0000-0000-000000000000", f"_{key}_value": ID} for place in range(len(rows))]
        held = _table(vendor, f"{table}s", own, [{**line, **ids} for line, ids in zip(rows, belong, strict=True)])
        held.key = key
    _table(vendor, "transactioncurrencies", "transactioncurrencyid", row.metadata.get("transactioncurrencies", []))
    _table(vendor, "organizations", "organizationid", [{"organizationid": ID, **row.metadata.get("organization", {})}])
    if "uoms" in row.metadata:
        _table(vendor, "uoms", "uomid", row.metadata["uoms"])
    else:
        vendor.on("uoms", error("0x80040220", 403, "Principal user is missing prvReadUoM privilege."))


def _table(vendor: Vendor, entity_set: str, key: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(vendor, entity_set, key)
    table.rows = {each[key]: {"modifiedon": scripted.STAMP, **each} for each in rows}
    return table
