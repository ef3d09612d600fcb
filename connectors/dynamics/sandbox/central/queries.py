"""Lists of records: filtered, ordered, page by page.

See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/developer/devenv-connect-apps-filtering
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from connectors.dynamics.sandbox.central.api import Call, json
from connectors.dynamics.sandbox.central.enums import ENUMS, escaped
from connectors.dynamics.sandbox.central.errors import refuse
from connectors.dynamics.sandbox.central.place import Place
from connectors.dynamics.sandbox.central.render import Printer, unknown_property, value_of
from connectors.dynamics.sandbox.central.tables import COMPANY
from connectors.dynamics.sandbox.odata import pages
from connectors.dynamics.sandbox.odata.filters import Dialect, Operand, compiled
from connectors.dynamics.sandbox.odata.options import split
from connectors.dynamics.sandbox.odata.pages import Criterion
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.schema import Table
from connectors.dynamics.sandbox.store import Row


def page(call: Call, table: Table, company: str, source: Callable[[], Iterable[Row]], link: str) -> Response:
    """Return a page of records; what was deleted is not told."""
    options, place = call.options, call.place
    printer = Printer(call, table, options)
    criteria = [_criterion(place, table, order.path, descending=order.descending) for order in options.order]
    key = (link.removeprefix(call.root), company, options.filter, options.raw.get("$orderby", ""), place.store.revision)
    try:
        whole = place.results.get(key, lambda: pages.ordered(_filtered(call, table, company, source()), criteria))
    except Refusal as refusal:
        raise _as_here(refusal) from refusal
    begin = whole.after(_reached(call, table, criteria)) + (options.skip or 0)
    most = place.settings.central_page_size
    size = min(call.prefer.page_size or most, most)
    taken = whole.rows[begin : begin + (size if options.top is None else min(options.top, size))]
    body: dict[str, Any] = {"@odata.context": f"{call.root}/$metadata#companies({company})/{table.name}"}
    if options.counted:
        body["@odata.count"] = len(whole.rows)
    body["value"] = [printer.entity(row) for row in taken]
    wanted = options.top if options.top is not None else len(whole.rows)
    if taken and begin + size < len(whole.rows) and wanted > size:
        body["@odata.nextLink"] = _next(call, link, criteria, taken[-1])
    headers = {"Preference-Applied": f"odata.maxpagesize={size}"} if call.prefer.page_size else {}
    return json(body, headers=headers)


def count(call: Call, table: Table, company: str) -> Response:
    """Return how many records there are, as text."""
    rows = _filtered(call, table, company, call.place.store.rows(table.name))
    return Response(str(len(rows)), media_type="text/plain")


def _filtered(call: Call, table: Table, company: str, source: Iterable[Row]) -> Sequence[Row]:
    own = [row for row in source if row.values[COMPANY] == company]
    if not call.options.filter:
        return own
    # A-DYNAMICS-18: clients are told that OR between fields is not possible
    dialect = Dialect(
        lambda path: _operand(call.place, table, path),
        fold=False,
        or_on_distinct=call.place.switches.or_on_distinct_fields,
    )
    test = compiled(call.options.filter, dialect)
    return [row for row in own if test(row)]


def _as_here(refusal: Refusal) -> Refusal:
    """Return a refusal of the shared syntax in this vendor's form."""
    if refusal.status == 501:
        return refusal
    return refuse(refusal.status, refusal.code or "BadRequest", refusal.message.partition("  CorrelationId")[0])


def _operand(place: Place, table: Table, path: str) -> Operand:
    column = table.columns.get(path)
    if column is None:
        raise unknown_property(path, table)
    of = partial(value_of, place, table, column)
    members = frozenset(_written(place, name) for name in ENUMS[column.shared]) if column.shared else frozenset()
    return Operand(path, of, column.type, members)


def _written(place: Place, name: str) -> str:
    return escaped(name) if place.switches.enum_names == "escaped" else name


def _criterion(place: Place, table: Table, path: str, *, descending: bool) -> Criterion:
    return Criterion(_operand(place, table, path).of, descending)


def _reached(call: Call, table: Table, criteria: Sequence[Criterion]) -> tuple[Any, ...] | None:
    """Return the key behind which this page begins."""
    token = call.options.raw.get("$skiptoken")
    if token is None:
        return None
    texts = [part[1:-1].replace("''", "'") for part in split(token)]
    names = [order.path for order in call.options.order]
    if len(texts) != len(names) + 1 or not token.startswith("'"):
        raise refuse(400, "BadRequest", "The skip token is not valid.")
    values = [pages.read(text, table.columns[name].type) for text, name in zip(texts, names, strict=False)]
    return pages.key_of(criteria, values, texts[-1])


def _next(call: Call, link: str, criteria: Sequence[Criterion], last: Row) -> str:
    values = [pages.written(criterion.of(last)) for criterion in criteria]
    doubled = [text.replace("'", "''") for text in (*values, last.id)]
    token = quote(",".join(f"'{text}'" for text in doubled), safe="")
    kept = call.options.without("$skiptoken", "aid", "$skip")
    return f"{link}?aid=FIRST{f'&{kept}' if kept else ''}&$skiptoken={token}"
