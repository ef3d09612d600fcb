"""Which part answers which path."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from connectors.dynamics.sandbox.central import records
from connectors.dynamics.sandbox.central.api import Call, Handler, json
from connectors.dynamics.sandbox.central.errors import no_resource, refuse
from connectors.dynamics.sandbox.central.subscriptions import Subscriptions

BETA = ("runtime", "beta")


def handler(subscriptions: Subscriptions) -> Handler:
    """Return what answers a call."""

    async def handle(call: Call) -> Response:
        names = [segment.name for segment in call.segments]
        if call.root.endswith("/microsoft"):
            call = _of_beta(call)
            names = [segment.name for segment in call.segments]
        if not names:
            sets = [
                {"name": table.name, "kind": "EntitySet", "url": table.name} for table in call.place.catalogue.all()
            ]
            return json({"@odata.context": f"{call.root}/$metadata", "value": sets})
        if names[0] == "subscriptions":
            return await subscriptions.serve(call)
        if names[0] != "companies":
            raise no_resource(names[0])
        if len(names) > 1:
            return records.of_company(call)
        if call.method != "GET":
            message = f"'{call.method}' requests for 'companies' of EdmType 'Entity' are not allowed."
            raise refuse(405, "BadRequest_MethodNotAllowed", message)
        return records.companies(call)

    return handle


def _of_beta(call: Call) -> Call:
    """Return a call to the API that lists what can be subscribed to, as one without its version."""
    names = tuple(segment.name for segment in call.segments)
    if names[:2] != BETA or names[3:] != ("webhookSupportedResources",):
        raise no_resource(names[0] if names else "microsoft")
    return replace(call, segments=call.segments[2:])
