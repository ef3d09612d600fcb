"""COQL over HTTP.

See https://www.zoho.com/crm/developer/docs/api/v8/Get-Records-through-COQL-Query.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from connectors.zoho.sandbox import wire
from connectors.zoho.sandbox.coql.parse import LIMIT, parse
from connectors.zoho.sandbox.coql.plan import bind, finder
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
    plan = bind(asked, finder(module.fields, call.org.rules.hidden(call.user, module)))
    rows, more = plan.rows(call.org.store.table(module), lambda row: call.org.rules.sees(call.user, module, row.values))
    if not rows:
        return nothing(204)
    read = _reader(view, asked.columns)
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


def _reader(view: View, columns: Any) -> Callable[[Row], dict[str, Any]]:
    """Return what turns a row into an answer. A-ZOHO-69: pages show lookups with and without the name."""
    read = view.reader([name.removesuffix(".id") for name in columns])
    links = [f.name for f in view.module.fields.values() if f.type in LINKS]
    if view.org.switches.coql_lookup == "name":
        return read

    def short(row: Row) -> dict[str, Any]:
        shown = read(row)
        for name in links:
            if shown.get(name):
                shown[name] = {"id": shown[name]["id"]}
        return shown

    return short
