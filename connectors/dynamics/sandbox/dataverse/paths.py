"""Which part answers which path."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from connectors.dynamics.sandbox.dataverse import batch, csdl, functions, metadata, queries, rows
from connectors.dynamics.sandbox.dataverse.api import Call, Handler, json, no_resource
from connectors.dynamics.sandbox.refusal import Refusal, unsupported


def handle(call: Call) -> Response:
    """Answer a call. Raises `Refusal`."""
    if not call.segments:
        return _by_method(call, {"GET": _service_document})
    name = call.segments[0].name.removeprefix("Microsoft.Dynamics.CRM.")
    return _by_method(call, _ROOMS[name] if name in _ROOMS else _of_table(call))


def _of_table(call: Call) -> Mapping[str, Handler]:
    """Return what answers a path that begins with an entity set. Raises `Refusal` 404, 501."""
    if call.segments[0].name[:1].isupper():
        # sets are written small, functions and actions with a capital
        raise unsupported(call.segments[0].name)
    call.table()
    first, rest = call.segments[0], call.segments[1:]
    if first.args is None and rest:
        return _of_set(rest[0].name)
    if first.args is None:
        return _LISTS
    if not rest:
        return _ROWS
    if rest[0].name.startswith("Microsoft.Dynamics.CRM."):
        return {"GET": functions.bound}
    return {"GET": queries.related}


def _of_set(name: str) -> Mapping[str, Handler]:
    """Return what answers a segment behind an entity set."""
    if name == "$count":
        return {"GET": queries.count}
    if name == "Microsoft.Dynamics.CRM.CreateMultiple":
        return {"POST": rows.create_many}
    raise unsupported(name) if name.startswith("Microsoft.Dynamics.CRM.") else no_resource(name)


def _batch(call: Call) -> Response:
    return batch.run(call, handle)


def _service_document(call: Call) -> Response:
    tables = sorted(call.org.catalogue.all(), key=lambda table: table.set_name)
    listed = [{"name": t.set_name, "kind": "EntitySet", "url": t.set_name} for t in tables]
    return json({"@odata.context": f"{call.root}/$metadata", "value": listed})


def _by_method(call: Call, handlers: Mapping[str, Handler]) -> Response:
    if call.method not in handlers:
        message = f"The requested resource does not support http method '{call.method}'."
        raise Refusal(405, "0x80060888", message, {"Allow": ", ".join(handlers)})
    return handlers[call.method](call)


_LISTS: Mapping[str, Handler] = {"GET": queries.rows, "POST": rows.create}
_ROOMS: Mapping[str, Mapping[str, Handler]] = {
    "$metadata": {"GET": csdl.document},
    "EntityDefinitions": {"GET": metadata.answer},
    "$batch": {"POST": _batch},
    **functions.UNBOUND,
}
_ROWS: Mapping[str, Handler] = {"GET": rows.read, "PATCH": rows.write, "DELETE": rows.delete}
