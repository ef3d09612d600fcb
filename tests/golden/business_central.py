"""A row of the oracle as Business Central would answer it, read by the connector."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote
from xml.sax.saxutils import quoteattr

from connectors.contract import Record
from tests.connectors.dynamics.business_central.vendor import API, BELOW, COMPANY, NAME, TOKEN
from tests.golden import scripted
from tests.golden.scripted import Asked, Said
from tests.golden.units import UnitRow

ID = "b6f4017a-b749-ee11-ad0b-a1422c0f7f1f"
SYSTEM = {"id": ID, "number": "108001", "lastModifiedDateTime": scripted.STAMP}
EDM = {"date": "Edm.Date", "datetime": "Edm.DateTimeOffset"}
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def path(row: UnitRow) -> str:
    """Name the field: the connector names properties as the vendor does."""
    return row.field


def record(row: UnitRow) -> Record:
    """Read the row from a company that holds nothing else."""
    answers = {
        TOKEN: {"token_type": "Bearer", "expires_in": 3599, "access_token": "token-1"},
        f"{API}companies": {"value": [{"id": COMPANY, "name": NAME}]},
        f"{API}$metadata": _metadata(row).encode(),
        f"{BELOW}{row.kind}": {"value": [SYSTEM | scripted.parsed(row.payload)]},
    }
    if "generalLedgerSetup" in row.metadata:
        answers[f"{BELOW}generalLedgerSetup"] = {"value": [row.metadata["generalLedgerSetup"]]}

    def answer(asked: Asked) -> Said:
        body = answers.get(unquote(asked.target.partition("?")[0]))
        return Said(404, {"error": {"code": "BadRequest_NotFound", "message": ""}}) if body is None else Said(200, body)

    settings = {
        "tenant": "contoso.example",
        "company": COMPANY,
        "client_id": "app",
        "client_secret": "secret-1",
        "kinds": {row.kind: {"fields": [path(row)]}},
    }
    return scripted.record(row, settings, answer, ID)


def _metadata(row: UnitRow) -> str:
    """Describe the properties that the row has, by what they hold and how the operator maps the one that is told."""
    document = SYSTEM | scripted.parsed(row.payload)
    one = _singular(row.kind)
    parts = [*_entity(one, document, row), *_enum(row)]
    for name, cells in document.items():
        if isinstance(cells, list):
            parts += _entity(_singular(name), {"id": ID} | cells[0], row)
    return (
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        f'<Schema Namespace="Microsoft.NAV" xmlns="http://docs.oasis-open.org/odata/ns/edm">{"".join(parts)}'
        f'<EntityContainer Name="NAV"><EntitySet Name="{row.kind}" EntityType="Microsoft.NAV.{one}"/>'
        "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"
    )


def _entity(name: str, cells: Mapping[str, Any], row: UnitRow) -> Iterator[str]:
    yield f'<EntityType Name="{name}"><Key><PropertyRef Name="id"/></Key>'
    for prop, value in cells.items():
        if isinstance(value, list):
            kind = f"Collection(Microsoft.NAV.{_singular(prop)})"
            yield f'<NavigationProperty Name="{prop}" Type="{kind}" ContainsTarget="true"/>'
            continue
        told = row.mapping["type"] if prop == row.field.rpartition(".")[2] else ""
        yield f'<Property Name="{prop}" Type="{_type(prop, value, told)}"/>'
        if prop.endswith("Id"):
            stem = prop.removesuffix("Id")
            yield f'<NavigationProperty Name="{stem}" Type="Microsoft.NAV.{stem}">'
            yield f'<ReferentialConstraint Property="{prop}" ReferencedProperty="id"/></NavigationProperty>'
    yield "</EntityType>"


def _type(prop: str, value: Any, told: str) -> str:
    if isinstance(value, bool):
        return "Edm.Boolean"
    if scripted.numeric(value):
        return "Edm.Decimal"
    if told == "choice":
        return f"Microsoft.NAV.{prop}"
    if prop == "lastModifiedDateTime":
        return "Edm.DateTimeOffset"
    return "Edm.Guid" if GUID.fullmatch(value) else EDM.get(told, "Edm.String")


def _enum(row: UnitRow) -> Iterator[str]:
    if row.mapping["type"] == "choice":
        value = scripted.parsed(row.payload)[row.field]
        yield f'<EnumType Name="{row.field}"><Member Name={quoteattr(value)} Value="0"/></EnumType>'


def _singular(entity_set: str) -> str:
    return entity_set.removesuffix("ies") + "y" if entity_set.endswith("ies") else entity_set.removesuffix("s")
