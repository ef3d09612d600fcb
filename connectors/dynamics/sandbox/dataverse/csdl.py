"""`$metadata`: the types and sets of the service.

See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/web-api-service-documents
"""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from starlette.responses import Response

from connectors.dynamics.sandbox.dataverse.api import Call
from connectors.dynamics.sandbox.schema import CHOICES, LOOKUPS, Table, Type

_EDM = {
    Type.ID: "Edm.Guid",
    Type.INTEGER: "Edm.Int32",
    Type.BIGINT: "Edm.Int64",
    Type.DECIMAL: "Edm.Decimal",
    Type.MONEY: "Edm.Decimal",
    Type.DOUBLE: "Edm.Double",
    Type.BOOLEAN: "Edm.Boolean",
    Type.DATE: "Edm.Date",
    Type.MOMENT: "Edm.DateTimeOffset",
    Type.WALL: "Edm.DateTimeOffset",
    **dict.fromkeys(CHOICES, "Edm.Int32"),
    **dict.fromkeys(LOOKUPS, "Edm.Guid"),
}


def document(call: Call) -> Response:
    """Return the document; with `annotations=true` also which sets track changes."""
    tables = call.org.catalogue.all()
    annotated = call.options.raw.get("annotations") == "true"
    types = "".join(_type(call, table) for table in tables)
    sets = "".join(_set(table, annotated=annotated) for table in tables)
    text = (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        '<Schema Namespace="Microsoft.Dynamics.CRM" Alias="mscrm" xmlns="http://docs.oasis-open.org/odata/ns/edm">'
        f'{types}<EntityContainer Name="System">{sets}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>'
    )
    return Response(text, media_type="application/xml", headers={"OData-Version": "4.0"})


def _type(call: Call, table: Table) -> str:
    properties = "".join(
        f'<Property Name={quoteattr(column.property)} Type="{_EDM.get(column.type, "Edm.String")}" />'
        for column in table.columns.values()
    )
    singles = "".join(
        f'<NavigationProperty Name={quoteattr(table.navigation_to(column, target))} Type="mscrm.{target}" '
        'Nullable="true" />'
        for column in table.columns.values()
        for target in column.targets
        if column.type is not Type.OWNER
    )
    many = "".join(
        f'<NavigationProperty Name={quoteattr(name)} Type="Collection(mscrm.{collected.table})" />'
        for name, collected in table.collections.items()
        if call.org.catalogue.find(collected.table)
    )
    key = f'<Key><PropertyRef Name="{table.id_name}" /></Key>'
    return f'<EntityType Name="{table.name}">{key}{properties}{singles}{many}</EntityType>'


def _set(table: Table, *, annotated: bool) -> str:
    note = ""
    if annotated and table.tracked:
        note = (
            '<Annotation Term="Org.OData.Capabilities.V1.ChangeTracking"><Record>'
            '<PropertyValue Property="Supported" Bool="true" /></Record></Annotation>'
        )
    return f'<EntitySet Name="{table.set_name}" EntityType="Microsoft.Dynamics.CRM.{table.name}">{note}</EntitySet>'
