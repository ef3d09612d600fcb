"""The query resources: SOQL and its pages.

See https://developer.salesforce.com/docs/platform/api-rest/guide/resources-query.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from connectors.salesforce.sandbox import record_access
from connectors.salesforce.sandbox.cursors import Children, Cursor, Result
from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.gate import Call, answer
from connectors.salesforce.sandbox.objects.approval import RECORD_ACCESS
from connectors.salesforce.sandbox.render import Printer
from connectors.salesforce.sandbox.soql.parse import parse
from connectors.salesforce.sandbox.soql.plan import Bound, Plan
from connectors.salesforce.sandbox.soql.syntax import Query
from connectors.salesforce.sandbox.store import Row

SMALLEST_BATCH = 200
LARGEST_BATCH = 2000


async def query(call: Call) -> Response:
    """Run SOQL over what is not deleted."""
    return _run(call, deleted=False)


async def query_all(call: Call) -> Response:
    """Run SOQL over everything, deleted records included."""
    return _run(call, deleted=True)


async def more(call: Call) -> Response:
    """Return the page behind a `nextRecordsUrl`."""
    cursor, start = call.org.cursors.find(call.request.path_params["locator"], call.user_id)
    present = replace(cursor, result=_as_of_now(call, cursor.result))
    return answer(_page(call, cursor, present.result, start))


def _run(call: Call, *, deleted: bool) -> Response:
    text = call.request.query_params.get("q", "")
    if not text.strip():
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    parsed = parse(text)
    plan = Plan(parsed, call.view)
    rows = plan.run(_rows(call, plan, parsed), deleted=deleted)
    if parsed.counts:
        return answer({"totalSize": len(rows), "done": True, "records": []})
    children = [_children(call, inner, rows, deleted=deleted) for inner in plan.children]
    cursor = call.org.cursors.open(call.user_id, Result(plan.sobject.name, plan.columns, rows, children))
    return answer(_page(call, cursor, cursor.result, 0))


def _rows(call: Call, plan: Plan, parsed: Query) -> Sequence[Row]:
    if plan.sobject.name == RECORD_ACCESS.name:
        return record_access.rows(call.org.store, call.org.access, parsed.where)
    return call.view.rows(plan.sobject)


def _children(call: Call, inner: Plan, parents: Sequence[Row], *, deleted: bool) -> Children:
    if inner.child is None:
        raise LookupError(inner.sobject.name)
    field = inner.child.field
    found: dict[str, list[Row]] = {row.id: [] for row in parents}
    for row in call.view.rows(inner.sobject):
        parent = row.values.get(field.name)
        if isinstance(parent, str) and parent in found:
            found[parent].append(row)
    rows = {parent: inner.run(some, deleted=deleted) for parent, some in found.items()}
    return Children(field.children, inner.sobject.name, inner.columns, rows)


def _as_of_now(call: Call, result: Result) -> Result:
    """Return the rest of an answer as it may be read after the schema has changed."""
    # A-SALESFORCE-66: no page says what a field does that went away between two pages
    answers = call.org.switches.changed_while_paging
    gone = [column for column in result.columns if not _still_there(call, column)]
    if not gone or answers == "as_queried":
        return result
    if answers == "refused":
        name, sobject = gone[0].field.name, gone[0].sobject.name
        raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on entity '{sobject}'.")
    return replace(result, columns=[column for column in result.columns if column not in gone])


def _still_there(call: Call, column: Bound) -> bool:
    present = call.org.catalogue.find(column.sobject.name)
    hops = all(_unchanged(call, hop.name, hop) for hop in column.hops)
    return hops and (present is None or call.view.field(present, column.field.name) == column.field)


def _unchanged(call: Call, name: str, hop: object) -> bool:
    return any(call.view.field(sobject, name) == hop for sobject in call.org.catalogue.all())


def _page(call: Call, cursor: Cursor, result: Result, start: int) -> dict[str, Any]:
    end = start + _batch_size(call)
    page: dict[str, Any] = {"totalSize": len(result.rows), "done": end >= len(result.rows)}
    if not page["done"]:
        call.org.cursors.keep(cursor)
        page["nextRecordsUrl"] = f"{call.base}/query/{cursor.id}-{end}"
    printer = Printer(call.view, call.org.switches, call.base)
    page["records"] = [printer.record(result, row) for row in result.rows[start:end]]
    return page


def _batch_size(call: Call) -> int:
    """Return the rows of a page: the caller's wish between 200 and 2,000, never above the org's setting.

    See https://developer.salesforce.com/docs/platform/api-rest/guide/headers-queryoptions.html
    """
    wish = re.search(r"batchSize\s*=\s*(\d+)", call.request.headers.get("sforce-query-options", ""), re.IGNORECASE)
    size = min(max(int(wish[1]), SMALLEST_BATCH), LARGEST_BATCH) if wish else LARGEST_BATCH
    return min(size, call.org.settings.page_size)
