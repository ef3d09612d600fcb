"""`POST /services/rest/query/v1/suiteql`.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from connectors.netsuite.sandbox import moments
from connectors.netsuite.sandbox.account import Account
from connectors.netsuite.sandbox.errors import bad_content, bad_header, bad_parameter
from connectors.netsuite.sandbox.gate import COLLECTION, Call, answer, links
from connectors.netsuite.sandbox.roles import Feature
from connectors.netsuite.sandbox.schema import Type
from connectors.netsuite.sandbox.suiteql import functions
from connectors.netsuite.sandbox.suiteql.parse import parse
from connectors.netsuite.sandbox.suiteql.plan import Plan, Shown
from connectors.netsuite.sandbox.suiteql.terms import NUMERIC, Custom, mismatch
from connectors.netsuite.sandbox.suiteql.view import View

DIGITS = 10
"""Digits behind the point that survive a sum of doubles."""


def register(account: Account) -> None:
    """Give the database the functions that need the account."""

    def char(value: Any, kind: str, model: str) -> str | None:
        if value is None:
            return None
        if kind == Type.DATE:
            return moments.write(moments.read(value, "YYYY-MM-DD"), model)
        return moments.write(moments.at(value - value % moments.SECOND, account.suiteql_zone), model)

    account.database.function(functions.CHAR, 3, char)


async def run(call: Call) -> Response:
    """Run SuiteQL and return one page."""
    call.need(Feature.SUITEQL)
    # A-NETSUITE-30: the page says that the header is required, not what happens without it
    if "transient" not in call.request.headers.get("prefer", "").casefold():
        raise bad_header("Prefer", "The required request header 'Prefer: transient' is missing.")
    limit, offset = call.paging()
    text, given = _read(await call.json())
    account = call.account
    ids_as_text = account.switches.id_order == "text"
    custom = Custom(account.suiteql_zone, account.settings.date_format, ids_as_text)
    plan = Plan(parse(text), View(account, call.caller.role), custom, given).bind()
    total = _total(call, plan)
    if offset and offset >= total:
        raise bad_parameter("offset", "Invalid value for the query parameter offset: there are no more results.")
    rows = _page(call, plan, offset, min(limit, total - offset))
    items = [_item(account, plan.shown, row) for row in rows]
    return answer(
        {
            "links": links(f"{call.base}/query/v1/suiteql", limit, offset, total),
            "count": len(items),
            "hasMore": offset + len(items) < total,
            "items": items,
            "offset": offset,
            "totalResults": total,
        },
        kind=COLLECTION,
    )


def _read(body: Any) -> tuple[str, list[str | Decimal | None]]:
    if not isinstance(body, dict) or not isinstance(body.get("q"), str) or not body["q"].strip():
        raise bad_content("q", "A query has to be given.")
    given = body.get("params", [])
    if not isinstance(given, list):
        raise bad_content("params", "Bound parameters have to be an array.")
    return body["q"], [_parameter(one, at) for at, one in enumerate(given)]


def _parameter(given: Any, at: int) -> str | Decimal | None:
    if given is None or isinstance(given, str | Decimal):
        return given
    if isinstance(given, int) and not isinstance(given, bool):
        return Decimal(given)
    raise bad_content(f"params[{at}]", "A bound parameter has to be a text or a number.")


def _total(call: Call, plan: Plan) -> int:
    count = plan.count()
    total = int(_rows(call, count.sql, values=count.values)[0][0])
    if plan.query.first is not None:
        total = min(total, plan.query.first)
    ceiling = call.account.settings.ceiling
    # A-NETSUITE-10: the page gives the number alone
    if total > ceiling and call.account.switches.beyond_ceiling == "refused":
        raise bad_parameter("q", f"The query has more than {ceiling} results.")
    return min(total, ceiling)


def _page(call: Call, plan: Plan, offset: int, size: int) -> Sequence[Sequence[Any]]:
    statement = plan.statement(shuffled=call.account.settings.shuffle_ties)
    values = (*statement.values, size, offset)
    return _rows(call, statement.sql, "LIMIT ? OFFSET ?", values=values)


def _rows(call: Call, *parts: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
    try:
        return [tuple(row) for row in call.account.database.run(*parts, values=values)]
    except sqlite3.OperationalError as error:
        # such as a function over many rows inside a condition
        raise mismatch() from error


def _item(account: Account, shown: Sequence[Shown], row: Sequence[Any]) -> dict[str, Any]:
    item: dict[str, Any] = {"links": []}
    for column, value in zip(shown, row, strict=True):
        if value is not None:
            item[column.label] = _written(account, column.term.type, value)
        elif account.switches.empty_fields == "null":
            # A-NETSUITE-1: whether empty columns are there
            item[column.label] = None
    return item


def _written(account: Account, kind: Type, value: Any) -> Any:
    if kind is Type.DATE:
        return moments.write(moments.read(value, "YYYY-MM-DD"), account.settings.date_format)
    if kind is Type.DATETIME:
        # A-NETSUITE-4: people report that the time of day is lost
        model = account.settings.date_format
        if account.switches.datetime_shown == "time":
            model += " HH24:MI:SS"
        return moments.write(moments.at(value - value % moments.SECOND, account.suiteql_zone), model)
    if kind in NUMERIC and isinstance(value, int | float):
        # A-NETSUITE-2: the page shows a count as text
        exact = plain(value)
        return exact if account.switches.numbers == "text" else value if "." in exact else int(exact)
    return str(value)


def plain(value: float) -> str:
    """Return a number without an exponent and without zeros at its end."""
    text = f"{Decimal(repr(round(value, DIGITS))):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
