"""Lists of records by page and page token, single records, and what was deleted.

See https://www.zoho.com/crm/developer/docs/api/v8/get-records.html
and https://www.zoho.com/crm/developer/docs/api/v8/get-deleted-records.html
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.responses import Response

from connectors.zoho.sandbox import ids, moments
from connectors.zoho.sandbox.errors import ApiError, invalid_id, invalid_param
from connectors.zoho.sandbox.gate import Call, answer, info, nothing
from connectors.zoho.sandbox.order import Key
from connectors.zoho.sandbox.paging import Place
from connectors.zoho.sandbox.rendering import View
from connectors.zoho.sandbox.store import Grave, Row, Table

PAGE = 200
BY_PAGES = 2000
MAX_FIELDS = 50
_CEILING = "You can only get up to first 100000 records using page_token param."
MAX_IDS = 100
DELETED_TYPES = frozenset({"all", "recycle", "permanent"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list call asks for."""

    fields: Sequence[str]
    sort_by: str
    sort_order: str
    per_page: int
    page: int
    token: str | None
    since: datetime | None


def listed(call: Call) -> Response:
    """Return one page of records: 200, 204 when there are none, 304 when none changed since."""
    view = call.view()
    if (wanted := call.param("ids")) is not None:
        return _by_ids(call, view, wanted)
    asked = _asked(call, view)
    place = _place(call, view, asked)
    keys, start = _keys(call, view, asked, place)
    if not keys and asked.since is not None:
        return nothing(304)
    page = keys[start : start + asked.per_page]
    if not page:
        return nothing(204)
    read, rows = view.reader(asked.fields), call.org.store.table(view.module).rows
    # a frozen order may name what was deleted since
    data = [read(rows[key[1]]) for key in page if key[1] in rows]
    return answer({"data": data, "info": _info(call, view, asked, _Slice(keys, start, place))})


def one(call: Call) -> Response:
    """Return one record with all fields, or those of `fields`; 304 when it did not change since."""
    view = call.view()
    row = call.row(view.module)
    if row is None:
        # A-ZOHO-61: older versions answer 204, the newer error tables name a code
        if call.org.switches.missing_record == "no_content":
            return nothing(204)
        raise invalid_id()
    since = _since(call)
    if since is not None and row.modified <= since:
        return nothing(304)
    if call.param("fields") is None:
        return answer({"data": [view.whole(row)]})
    return answer({"data": [view.reader(_fields(call, view))(row)]})


def deleted(call: Call) -> Response:
    """Return what was deleted, the last first; of what left the recycle bin only id and time are known."""
    view, kind = call.view(), call.param("type") or "all"
    if kind not in DELETED_TYPES:
        message = "Please check whether the input values are correct"
        raise ApiError(400, "PATTERN_NOT_MATCHED", message, {"param_name": "type"})
    since, settings = _since(call), call.org.settings
    graves = call.org.store.buried(view.module, settings.recycle_days, settings.deleted_days)
    graves = [g for g in graves if kind == "all" or g.purged is (kind == "permanent")]
    if since is not None:
        graves = [g for g in graves if g.at > since or (g.at == since and _inclusive(call))]
        if not graves:
            return nothing(304)
    per_page, page = _per_page(call), _whole(call, "page", 1)
    start = (page - 1) * per_page
    shown = graves[start : start + per_page]
    if not shown:
        return nothing(204)
    more = start + per_page < len(graves)
    data = [_buried(view, grave) for grave in shown]
    return answer({"data": data, "info": info(per_page=per_page, count=len(shown), page=page, more_records=more)})


def deleted_cost(call: Call) -> int:
    """Return the credits of a call for deleted records. A-ZOHO-70: an older page says two."""
    return call.org.switches.deleted_cost


def _buried(view: View, grave: Grave) -> dict[str, Any]:
    creator = view.value(view.module.fields["Created_By"], grave.row.values["Created_By"], view.zone)
    known = not grave.purged
    return {
        "deleted_by": {"name": grave.by.name, "id": str(grave.by.id)} if known else None,
        "id": str(grave.row.id),
        "display_name": grave.row.values.get(view.module.title) if known else None,
        "type": "recycle" if known else "permanent",
        "created_by": {"name": creator["name"], "id": creator["id"]} if known else None,
        "deleted_time": moments.render(grave.at, view.zone),
    }


@dataclass(frozen=True, slots=True)
class _Slice:
    keys: Sequence[Key]
    start: int
    place: Place | None


