"""Which part answers which path."""

from __future__ import annotations

from starlette.responses import Response

from connectors.dynamics.sandbox.central import companies, csdl, records
from connectors.dynamics.sandbox.central.api import BETA, Call, Handler, json
from connectors.dynamics.sandbox.central.errors import no_resource, refuse
from connectors.dynamics.sandbox.central.subscriptions import Subscriptions


def handler(subscriptions: Subscriptions) -> Handler:
    """Return what answers a call."""

    async def handle(call: Call) -> Response:
        names = [segment.name for segment in call.segments]
        if call.route == BETA and names[1:] != ["webhookSupportedResources"]:
            raise no_resource(names[0] if names else call.route)
        if not names:
            sets = [table.name for table in call.place.catalogue.all() if call.serves(table)]
            listed = [{"name": name, "kind": "EntitySet", "url": name} for name in ("companies", *sets)]
            return json({"@odata.context": f"{call.root}/$metadata", "value": listed})
        if names[0] == "$metadata":
            return csdl.document(call)
        if names[0] == "subscriptions" and not call.route:
            return await subscriptions.serve(call)
        if names[0] != "companies":
            raise no_resource(names[0])
        if len(names) > 1:
            return records.of_company(call)
        if call.method != "GET":
            message = f"'{call.method}' requests for 'companies' of EdmType 'Entity' are not allowed."
            raise refuse(405, "BadRequest_MethodNotAllowed", message)
        return companies.answer(call)

    return handle
