"""Which part answers which path."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from connectors.dynamics.sandbox.dataverse import functions, metadata, queries, rows
from connectors.dynamics.sandbox.dataverse.api import Call, Handler, json
from connectors.dynamics.sandbox.refusal import Refusal

_LISTS: Mapping[str, Handler] = {"GET": queries.rows, "POST": rows.create}
_ROOMS: Mapping[str, Mapping[str, Handler]] = {
    "$metadata": {"GET": metadata.document},
    "EntityDefinitions": {"GET": metadata.definitions},
    **functions.UNBOUND,
}
_ROWS: Mapping[str, Handler] = {"GET": rows.read, "PATCH": rows.write, "DELETE": rows.delete}


def handle(call: Call) -> Response:
    """Answer a call. Raises `Refusal`."""
    if not call.segments:
        return _by_method(call, {"GET": _service_document})
    name = call.segments[0].name.removeprefix("Microsoft.Dynamics.CRM.")
    return _by_method(call, _ROOMS[name] if name in _ROOMS else _of_table(call))


def _of_table(call: Call) -> Mapping[str, Handler]:
    """Return what answers a path that begins with an entity set. Raises `Refusal` 404."""
    call.table()
    first, rest = call.segments[0], call.segments[1:]
    if first.args is None:
        return {"GET": queries.count} if rest and rest[0].name == "$count" else _LISTS
    if not rest:
        return _ROWS
    if rest[0].name.startswith("Microsoft.Dynamics.CRM."):
        return {"GET": functions.bound}
    return {"GET": queries.related}


def _service_document(call: Call) -> Response:
    tables = sorted(call.org.catalogue.all(), key=lambda table: table.set_name)
    listed = [{"name": t.set_name, "kind": "EntitySet", "url": t.set_name} for t in tables]
    return json({"@odata.context": f"{call.root}/$metadata", "value": listed})


def _by_method(call: Call, handlers: Mapping[str, Handler]) -> Response:
    if call.method not in handlers:
        message = f"The requested resource does not support http method '{call.method}'."
        raise Refusal(405, "0x80060888", message, {"Allow": ", ".join(handlers)})
    return handlers[call.method](call)
