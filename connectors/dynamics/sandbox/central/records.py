"""What is below a company: single records, their lines and actions.

See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from connectors.dynamics.sandbox import wire
from connectors.dynamics.sandbox.central import approvals, queries, writes
from connectors.dynamics.sandbox.central.api import BETA, Call, json
from connectors.dynamics.sandbox.central.errors import changed, no_resource, no_token, refuse
from connectors.dynamics.sandbox.central.render import Printer, etag, lines_of
from connectors.dynamics.sandbox.central.tables import ACTIONS, COMPANY, EXTENDED, READ_ONLY, SINGLE, WEBHOOKS
from connectors.dynamics.sandbox.odata.options import Options
from connectors.dynamics.sandbox.schema import Table
from connectors.dynamics.sandbox.store import Change, Row


def of_company(call: Call) -> Response:
    """Answer what stands below a company."""
    company = call.company()
    segment, rest = call.segments[1], call.segments[2:]
    if segment.name == "webhookSupportedResources" and call.route == BETA:
        listed = [{"resource": f"v2.0/{name}"} for name in sorted(WEBHOOKS)]
        return json({"@odata.context": f"{call.root}/$metadata#webhookSupportedResources", "value": listed})
    table = call.table(segment.name)
    if call.method != "GET" and table.name in READ_ONLY and not rest[:1]:
        raise _not_allowed(call, table)
    if segment.args is None:
        return _set(call, table, company.id, counted=bool(rest) and rest[0].name == "$count")
    row = _find(call, table, company.id, segment.key)
    if not rest:
        return _one(call, table, row)
    return _below(call, table, row)


def _set(call: Call, table: Table, company: str, *, counted: bool) -> Response:
    if call.method == "POST" and table.name not in SINGLE:
        row = writes.insert(call.place, table, company, writes.accept(table, body(call)), Change(call.user_id))
        return _shown(call, table, row, 201)
    if call.method != "GET":
        raise _not_allowed(call, table)
    if counted:
        return queries.count(call, table, company)
    if table.parent and "documentId" not in call.options.filter:
        message = "You must specify a document id to get the lines."
        raise refuse(400, "Application_DialogException", message)
    if table.name in SINGLE and call.place.switches.company_information == "object":
        # A-DYNAMICS-29: the page shows one object where the address names none
        return _shown(
            call, table, next(r for r in call.place.store.rows(table.name) if r.values[COMPANY] == company), 200
        )
    link = f"{call.root}/companies({company})/{table.name}"
    return queries.page(call, table, company, lambda: call.place.store.rows(table.name), link)


def _one(call: Call, table: Table, row: Row) -> Response:
    if call.method == "GET":
        return _shown(call, table, row, 200)
    if call.method == "PATCH":
        if not call.headers.get("if-match"):
            raise no_token()
        check_version(call, etag(row))
        given = writes.accept(table, body(call))
        return _shown(call, table, writes.change(call.place, table, row, given, Change(call.user_id)), 200)
    if call.method == "DELETE":
        check_version(call, etag(row))
        writes.remove(call.place, table, row, Change(call.user_id))
        return Response(status_code=204)
    raise _not_allowed(call, table)


def _below(call: Call, table: Table, row: Row) -> Response:
    """Answer the lines of a document, one of them, or an action."""
    segment = call.segments[2]
    route, leaves = ACTIONS.get((table.name, segment.name.removeprefix("Microsoft.NAV.")), (None, {}))
    if route == call.route and segment.name.startswith("Microsoft.NAV."):
        return _act(call, table, row, leaves)
    collected = table.collections.get(segment.name)
    if collected is None:
        raise no_resource(segment.name)
    lines, company = call.place.catalogue.get(collected.table), str(row.values[COMPANY])
    if call.method != "GET" and lines.name in READ_ONLY:
        raise _not_allowed(call, lines)
    if segment.args is not None:
        return _one(call, lines, _find(call, lines, company, segment.key))
    if call.method == "POST":
        given = {**writes.accept(lines, body(call)), "documentId": row.id}
        return _shown(call, lines, writes.insert(call.place, lines, company, given, Change(call.user_id)), 201)
    link = f"{call.root}/companies({company})/{table.name}({row.id})/{lines.name}"
    return queries.page(call, lines, company, lambda: lines_of(call.place, lines.name, row.id), link)


def _act(call: Call, table: Table, row: Row, leaves: Mapping[str, object]) -> Response:
    if call.method != "POST":
        raise _not_allowed(call, table)
    check_version(call, etag(row))
    if table.collections and not call.place.store.lines(next(iter(table.collections)), row.id):
        raise refuse(400, "Application_DialogException", "There is nothing to post.")
    by = Change(call.user_id)
    if table.name in EXTENDED:
        approvals.decide(call.place, table, row, str(leaves["status"]), by)
    else:
        writes.change(call.place, table, row, leaves, by)
    return Response(status_code=204)


def check_version(call: Call, present: str) -> None:
    """Let a change pass whose `If-Match` is that of the record, `*` or not there. Raises `Refusal` 400, 409."""
    given = call.headers.get("if-match", "*")
    if given == "*":
        return
    if not given.startswith(('W/"', '"')):
        raise no_token()
    if given != present:
        # A-DYNAMICS-13: the table of errors has no status
        raise changed(call.place.switches.stale_etag_status)


def body(call: Call) -> Mapping[str, Any]:
    """Return the JSON object that a call brought. Raises `Refusal` 400."""
    try:
        return wire.decode(call.body)
    except ValueError as error:
        raise refuse(400, "BadRequest", "Invalid Request Body") from error


def _find(call: Call, table: Table, company: str, row_id: str) -> Row:
    row = call.place.store.find(table.name, row_id.lower())
    if row is None or row.values[COMPANY] != company:
        # A-DYNAMICS-16: several codes fit
        message = "Bad Request - Error in query syntax."
        raise refuse(404, call.place.switches.missing_record_code, message)
    return row


def _shown(call: Call, table: Table, row: Row, status: int) -> Response:
    printer = Printer(call, table, call.options if call.method == "GET" else Options())
    company = row.values[COMPANY]
    address = f"{call.root}/companies({company})/{table.name}({row.id})"
    context = f"{call.root}/$metadata#companies({company})/{table.name}/$entity"
    headers = {"ETag": etag(row), **({"Location": address} if status == 201 else {})}
    return json({"@odata.context": context, **printer.entity(row)}, status, headers)


def _not_allowed(call: Call, table: Table) -> Exception:
    message = f"'{call.method}' requests for '{table.name}' of EdmType 'Entity' are not allowed."
    return refuse(405, "BadRequest_MethodNotAllowed", message)
