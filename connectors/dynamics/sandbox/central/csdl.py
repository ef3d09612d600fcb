"""`$metadata`: the types, sets and enumerations of one API.

See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/developer/devenv-develop-custom-api
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

from starlette.responses import Response

from connectors.dynamics.sandbox.central.api import Call
from connectors.dynamics.sandbox.central.enums import ENUMS, escaped
from connectors.dynamics.sandbox.central.tables import ACTIONS, NAVIGATIONS, entity_name
from connectors.dynamics.sandbox.schema import Column, Table, Type

SPACE = "Microsoft.NAV"
_EDM = {
    Type.ID: "Edm.Guid",
    Type.DATE: "Edm.Date",
    Type.MOMENT: "Edm.DateTimeOffset",
    Type.BOOLEAN: "Edm.Boolean",
    Type.DECIMAL: "Edm.Decimal",
    Type.INTEGER: "Edm.Int32",
}


def document(call: Call) -> Response:
    """Return the document of the API that the path names."""
    tables = [table for table in call.place.catalogue.all() if call.serves(table)]
    enums = sorted({column.shared for table in tables for column in table.columns.values() if column.shared})
    types = "".join(_type(call, table) for table in tables)
    below = "".join(
        f'<NavigationProperty Name="{t.name}" Type="Collection({SPACE}.{entity_name(t)})" ContainsTarget="true" />'
        for t in tables
    )
    company = (
        '<EntityType Name="company"><Key><PropertyRef Name="id" /></Key><Property Name="id" Type="Edm.Guid" '
        'Nullable="false" /><Property Name="name" Type="Edm.String" /><Property Name="displayName" Type="Edm.String" />'
        f"{below}</EntityType>"
    )
    sets = "".join(_set(name, kind) for name, kind in _sets(tables))
    text = (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        f'<Schema Namespace="{SPACE}" xmlns="http://docs.oasis-open.org/odata/ns/edm">'
        f"{company}{types}{''.join(map(_enum, enums))}{''.join(_actions(call, tables))}"
        f'<EntityContainer Name="NAV">{sets}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>'
    )
    return Response(text, media_type="application/xml", headers={"OData-Version": "4.0"})


def _sets(tables: Iterable[Table]) -> list[tuple[str, str]]:
    return [("companies", "company"), *((table.name, entity_name(table)) for table in tables)]


def _set(name: str, kind: str) -> str:
    return f'<EntitySet Name="{name}" EntityType="{SPACE}.{kind}" />'


def _type(call: Call, table: Table) -> str:
    properties = "".join(map(_property, table.columns.values()))
    singles = "".join(
        f'<NavigationProperty Name="{name}" Type="{SPACE}.{entity_name(call.place.catalogue.get(target))}" />'
        for name, (target, columns) in NAVIGATIONS.items()
        if any(column in table.columns for column in columns)
    )
    many = "".join(
        f'<NavigationProperty Name="{name}" Type="Collection({SPACE}.{name.removesuffix("s")})" '
        'ContainsTarget="true" />'
        for name in table.collections
    )
    key = '<Key><PropertyRef Name="id" /></Key>'
    return f"<EntityType Name={quoteattr(entity_name(table))}>{key}{properties}{singles}{many}</EntityType>"


def _property(column: Column) -> str:
    kind = f"{SPACE}.{column.shared}" if column.shared else _EDM.get(column.type, "Edm.String")
    more = f' MaxLength="{column.length}"' if kind == "Edm.String" else ' Scale="Variable"' * (kind == "Edm.Decimal")
    nullable = ' Nullable="false"' if column.name == "id" else ""
    return f'<Property Name="{column.name}" Type="{kind}"{nullable}{more} />'


def _enum(name: str) -> str:
    members = "".join(f'<Member Name="{escaped(m)}" Value="{at}" />' for at, m in enumerate(ENUMS[name]))
    return f'<EnumType Name="{name}">{members}</EnumType>'


def _actions(call: Call, tables: Iterable[Table]) -> Iterable[str]:
    names = {table.name: entity_name(table) for table in tables}
    for (table, action), (route, _leaves) in ACTIONS.items():
        if table in names and route == call.route:
            bound = f'<Parameter Name="bindingParameter" Type="{SPACE}.{names[table]}" />'
            yield f'<Action Name="{action}" IsBound="true">{bound}</Action>'
