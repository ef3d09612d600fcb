"""COQL over HTTP.

See https://www.zoho.com/crm/developer/docs/api/v8/Get-Records-through-COQL-Query.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from starlette.responses import Response

from connectors.zoho.sandbox import wire
from connectors.zoho.sandbox.coql.columns import Columns
from connectors.zoho.sandbox.coql.parse import LIMIT, parse
from connectors.zoho.sandbox.coql.plan import bind
from connectors.zoho.sandbox.errors import ApiError
from connectors.zoho.sandbox.gate import Call, answer, nothing, scope_mismatch
from connectors.zoho.sandbox.people import Right
from connectors.zoho.sandbox.rendering import View
from connectors.zoho.sandbox.schema import LINKS
from connectors.zoho.sandbox.scopes import Need, allowed
from connectors.zoho.sandbox.store import Row

READ = Need("modules", "READ")
_LIMIT = re.compile(r"\blimit\s+(\d+)(?:\s*,\s*(\d+))?", re.IGNORECASE)


def query(call: Call) -> Response:
    """Return the rows of a query: 200, or 204 when there are none."""
    asked = parse(_text(call), brackets=call.org.switches.coql_brackets == "enforced")
    module = call.org.modules.get(asked.module)
    if module is None:
        raise ApiError(400, "INVALID_QUERY", "module given seems to be invalid", {"module": asked.module})
    if not allowed(call.grant.scopes, READ, module.name):
        raise scope_mismatch(call.org)
    call.org.rules.check(call.user, module, Right.VIEW)
    view = View(call.org, call.user, module)
    plan = bind(asked, Columns(view))
    rows, more = plan.rows(call.org.store.table(module), lambda row: call.org.rules.sees(call.user, module, row.values))
    if not rows:
        return nothing(204)
    read = _reader(plan.columns, asked.columns)
    return answer({"data": [read(row) for row in rows], "info": {"count": len(rows), "more_records": more}})


def cost(call: Call) -> int:
    """Return the credits of a query: by its limit, whatever it finds."""
    match = _LIMIT.search(call.body.decode("utf-8", "replace"))
    limit = int(match[2] or match[1]) if match else LIMIT
    if limit <= 200:
        return 1
    return 2 if limit <= 1000 else 3


def _text(call: Call) -> str:
    given = wire.decode(call.body).get("select_query")
    if given is None:
        details = {"api_name": "select_query", "json_path": "$.select_query"}
        raise ApiError(400, "MANDATORY_NOT_FOUND", "required field not found", details)
    if not isinstance(given, str):
        details = {"expected_data_type": "string", "api_name": "select_query", "json_path": "$.select_query"}
        raise ApiError(400, "INVALID_DATA", "invalid data", details)
    return given


def _reader(columns: Columns, names: Sequence[str]) -> Callable[[Row], dict[str, Any]]:
    """Return what turns a row into an answer: a look-up has its id alone, its name is a column of its own."""
    view = columns.view
    read = [(name, columns.find(name), columns.reader(name)) for name in names if name.casefold() != "id"]

    def shown(row: Row) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, field, value_of in read:
            value = value_of(row)
            made[name.removesuffix(".id")] = (
                _link(value) if field.type in LINKS else view.value(field, value, view.zone)
            )
        return {**made, "id": str(row.id)}

    return shown


def _link(value: object) -> dict[str, str] | None:
    return None if value is None else {"id": str(value)}
