"""The actions that close: won and lost, resolved, fulfilled, canceled.

See https://learn.microsoft.com/dynamics365/customer-engagement/web-api/winopportunity, and beside it closeincident,
winquote, closequote, fulfillsalesorder and cancelsalesorder
"""

from __future__ import annotations

from starlette.responses import Response

from connectors.dynamics.sandbox.dataverse import writes
from connectors.dynamics.sandbox.dataverse.access import Right, no_access
from connectors.dynamics.sandbox.dataverse.api import Call, Handler
from connectors.dynamics.sandbox.dataverse.lookups import does_not_exist
from connectors.dynamics.sandbox.dataverse.rows import body, by
from connectors.dynamics.sandbox.dataverse.states import CLOSINGS, USUAL, Closing
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.schema import Table
from connectors.dynamics.sandbox.store import Row


def action(name: str) -> Handler:
    """Return what answers an action: 204, or `Refusal`."""
    closing = CLOSINGS[name]

    def handle(call: Call) -> Response:
        table = call.org.catalogue.get(closing.table)
        given = body(call)
        row = _named(call, closing, table, given.get(closing.activity))
        if row.values.get("statecode") not in closing.before:
            raise Refusal(400, "0x80048408", f"The {table.name} cannot be closed from the state in which it is.")
        reason = _reason(closing, table, given.get("Status"))
        writes.change(call.org, table, row.id, {"statecode": closing.state, "statuscode": reason}, by(call))
        return Response(status_code=204, headers={"OData-Version": "4.0"})

    return handle


def _named(call: Call, closing: Closing, table: Table, activity: object) -> Row:
    """Return the row that an activity is bound to, if the caller may change it."""
    bound = activity.get(f"{table.id_name}@odata.bind") if isinstance(activity, dict) else None
    if not bound:
        message = f"Error identified in Payload: {closing.activity} has to name its {table.name}."
        raise Refusal(400, "0x80048d19", message)
    row_id = str(bound).rpartition("(")[2].rstrip(")").lower()
    row = call.org.store.find(table.name, row_id)
    if row is None:
        raise does_not_exist(table, row_id)
    call.org.access.require(call.caller, table, Right.WRITE)
    if not call.org.access.allows(call.caller, table, row, Right.WRITE):
        raise no_access(call.caller, table, row.id, Right.WRITE)
    return row


def _reason(closing: Closing, table: Table, status: object) -> int:
    fitting = [reason for reason, state in table.columns["statuscode"].states.items() if state == closing.state]
    if status == USUAL:
        return fitting[0]
    if status not in fitting:
        message = f"{status} is not a valid status code for state code {closing.state} on {table.name}."
        raise Refusal(400, "0x80048408", message)
    return int(str(status))
