"""Lists of rows: filtered, ordered, counted, page by page.

See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-data-web-api
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from starlette.responses import Response

from connectors.dynamics.sandbox.dataverse import changes, cookies, render
from connectors.dynamics.sandbox.dataverse.access import Right
from connectors.dynamics.sandbox.dataverse.api import Call, applied, json, no_resource
from connectors.dynamics.sandbox.dataverse.cookies import Cookie
from connectors.dynamics.sandbox.dataverse.lookups import find_row, many_to_many
from connectors.dynamics.sandbox.dataverse.render import Printer, unknown_property
from connectors.dynamics.sandbox.odata import pages
from connectors.dynamics.sandbox.odata.filters import Dialect, Operand, Passes, compiled
from connectors.dynamics.sandbox.odata.pages import Criterion, Ordered
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.schema import Column, Ref, Table, Type
from connectors.dynamics.sandbox.store import Row

MOST_COUNTED = 5000


def rows(call: Call) -> Response:
    """Return a page of an entity set, or of what changed in it."""
    table = call.table()
    if call.prefer.has("track-changes") or changes.asked(call):
        return changes.page(call, table)
    call.org.access.require(call.caller, table, Right.READ)
    return _page(call, table, lambda: call.org.store.rows(table.name), f"{call.root}/{table.set_name}")


def related(call: Call) -> Response:
    """Return what a navigation of a row leads to: one row, or a page of them."""
    table, name = call.table(), call.segments[1].name
    row = find_row(call, table, call.segments[0])
    single = table.navigation(name)
    if single is not None:
        column, target = single
        ref = row.values.get(column.name)
        found = call.org.store.find(target, ref.id) if isinstance(ref, Ref) and ref.table == target else None
        if found is None:
            return Response(status_code=204, headers={"OData-Version": "4.0"})
        printer = Printer(call, call.org.catalogue.get(target), call.options)
        return json({"@odata.context": f"{printer.context(call.options.select)}/$entity", **printer.entity(found)})
    link = f"{call.root}/{table.set_name}({row.id})/{name}"
    collected = table.collections.get(name)
    if collected is not None:
        child = call.org.catalogue.get(collected.table)
        call.org.access.require(call.caller, child, Right.READ)
        found_rows = render.by_parent(call.org.store, child.name, collected.column).get(row.id, ())
        return _page(call, child, lambda: found_rows, link)
    other = many_to_many(call, table, row, name)
    if other is None:
        raise no_resource(name)
    target_table, linked = other
    return _page(call, target_table, lambda: linked, link)


def count(call: Call) -> Response:
    """Return how many rows there are, as text: at most 5,000, or how many changed."""
    table = call.table()
    if changes.asked(call):
        return _text(changes.count(call, table))
    call.org.access.require(call.caller, table, Right.READ)
    return _text(min(len(_filtered(call, table, call.org.store.rows(table.name))), MOST_COUNTED))


def _text(number: int) -> Response:
    return Response(str(number), media_type="text/plain", headers={"OData-Version": "4.0"})


def _page(call: Call, table: Table, source: Callable[[], Iterable[Row]], link: str) -> Response:
    options, org = call.options, call.org
    if options.skip is not None:
        raise Refusal(400, "0x80060888", "Skip Clause is not supported in CRM")
    printer = Printer(call, table, options)
    names, criteria = _criteria(call, table)
    key = (
        link.removeprefix(call.root),
        call.caller,
        options.filter,
        options.raw.get("$orderby", ""),
        org.store.revision,
    )
    whole = org.results.get(key, lambda: pages.ordered(_filtered(call, table, source()), criteria))
    cookie = cookies.decode(options.raw["$skiptoken"]) if "$skiptoken" in options.raw else None
    size, begin = _size(call), _begin(call, table, whole, cookie, criteria)
    shown = whole.rows[begin : begin + size]
    body: dict[str, Any] = {"@odata.context": printer.context(options.select, options.expand)}
    if options.counted:
        body["@odata.count"] = min(len(whole.rows), MOST_COUNTED)
        if call.prefer.annotated("Microsoft.Dynamics.CRM.totalrecordcount"):
            body["@Microsoft.Dynamics.CRM.totalrecordcount"] = min(len(whole.rows), MOST_COUNTED)
            body["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] = len(whole.rows) > MOST_COUNTED
    body["value"] = [printer.entity(row) for row in shown]
    if begin + size < len(whole.rows) and options.top is None:
        number = (cookie.page if cookie else 1) + 1
        ends = [_texts(names, criteria, row, table) for row in (shown[-1], shown[0])]
        query = options.without("$skiptoken")
        token = Cookie(number, ends[0]).encoded(ends[1])
        body["@odata.nextLink"] = f"{link}?{f'{query}&' if query else ''}$skiptoken={token}"
    return json(body, headers=applied(call))


def _size(call: Call) -> int:
    most = call.org.settings.page_size
    if call.options.top is not None:
        return min(call.options.top, most)
    return min(call.prefer.page_size or most, most)


def _filtered(call: Call, table: Table, source: Iterable[Row]) -> Sequence[Row]:
    seen = call.org.access.filter(call.caller, table, Right.READ)
    tests: list[Passes] = [seen] if seen is not None else []
    if call.options.filter:
        tests.append(compiled(call.options.filter, dialect(call, table)))
    return [row for row in source if all(test(row) for test in tests)]


def dialect(call: Call, table: Table) -> Dialect:
    """Return how filters on a table are read."""
    # A-DYNAMICS-8: what `ne` does with empty columns
    return Dialect(lambda path: _operand(call, table, path), null_differs=call.org.switches.null_differs)


def _operand(call: Call, table: Table, path: str) -> Operand:
    name, slash, rest = path.partition("/")
    if slash:
        return _through(call, table, name, rest)
    column = table.by_property(name)
    if column is None or not column.readable:
        raise unknown_property(name, table)
    if column.name in call.org.access.hidden(call.caller, table):
        return Operand(path, lambda _row: None, column.type)
    return Operand(path, _getter(table, column), column.type)


def _getter(table: Table, column: Column) -> Callable[[Row], Any]:
    name = column.name
    if name == table.id_name:
        return lambda row: row.id
    if name == "versionnumber":
        return lambda row: row.version
    if column.targets:
        return lambda row: ref.id if (ref := row.values.get(name)) is not None else None
    return lambda row: row.values.get(name)


def _through(call: Call, table: Table, name: str, rest: str) -> Operand:
    """Return an operand behind a look-up."""
    single = table.navigation(name)
    if single is None:
        raise unknown_property(name, table)
    column, target = single
    inner = _operand(call, call.org.catalogue.get(target), rest)
    store = call.org.store

    def of(row: Row) -> Any:
        ref = row.values.get(column.name)
        found = store.find(target, ref.id) if isinstance(ref, Ref) and ref.table == target else None
        return inner.of(found) if found is not None else None

    return Operand(f"{name}/{rest}", of, inner.type)


def _criteria(call: Call, table: Table) -> tuple[Sequence[str], Sequence[Criterion]]:
    names, criteria = [], []
    for order in call.options.order:
        operand = _operand(call, table, order.path)
        column = table.by_property(order.path)
        if column is None:
            raise unknown_property(order.path, table)
        names.append(column.property)
        criteria.append(Criterion(operand.of, order.descending))
    return names, criteria


def _texts(names: Sequence[str], criteria: Sequence[Criterion], row: Row, table: Table) -> dict[str, str | None]:
    values = [criterion.of(row) for criterion in criteria]
    texts = {n: None if v is None else pages.written(v) for n, v in zip(names, values, strict=True)}
    texts.setdefault(table.id_name, f"{{{row.id.upper()}}}")
    return texts


def _begin(call: Call, table: Table, whole: Ordered, cookie: Cookie | None, criteria: Sequence[Criterion]) -> int:
    """Return the place of the first row of a page."""
    if cookie is None:
        return 0
    if call.org.switches.paging == "by_number":
        # A-DYNAMICS-6: nobody says what becomes of pages while rows come and go
        return (cookie.page - 1) * _size(call)
    names = [order.path for order in call.options.order]
    if set(cookie.last) != {*names, table.id_name}:
        raise Refusal(400, "0x80040203", "The paging cookie does not fit the query.")
    values = [_typed(table, name, cookie.last[name]) for name in names]
    row_id = str(cookie.last[table.id_name]).strip("{}").lower()
    return whole.after(pages.key_of(criteria, values, row_id))


def _typed(table: Table, name: str, text: str | None) -> Any:
    column = table.by_property(name)
    if text is None or column is None:
        return None
    return pages.read(text, column.type if not column.targets else Type.ID)
