"""Questions for the descriptions of tables and columns.

See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-metadata-web-api
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from connectors.dynamics.sandbox.dataverse import definitions
from connectors.dynamics.sandbox.dataverse.api import Call, json, no_resource
from connectors.dynamics.sandbox.dataverse.definitions import Document
from connectors.dynamics.sandbox.dataverse.lookups import links_of
from connectors.dynamics.sandbox.odata.address import Segment, plain
from connectors.dynamics.sandbox.odata.filters import Dialect, Operand, compiled
from connectors.dynamics.sandbox.odata.options import Options
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.schema import Column, Table, Type

CAST = "Microsoft.Dynamics.CRM."
ALWAYS = ("MetadataId", "@odata.type")
"""What is told even when `$select` does not name it."""


def answer(call: Call) -> Response:
    """Answer a path that begins with `EntityDefinitions`. Raises `Refusal` 400, 404."""
    first, rest = call.segments[0], call.segments[1:]
    context = f"{call.root}/$metadata#EntityDefinitions"
    if first.args is None:
        tables = list(call.org.catalogue.all())
        listed = _filtered(call.options, [definitions.entity(table) for table in tables])
        by_name = {table.name: table for table in tables}
        shown = [_entity(call, by_name[one["LogicalName"]], one) for one in listed]
        return json({"@odata.context": context, "value": shown})
    table = _table(call, first)
    if not rest:
        return json({"@odata.context": f"{context}/$entity", **_entity(call, table, definitions.entity(table))})
    context = f"{context}('{table.name}')/{rest[0].name}"
    if rest[0].name == "Attributes":
        return _attributes(call, table, context)
    found = _filtered(call.options, _navigation(call, table, rest[0].name))
    return json({"@odata.context": context, "value": [_selected(call.options, one) for one in found]})


def _table(call: Call, segment: Segment) -> Table:
    args = segment.args or {}
    if "LogicalName" in args:
        found = call.org.catalogue.find(plain(args["LogicalName"]))
    else:
        wanted = args.get("", args.get("MetadataId", "")).lower()
        found = next((t for t in call.org.catalogue.all() if definitions.id_of(t.name) == wanted), None)
    if found is None:
        message = f"Could not find an entity with the specified name: {', '.join(args.values())}."
        raise Refusal(404, "0x80060888", message)
    return found


def _entity(call: Call, table: Table, whole: Document) -> dict[str, Any]:
    shown = _selected(call.options, whole)
    for one in call.options.expand:
        if one.name == "Attributes":
            columns = _columns(call, table, "", one.options)
            shown[one.name] = [_column(call, table, column, "", one.options) for column in columns]
        else:
            found = _filtered(one.options, _navigation(call, table, one.name))
            shown[one.name] = [_selected(one.options, document) for document in found]
    return shown


def _navigation(call: Call, table: Table, name: str) -> Sequence[Document]:
    """Return what a collection-valued navigation of a definition leads to."""
    if name == "Keys":
        return definitions.keys(table)
    if name == "ManyToOneRelationships":
        return definitions.many_to_one(call.org, table)
    if name == "OneToManyRelationships":
        return definitions.one_to_many(call.org, table)
    if name == "ManyToManyRelationships":
        return [_many_to_many(table, navigation, other) for navigation, other in links_of(table)]
    raise no_resource(name)


def _many_to_many(table: Table, navigation: str, other: str) -> dict[str, Any]:
    return {
        "MetadataId": definitions.id_of(f"relationship.{navigation}"),
        "SchemaName": navigation,
        "RelationshipType": "ManyToManyRelationship",
        "Entity1LogicalName": table.name,
        "Entity1NavigationPropertyName": navigation,
        "Entity2LogicalName": other,
        "Entity2NavigationPropertyName": navigation,
    }


def _attributes(call: Call, table: Table, context: str) -> Response:
    """Return columns: all, those of one kind, one of them, or the choices of one."""
    step, rest = call.segments[1], list(call.segments[2:])
    kind = rest.pop(0).name.removeprefix(CAST).removesuffix("AttributeMetadata") if rest else ""
    found = _columns(call, table, kind, call.options)
    if step.args is None:
        return json(
            {"@odata.context": context, "value": [_column(call, table, one, kind, call.options) for one in found]}
        )
    name = plain(step.args.get("LogicalName", ""))
    wanted = step.args.get("", step.args.get("MetadataId", "")).lower()
    one = next((c for c in found if c.name == name or definitions.id_of(f"{table.name}.{c.name}") == wanted), None)
    if one is None:
        raise Refusal(404, "0x80060888", f"Could not find an attribute with the specified name: {name or wanted}.")
    if rest:
        return _choices(call, table, one, f"{context}/{rest[0].name}")
    return json({"@odata.context": f"{context}/$entity", **_column(call, table, one, kind, call.options)})


def _choices(call: Call, table: Table, column: Column, context: str) -> Response:
    name = call.segments[3].name
    sets = definitions.option_sets(table, column)
    if name not in sets:
        raise no_resource(name)
    if sets[name] is None:
        return Response(status_code=204, headers={"OData-Version": "4.0"})
    return json({"@odata.context": f"{context}/$entity", **_selected(call.options, sets[name])})


def _columns(call: Call, table: Table, kind: str, options: Options) -> Sequence[Column]:
    """Return the columns of a kind that a filter lets through."""
    documents = {
        column.name: _whole(call, table, column, kind)
        for column in table.columns.values()
        if not kind or definitions.kind_of(column) == kind
    }
    return [table.columns[one["LogicalName"]] for one in _filtered(options, list(documents.values()))]


def _whole(call: Call, table: Table, column: Column, kind: str) -> dict[str, Any]:
    """Return the properties of a column: only a cast has those that belong to its kind."""
    shown = definitions.attribute(call.org, table, column)
    # A-DYNAMICS-23: the page says that without a cast there is only what all columns have
    if kind or call.org.switches.uncast_attributes == "whole":
        shown |= definitions.of_kind(column)
    return shown


def _column(call: Call, table: Table, column: Column, kind: str, options: Options) -> dict[str, Any]:
    shown = _selected(options, _whole(call, table, column, kind))
    if kind:
        shown.pop("@odata.type", None)
    sets = definitions.option_sets(table, column) if kind else {}
    for one in options.expand:
        if one.name not in sets:
            raise _unknown(one.name)
        shown[one.name] = _selected(one.options, sets[one.name]) if sets[one.name] is not None else None
    return shown


def _selected(options: Options, whole: Document) -> dict[str, Any]:
    if not options.select:
        return dict(whole)
    unknown = [name for name in options.select if name not in whole]
    if unknown:
        raise _unknown(unknown[0])
    return {name: value for name, value in whole.items() if name in options.select or name in ALWAYS}


def _filtered(options: Options, documents: Sequence[Document]) -> Sequence[Document]:
    if not options.filter or not documents:
        return documents
    dialect = Dialect(lambda path: _operand(path, documents), fold=False, enums=definitions.ENUMS)
    test = compiled(options.filter, dialect)
    return [one for one in documents if test(one)]


def _operand(path: str, documents: Sequence[Document]) -> Operand:
    names = path.split("/")

    def of(document: Any) -> Any:
        for name in names:
            document = document.get(name) if isinstance(document, Mapping) else None
        return document

    shown = next((value for value in map(of, documents) if value is not None), None)
    if not any(names[0] in document for document in documents) or isinstance(shown, Mapping | list):
        raise _unknown(path)
    if path == "MetadataId":
        return Operand(path, of, Type.ID)
    kind = Type.BOOLEAN if isinstance(shown, bool) else Type.INTEGER if isinstance(shown, int) else Type.TEXT
    return Operand(path, of, kind)


def _unknown(name: str) -> Refusal:
    return Refusal(400, "0x80060888", f"Could not find a property named '{name}'.")
