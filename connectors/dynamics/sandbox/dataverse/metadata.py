"""Descriptions of tables and columns.

See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-metadata-web-api
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from starlette.responses import Response

from connectors.dynamics.sandbox.dataverse.api import Call, json, no_resource
from connectors.dynamics.sandbox.odata.address import plain
from connectors.dynamics.sandbox.odata.filters import Dialect, Operand, compiled
from connectors.dynamics.sandbox.odata.options import Options
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.schema import CHOICES, LOOKUPS, Column, Table, Type

_SPACE = uuid.UUID("6b1f4a9e-0c1d-4a55-9d51-0a6f2c7b8d10")
_DATES = {Type.MOMENT: "UserLocal", Type.DATE: "DateOnly", Type.WALL: "TimeZoneIndependent"}
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


def definitions(call: Call) -> Response:
    """Return definitions of tables, one of them, its attributes or keys; `$select`, `$filter` and `$expand`."""
    first, rest = call.segments[0], call.segments[1:]
    context = f"{call.root}/$metadata#EntityDefinitions"
    if first.args is None:
        listed = _filtered(call.options, [_definition(table) for table in call.org.catalogue.all()])
        briefs = [_selected(call.options, one, "MetadataId", "LogicalName") for one in listed]
        return json({"@odata.context": context, "value": briefs})
    table = _table(call, first.args)
    if not rest:
        whole = _definition(table)
        shown = _selected(call.options, whole, "MetadataId", "LogicalName")
        shown |= {one.name: _expanded(table, one.name, one.options) for one in call.options.expand}
        return json({"@odata.context": f"{context}/$entity", **shown})
    if rest[0].name == "Keys":
        return json({"@odata.context": f"{context}/Keys", "value": _keys(table)})
    if rest[0].name == "Attributes":
        return _attributes(call, table)
    raise no_resource(rest[0].name)


def document(call: Call) -> Response:
    """Return `$metadata`: types and sets; with `annotations=true` also which sets track changes."""
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


def _table(call: Call, args: Mapping[str, str]) -> Table:
    if "LogicalName" in args:
        found = call.org.catalogue.find(plain(args["LogicalName"]))
    else:
        found = next((t for t in call.org.catalogue.all() if _id(t.name) == args.get("", "").lower()), None)
    if found is None:
        message = f"Could not find an entity with the specified name: {', '.join(args.values())}."
        raise Refusal(404, "0x80060888", message)
    return found


def _attributes(call: Call, table: Table) -> Response:
    """Return attributes: all, one by name, or those of one kind."""
    step, cast = call.segments[1], call.segments[2:]
    kind = cast[0].name.removeprefix("Microsoft.Dynamics.CRM.") if cast else ""
    found = [_attribute(table, column) for column in table.columns.values()]
    if kind:
        found = [one for one in found if one["@odata.type"].endswith(f".{kind}")]
    context = f"{call.root}/$metadata#EntityDefinitions('{table.name}')/Attributes"
    if step.args is not None:
        name = plain(step.args.get("LogicalName", ""))
        found = [one for one in found if one["LogicalName"] == name]
        if not found:
            raise Refusal(404, "0x80060888", f"Could not find an attribute with the specified name: {name}.")
        return json({"@odata.context": f"{context}/$entity", **_shown(call.options, found[0])})
    return json(
        {"@odata.context": context, "value": [_shown(call.options, one) for one in _filtered(call.options, found)]}
    )


def _shown(options: Options, whole: Mapping[str, Any]) -> dict[str, Any]:
    shown = _selected(options, whole, "MetadataId", "LogicalName", "@odata.type")
    for one in options.expand:
        shown[one.name] = whole.get(one.name)
    if not options.expand:
        shown.pop("OptionSet", None)
    return shown


def _expanded(table: Table, name: str, options: Options) -> Sequence[Mapping[str, Any]]:
    if name == "Keys":
        return _keys(table)
    if name != "Attributes":
        raise Refusal(400, "0x80060888", f"Could not find a property named '{name}'.")
    attributes = _filtered(options, [_attribute(table, column) for column in table.columns.values()])
    return [_shown(options, one) for one in attributes]


def _selected(options: Options, whole: Mapping[str, Any], *always: str) -> dict[str, Any]:
    if not options.select:
        return dict(whole)
    unknown = [name for name in options.select if name not in whole]
    if unknown:
        raise Refusal(400, "0x80060888", f"Could not find a property named '{unknown[0]}'.")
    return {name: value for name, value in whole.items() if name in options.select or name in always}


def _filtered(options: Options, documents: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    if not options.filter:
        return documents
    test = compiled(options.filter, Dialect(lambda path: _operand(path, documents[0]), fold=False))
    return [one for one in documents if test(one)]


def _operand(path: str, example: Mapping[str, Any]) -> Operand:
    names = path.split("/")

    def of(document: Any) -> Any:
        for name in names:
            document = document.get(name) if isinstance(document, Mapping) else None
        return document

    shown = of(example)
    if shown is None:
        raise Refusal(400, "0x80060888", f"Could not find a property named '{path}'.")
    return Operand(path, of, Type.BOOLEAN if isinstance(shown, bool) else Type.TEXT)


def _definition(table: Table) -> dict[str, Any]:
    return {
        "MetadataId": _id(table.name),
        "LogicalName": table.name,
        "SchemaName": table.name.capitalize(),
        "EntitySetName": table.set_name,
        "LogicalCollectionName": table.set_name,
        "PrimaryIdAttribute": table.id_name,
        "PrimaryNameAttribute": table.name_column,
        "ChangeTrackingEnabled": table.tracked,
        "CanChangeTrackingBeEnabled": {"Value": True, "CanBeChanged": True},
        "IsOptimisticConcurrencyEnabled": True,
        "IsCustomEntity": False,
        "IsPrivate": False,
        "OwnershipType": "UserOwned" if "ownerid" in table.columns else "OrganizationOwned",
        "DisplayName": _label(table.label),
    }


def _attribute(table: Table, column: Column) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{_kind(column)}AttributeMetadata",
        "MetadataId": _id(f"{table.name}.{column.name}"),
        "LogicalName": column.name,
        "SchemaName": column.name.capitalize(),
        "EntityLogicalName": table.name,
        "AttributeType": "DateTime" if column.type in _DATES else str(column.type),
        "DisplayName": _label(column.label),
        "IsValidForRead": True,
        "IsValidForCreate": column.writable,
        "IsValidForUpdate": column.writable,
        "IsPrimaryId": column.name == table.id_name,
        "IsPrimaryName": column.name == table.name_column,
    }
    for belongs, more in _DETAILS:
        if belongs(column):
            whole |= more(column)
    return whole


def _kind(column: Column) -> str:
    if column.type in _DATES:
        return "DateTime"
    return "Lookup" if column.type in LOOKUPS else "UniqueIdentifier" if column.type is Type.ID else str(column.type)


def _date(column: Column) -> dict[str, Any]:
    day = column.type is Type.DATE
    return {"Format": "DateOnly" if day else "DateAndTime", "DateTimeBehavior": {"Value": _DATES[column.type]}}


def _options(column: Column) -> dict[str, Any]:
    options = []
    for code, label in column.options.items():
        option: dict[str, Any] = {"Value": code, "Label": _label(label)}
        if column.states:
            option["State"] = column.states[code]
        options.append(option)
    return {"OptionSet": {"MetadataId": _id(f"options.{column.name}"), "IsGlobal": False, "Options": options}}


_DETAILS: Sequence[tuple[Callable[[Column], bool], Callable[[Column], dict[str, Any]]]] = (
    (lambda c: c.type in _DATES, _date),
    (lambda c: c.type in CHOICES, _options),
    (lambda c: c.type in LOOKUPS, lambda c: {"Targets": list(c.targets)}),
    (lambda c: c.type in {Type.TEXT, Type.MEMO}, lambda c: {"MaxLength": c.length}),
    (lambda c: c.type in {Type.DECIMAL, Type.DOUBLE, Type.MONEY}, lambda c: {"Precision": c.scale}),
    (
        lambda c: c.type is Type.MONEY,
        lambda c: {"PrecisionSource": 2, "IsBaseCurrency": c.name.endswith("_base")},
    ),
)


def _keys(table: Table) -> list[dict[str, Any]]:
    return [
        {"MetadataId": _id(f"{table.name}.key.{name}"), "KeyAttributes": [name], "EntityKeyIndexStatus": "Active"}
        for name in table.keys
    ]


def _label(text: str) -> dict[str, Any]:
    label = {"Label": text, "LanguageCode": 1033, "IsManaged": True}
    return {"LocalizedLabels": [label], "UserLocalizedLabel": label}


def _id(name: str) -> str:
    return str(uuid.uuid5(_SPACE, name))


def _type(call: Call, table: Table) -> str:
    properties = "".join(
        f'<Property Name={quoteattr(column.property)} Type="{_EDM.get(column.type, "Edm.String")}" />'
        for column in table.columns.values()
    )
    singles = "".join(
        f'<NavigationProperty Name={quoteattr(_navigation(column, target))} Type="mscrm.{target}" Nullable="true" />'
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


def _navigation(column: Column, target: str) -> str:
    return column.name if len(column.targets) == 1 else f"{column.name}_{target}"


def _set(table: Table, *, annotated: bool) -> str:
    note = ""
    if annotated and table.tracked:
        note = (
            '<Annotation Term="Org.OData.Capabilities.V1.ChangeTracking"><Record>'
            '<PropertyValue Property="Supported" Bool="true" /></Record></Annotation>'
        )
    return f'<EntitySet Name="{table.set_name}" EntityType="Microsoft.Dynamics.CRM.{table.name}">{note}</EntitySet>'