def _asked(call: Call, view: View) -> Asked:
    if call.param("page") and call.param("page_token"):
        # the two parameters name one thing
        both = [{"param_name": name} for name in ("page", "page_token")]
        raise ApiError(400, "AMBIGUITY_DURING_PROCESSING", "Ambiguity while processing", {"ambiguity_due_to": both})
    asked = Asked(
        fields=_fields(call, view),
        sort_by=_one_of(call, "sort_by", ("id", "Created_Time", "Modified_Time")),
        sort_order=_one_of(call, "sort_order", ("desc", "asc")),
        per_page=_per_page(call),
        page=_whole(call, "page", 1),
        token=call.param("page_token"),
        since=_since(call),
    )
    if not asked.token and asked.page * asked.per_page > BY_PAGES:
        message = "You can only get the first 2000 records without using page_token param."
        raise ApiError(400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", message, {"limit": BY_PAGES})
    return asked


def _keys(call: Call, view: View, asked: Asked, place: Place | None) -> tuple[Sequence[Key], int]:
    """Return the list's order and where in it the page begins."""
    if place is not None and place.frozen is not None:
        return place.frozen, place.start
    table = call.org.store.table(view.module)
    keys = _ordered(call, table, asked)
    if view.module.name in call.org.rules.private:
        keys = [k for k in keys if call.org.rules.sees(call.user, view.module, table.rows[k[1]].values)]
    if (approved := call.param("approved")) in {"true", "false"}:
        keys = [k for k in keys if (not table.rows[k[1]].awaiting) is (approved == "true")]
    start = (asked.page - 1) * asked.per_page
    if asked.sort_order == "asc":
        return keys, start if place is None else bisect_right(keys, place.last)
    if place is not None:
        start = len(keys) - bisect_left(keys, place.last)
    keys.reverse()
    return keys, start


def _ordered(call: Call, table: Table, asked: Asked) -> list[Key]:
    order = table.orders[asked.sort_by]
    if asked.since is None:
        return order.all()
    if asked.sort_by == "Modified_Time":
        return order.after(asked.since, inclusive=_inclusive(call))
    changed = {key[1] for key in table.orders["Modified_Time"].after(asked.since, inclusive=_inclusive(call))}
    return [key for key in order.all() if key[1] in changed]


def _inclusive(call: Call) -> bool:
    # A-ZOHO-56: no page says whether the second itself is meant
    return call.org.switches.modified_since == "from"


def _info(call: Call, view: View, asked: Asked, cut: _Slice) -> dict[str, Any]:
    end = min(cut.start + asked.per_page, len(cut.keys))
    page = cut.place.page if cut.place else asked.page
    more = end < len(cut.keys)
    token = _next(call, view, asked, cut, page) if more else None
    return info(
        per_page=asked.per_page,
        next_page_token=token,
        count=end - cut.start,
        sort_by=asked.sort_by,
        page=page,
        previous_page_token=asked.token,
        page_token_expiry=moments.render(call.org.pages.expiry(), view.zone) if token else None,
        sort_order=asked.sort_order,
        more_records=more,
    )


def _next(call: Call, view: View, asked: Asked, cut: _Slice, page: int) -> str:
    end = cut.start + asked.per_page
    # A-ZOHO-59: what changes while somebody pages is not told of
    frozen = cut.keys if call.org.switches.page_token == "snapshot" else None
    until = time.monotonic() + call.org.pages.life
    return call.org.pages.give(Place(call.user.id, _bound(call, view), page + 1, end, cut.keys[end - 1], frozen, until))


def _bound(call: Call, view: View) -> frozenset[tuple[str, str]]:
    """Return what a page token is bound to: all of the request but the place in the list."""
    asked = {name: value for name, value in call.request.query_params.items() if name not in {"page", "page_token"}}
    since = call.request.headers.get("if-modified-since", "")
    return frozenset({**asked, "module": view.module.name, "since": since}.items())


def _place(call: Call, view: View, asked: Asked) -> Place | None:
    if asked.token is None:
        return None
    place = call.org.pages.take(asked.token, call.user.id, _bound(call, view))
    most = call.org.settings.page_token_rows
    if place.page * asked.per_page > most:
        raise ApiError(400, "PAGINATION_LIMIT_EXCEEDED", _CEILING, {"limit": most})
    return place


def _by_ids(call: Call, view: View, wanted: str) -> Response:
    numbers = [ids.parse(text.strip()) for text in wanted.split(",")]
    if None in numbers or len(numbers) > MAX_IDS:
        raise invalid_param("ids")
    read = view.reader(_fields(call, view))
    rows = [row for n in numbers if (row := _seen(call, view, n)) is not None]
    if not rows:
        return nothing(204)
    return answer({"data": [read(row) for row in rows], "info": info(count=len(rows))})


def _seen(call: Call, view: View, number: int | None) -> Row | None:
    row = call.org.store.find(view.module.name, number)
    return row if row is not None and call.org.rules.sees(call.user, view.module, row.values) else None


def _fields(call: Call, view: View) -> Sequence[str]:
    given = call.param("fields")
    if not given:
        raise ApiError(
            400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", {"param_name": "fields"}
        )
    names = [name.strip() for name in given.split(",")]
    if len(names) > MAX_FIELDS:
        raise ApiError(400, "LIMIT_EXCEEDED", "Max field limit exceeded", {"param_name": "fields", "limit": MAX_FIELDS})
    known = {*view.visible(), "id"}
    # A-ZOHO-57: what becomes of a field that is not there, or not this user's, is not said
    if call.org.switches.unknown_field == "refused" and any(n not in known and n[0] != "$" for n in names if n):
        raise invalid_param("fields", "No field found")
    return names


def _per_page(call: Call) -> int:
    asked = _whole(call, "per_page", PAGE)
    # A-ZOHO-58: the pages give the maximum alone
    if asked > PAGE and call.org.switches.per_page_over == "refused":
        raise invalid_param("per_page")
    return min(asked, PAGE)


def _whole(call: Call, name: str, default: int) -> int:
    text = call.param(name)
    if text is None:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise invalid_param(name)
    return int(text)


def _one_of(call: Call, name: str, known: Sequence[str]) -> str:
    """Return a parameter that is one of `known`, the first when it is not given."""
    text = call.param(name)
    if text is not None and text not in known:
        raise invalid_param(name)
    return text or known[0]


def _since(call: Call) -> datetime | None:
    given = call.request.headers.get("if-modified-since")
    if given is None:
        return None
    moment = moments.parse(given)
    if moment is None:
        raise ApiError(
            400, "INVALID_DATA", "invalid data", {"header": "If-Modified-Since", "expected_data_type": "datetime"}
        )
    return moment
