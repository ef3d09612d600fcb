"""Change tracking: all rows once, then what changed since, by delta links.

See https://learn.microsoft.com/power-apps/developer/data-platform/use-change-tracking-synchronize-data-external-systems
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from connectors.dynamics.sandbox import moments
from connectors.dynamics.sandbox.dataverse import cookies
from connectors.dynamics.sandbox.dataverse.access import Depth, Right
from connectors.dynamics.sandbox.dataverse.api import Call, applied, json
from connectors.dynamics.sandbox.dataverse.cookies import Cookie
from connectors.dynamics.sandbox.dataverse.render import Printer
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.schema import Table
from connectors.dynamics.sandbox.store import Row, Tombstone

FORBIDDEN = ("filter", "orderby", "expand", "top")


@dataclass(frozen=True, slots=True)
class Span:
    """Versions that are told: after `since` up to `upto`; the next token begins at `settled`."""

    since: int
    upto: int
    settled: int


def asked(call: Call) -> bool:
    """Tell whether a call comes from a delta link, or from a next link under it."""
    token = call.options.raw.get("$skiptoken", "")
    return "$deltatoken" in call.options.raw or 'istracking="True"' in token


def page(call: Call, table: Table) -> Response:
    """Return a page of changes; a delta link stands on the last one. Raises `Refusal`."""
    _check(call, table)
    cookie = cookies.decode(call.options.raw["$skiptoken"]) if "$skiptoken" in call.options.raw else None
    span = _resumed(cookie) if cookie else _span(call)
    items = _items(call, table, span)
    begin = _begin(items, cookie)
    most = call.org.settings.page_size
    size = min(call.prefer.page_size or most, most)
    shown = items[begin : begin + size]
    printer = Printer(call, table, call.options)
    first = span.since < 0
    context = printer.context(call.options.select) + ("" if first else "/$delta")
    body: dict[str, Any] = {"@odata.context": context}
    last_page = begin + size >= len(items)
    # A-DYNAMICS-4: with which page the delta link comes
    if last_page or call.org.switches.delta_link == "each_page":
        body["@odata.deltaLink"] = _link(call, table, f"$deltatoken={_token(span.settled)}")
    body["value"] = [_shown(call, table, printer, item) for item in shown]
    if not last_page:
        body["@odata.nextLink"] = _link(call, table, f"$skiptoken={_next(span, cookie, shown[-1])}")
    return json(body, headers=applied(call))


def count(call: Call, table: Table) -> int:
    """Return how many changes a delta token has before it."""
    _check(call, table)
    return len(_items(call, table, _span(call)))


def _check(call: Call, table: Table) -> None:
    for name in FORBIDDEN:
        if f"${name}" in call.options.raw:
            message = f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.'
            raise Refusal(400, "0x80060888", message)
    if not table.tracked:
        message = f"Entity: {table.name} isn't enabled for change tracking"
        raise Refusal(400, "0x80072491", message)
    call.org.access.require(call.caller, table, Right.READ, least=Depth.GLOBAL)


def _span(call: Call) -> Span:
    store = call.org.store
    # A-DYNAMICS-5: whether a token passes over transactions that are still open
    settled = store.settled() if call.org.switches.late_commit == "held_back" else store.version
    given = call.options.raw.get("$deltatoken")
    return Span(_since(call, given) if given is not None else -1, store.version, settled)


def _since(call: Call, token: str) -> int:
    version, issued = _read(token)
    oldest = moments.now() - timedelta(days=call.org.settings.change_tracking_days)
    if issued < oldest or version < call.org.deltas_from:
        # A-DYNAMICS-2, A-DYNAMICS-3: the page says that it throws, not how that looks
        switches = call.org.switches
        message = "Version stamp associated with the client has expired. Please perform a full sync."
        raise Refusal(switches.expired_delta_status, switches.expired_delta_code, message)
    return version


def _read(token: str) -> tuple[int, datetime]:
    """Return the version and the time that stand in a delta token. Raises `Refusal` 400."""
    number, _, time = token.partition("!")
    try:
        return int(number), datetime.strptime(time, "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise Refusal(400, "0x80060888", "The delta token is not valid.") from error


def _items(call: Call, table: Table, span: Span) -> Sequence[Row | Tombstone]:
    """Return what is new or changed by version, then what was deleted."""
    store = call.org.store
    present = [row for row in store.rows(table.name) if span.since < row.version <= span.upto]
    gone = [
        tomb
        for tomb in (store.deleted(table.name) if span.since >= 0 else ())
        if span.since < tomb.version <= span.upto and store.find(table.name, tomb.id) is None
    ]
    return [*sorted(present, key=_version), *sorted(gone, key=_version)]


def _version(item: Row | Tombstone) -> int:
    return item.version


def _place(item: Row | Tombstone) -> tuple[bool, int]:
    return isinstance(item, Tombstone), item.version


def _begin(items: Sequence[Row | Tombstone], cookie: Cookie | None) -> int:
    if cookie is None:
        return 0
    reached = (cookie.last["gone"] == "True", _number(cookie, "version"))
    return next((at for at, item in enumerate(items) if _place(item) > reached), len(items))


def _resumed(cookie: Cookie) -> Span:
    return Span(_number(cookie, "since"), _number(cookie, "upto"), _number(cookie, "settled"))


def _number(cookie: Cookie, name: str) -> int:
    try:
        return int(cookie.last[name] or "")
    except (KeyError, ValueError) as error:
        raise Refusal(400, "0x80040203", "Malformed XML in the Paging Cookie.") from error


def _next(span: Span, cookie: Cookie | None, last: Row | Tombstone) -> str:
    gone, version = _place(last)
    place: Mapping[str, Any] = {
        "since": span.since,
        "upto": span.upto,
        "settled": span.settled,
        "gone": gone,
        "version": version,
    }
    texts = {name: str(value) for name, value in place.items()}
    return Cookie((cookie.page if cookie else 1) + 1, texts, tracking=True).encoded()


def _shown(call: Call, table: Table, printer: Printer, item: Row | Tombstone) -> dict[str, Any]:
    if isinstance(item, Row):
        return printer.entity(item)
    context = f"{call.root}/$metadata#{table.set_name}/$deletedEntity"
    return {"@odata.context": context, "id": item.id, "reason": "deleted"}


def _token(version: int) -> str:
    """Return a delta token as it stands in a link, with the lower-case escapes of the vendor's sample."""
    text = quote(f"{version}!{moments.now():%m/%d/%Y %H:%M:%S}", safe="")
    return re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), text)


def _link(call: Call, table: Table, token: str) -> str:
    query = call.options.without("$skiptoken", "$deltatoken")
    return f"{call.root}/{table.set_name}?{f'{query}&' if query else ''}{token}"
