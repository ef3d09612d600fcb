"""The query resources: SOQL, its pages, and the shape of their rows.

See https://developer.salesforce.com/docs/platform/api-rest/guide/resources-query.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from connectors.salesforce.sandbox import values
from connectors.salesforce.sandbox.cursors import Cursor
from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.gate import Call, answer
from connectors.salesforce.sandbox.soql.parse import parse
from connectors.salesforce.sandbox.soql.plan import Bound, Plan
from connectors.salesforce.sandbox.store import Row, Store

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
    return answer(_page(call, cursor, start))


def _run(call: Call, *, deleted: bool) -> Response:
    text = call.request.query_params.get("q", "")
    if not text.strip():
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    parsed = parse(text)
    plan = Plan(parsed, call.org.store, call.org.hidden_from(call.user_id))
    rows = plan.run(call.org.store.rows(plan.sobject), deleted=deleted)
    if parsed.counts:
        return answer({"totalSize": len(rows), "done": True, "records": []})
    return answer(_page(call, call.org.cursors.open(call.user_id, plan.sobject.name, plan.columns, rows), 0))


def _page(call: Call, cursor: Cursor, start: int) -> dict[str, Any]:
    end = start + _batch_size(call)
    page: dict[str, Any] = {"totalSize": len(cursor.rows), "done": end >= len(cursor.rows)}
    if not page["done"]:
        call.org.cursors.keep(cursor)
        page["nextRecordsUrl"] = f"{call.base}/query/{cursor.id}-{end}"
    page["records"] = [render(call, cursor.object_name, cursor.columns, row) for row in cursor.rows[start:end]]
    return page


def _batch_size(call: Call) -> int:
    """Return the rows of a page: the caller's wish between 200 and 2,000, never above the org's setting.

    See https://developer.salesforce.com/docs/platform/api-rest/guide/headers-queryoptions.html
    """
    wish = re.search(r"batchSize\s*=\s*(\d+)", call.request.headers.get("sforce-query-options", ""), re.IGNORECASE)
    size = min(max(int(wish[1]), SMALLEST_BATCH), LARGEST_BATCH) if wish else LARGEST_BATCH
    return min(size, call.org.settings.page_size)


def render(call: Call, object_name: str, columns: Sequence[Bound], row: Row) -> dict[str, Any]:
    """Return a row as JSON: `attributes`, then the columns in their order, parents as objects or null."""
    base = f"{call.base}/sobjects"
    record: dict[str, Any] = {"attributes": attributes(object_name, row.id, base)}
    for column in columns:
        at, here = record, row
        for hop in column.hops:
            parent = _parent(hop.name, hop.references, here, call.org.store)
            if parent is None:
                at[hop.relationship] = None
                break
            here = parent
            at = at.setdefault(hop.relationship, {"attributes": attributes(hop.references, parent.id, base)})
        else:
            at[column.field.name] = values.render(here.values[column.field.name], call.org.switches)
    return record


def attributes(object_name: str, record_id: str, base: str) -> dict[str, str]:
    """Return what stands before the fields of every record."""
    return {"type": object_name, "url": f"{base}/{object_name}/{record_id}"}


def _parent(field_name: str, object_name: str, row: Row, store: Store) -> Row | None:
    target = row.values[field_name]
    return store.find(object_name, target) if isinstance(target, str) else None
