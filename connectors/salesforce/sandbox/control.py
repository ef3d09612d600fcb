"""The twin's own control API: records behind the vendor's back, late commits, expiry, throttling, hidden fields."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.salesforce.sandbox import ids, moments, values
from connectors.salesforce.sandbox.demo import SALES
from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.gate import answer, base_url
from connectors.salesforce.sandbox.limits import Refusal, Throttle
from connectors.salesforce.sandbox.objects import find_object
from connectors.salesforce.sandbox.org import Org
from connectors.salesforce.sandbox.schema import SObject
from connectors.salesforce.sandbox.settings import Settings
from connectors.salesforce.sandbox.store import Change
from connectors.salesforce.sandbox.switches import CLAIMS, Switches
from connectors.sandbox.switches import described

Handler = Callable[[Request], Awaitable[Response]]
Describe = Callable[[str], Mapping[str, Any]]
Shape = TypeVar("Shape", bound=msgspec.Struct)


class Write(msgspec.Struct, forbid_unknown_fields=True):
    """A change behind the vendor's back: `values` of one record or `records` to create many.

    `user` is a username or id (default: the salesperson), `stamp` an ISO 8601 time with an offset for all the time
    fields, `transaction` the id of an open one.
    """

    values: dict[str, Any] | None = None
    records: list[dict[str, Any]] | None = None
    user: str = SALES
    stamp: str | None = None
    transaction: str | None = None


class Begin(msgspec.Struct, forbid_unknown_fields=True):
    """Open a transaction, as if it had run since `opened_at` (ISO 8601 with an offset; default: now)."""

    opened_at: str | None = None


class Hide(msgspec.Struct, forbid_unknown_fields=True):
    """Take `field` of `object` from `user`, or give it back with `hidden: false`."""

    object: str
    field: str
    user: str
    hidden: bool = True


class Refuse(msgspec.Struct, forbid_unknown_fields=True):
    """Refuse the next `count` calls (default 1), or all for `seconds`."""

    kind: Refusal
    count: int | None = None
    seconds: float | None = None


class Expire(msgspec.Struct, forbid_unknown_fields=True):
    """End all sessions, or those of one `user`."""

    user: str | None = None


class ControlApi:
    """Routes under `/__sandbox/`."""

    def __init__(self, org: Org, describe: Describe) -> None:
        self._org = org
        self._describe = describe

    def routes(self) -> list[Route]:
        """Return the routes, for the shared control application."""
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/", self._overview),
            ("GET", "/records/{sobject}", self._list),
            ("POST", "/records/{sobject}", self._create),
            ("PATCH", "/records/{sobject}/{id}", self._update),
            ("DELETE", "/records/{sobject}/{id}", self._delete),
            ("POST", "/records/{sobject}/{id}/undelete", self._undelete),
            ("POST", "/records/{sobject}/{id}/purge", self._purge),
            ("POST", "/transactions", self._begin),
            ("POST", "/transactions/{id}/commit", self._commit),
            ("POST", "/expire-tokens", self._expire),
            ("POST", "/throttle", self._throttle),
            ("DELETE", "/throttle", self._forget),
            ("POST", "/hide", self._hide),
            ("GET", "/settings", self._settings),
            ("POST", "/settings", self._set),
            ("GET", "/switches", self._switches),
            ("POST", "/switches", self._switch),
        ]
        return [Route(path, _plainly(handler), methods=[method]) for method, path, handler in table]

    async def _overview(self, request: Request) -> Response:
        return answer(self._describe(base_url(request)))

    async def _list(self, request: Request) -> Response:
        rows = self._org.store.rows(_sobject(request))
        shown = [{n: values.render(v, self._org.switches) for n, v in row.values.items()} for row in rows]
        return answer({"records": shown})

    async def _create(self, request: Request) -> Response:
        sobject, write = _sobject(request), await _body(request, Write)
        change = self._change(write)
        given = write.records if write.records is not None else [write.values or {}]
        typed = [values.accept(sobject, one, frozenset(), creating=True) for one in given]
        return answer({"ids": [self._org.store.create(sobject, one, change) for one in typed]}, 201)

    async def _update(self, request: Request) -> Response:
        sobject, write = _sobject(request), await _body(request, Write)
        typed = values.accept(sobject, write.values or {}, frozenset(), creating=False)
        self._org.store.update(sobject, _id(request), typed, self._change(write))
        return answer({})

    async def _delete(self, request: Request) -> Response:
        write = await _body(request, Write)
        self._org.store.delete(_sobject(request), _id(request), self._change(write))
        return answer({})

    async def _undelete(self, request: Request) -> Response:
        write = await _body(request, Write)
        self._org.store.undelete(_sobject(request), _id(request), self._change(write))
        return answer({})

    async def _purge(self, request: Request) -> Response:
        self._org.store.purge(_sobject(request), _id(request))
        return answer({})

    async def _begin(self, request: Request) -> Response:
        given = await _body(request, Begin)
        opened = self._org.store.begin(_moment(given.opened_at) or moments.now())
        return answer({"id": opened.id, "opened_at": moments.render(opened.opened_at)}, 201)

    async def _commit(self, request: Request) -> Response:
        try:
            return answer({"records": self._org.store.commit(request.path_params["id"])})
        except KeyError as error:
            raise ValueError(f"no open transaction {error}") from error

    async def _expire(self, request: Request) -> Response:
        given = await _body(request, Expire)
        return answer({"expired": self._org.sessions.expire(self._user(given.user) if given.user else None)})

    async def _throttle(self, request: Request) -> Response:
        given = await _body(request, Refuse)
        until = None if given.seconds is None else time.monotonic() + given.seconds
        count = 1 if given.seconds is None and given.count is None else given.count
        self._org.quota.throttle(Throttle(given.kind, count, until))
        return answer({}, 201)

    async def _forget(self, _request: Request) -> Response:
        self._org.quota.clear()
        return answer({})

    async def _hide(self, request: Request) -> Response:
        given = await _body(request, Hide)
        sobject = find_object(given.object)
        field = sobject.field(given.field) if sobject else None
        if sobject is None or field is None:
            raise ValueError(f"no field {given.object}.{given.field}")
        self._org.hide(self._user(given.user), sobject, field.name, hidden=given.hidden)
        return answer({})

    async def _settings(self, _request: Request) -> Response:
        return answer(msgspec.to_builtins(self._org.settings))

    async def _set(self, request: Request) -> Response:
        present = msgspec.to_builtins(self._org.settings)
        given = values.decode(await request.body())
        if unknown := set(given) - set(present):
            raise ValueError(f"unknown settings {sorted(unknown)}; known are {sorted(present)}")
        wanted = msgspec.convert(present | given, Settings)
        for name in given:
            setattr(self._org.settings, name, getattr(wanted, name))
        return answer(msgspec.to_builtins(self._org.settings))

    async def _switches(self, _request: Request) -> Response:
        return answer({"switches": described(self._org.switches, CLAIMS)})

    async def _switch(self, request: Request) -> Response:
        present = msgspec.to_builtins(self._org.switches)
        self._org.switches = msgspec.convert(present | values.decode(await request.body()), Switches)
        return await self._switches(request)

    def _change(self, write: Write) -> Change:
        if write.transaction and not self._org.store.is_open(write.transaction):
            raise ValueError(f"no open transaction '{write.transaction}'")
        return Change(self._user(write.user), _moment(write.stamp), write.transaction)

    def _user(self, name: str) -> str:
        user_id = self._org.find_user(name)
        if user_id is None:
            raise ValueError(f"no user '{name}'")
        return user_id


def _moment(text: str | None) -> datetime | None:
    moment = moments.parse(text) if text else None
    if text and moment is None:
        raise ValueError(f"not a date and time with an offset: {text}")
    return moment


def _sobject(request: Request) -> SObject:
    name = request.path_params["sobject"]
    found = find_object(name)
    if found is None:
        raise ValueError(f"no object '{name}'")
    return found


def _id(request: Request) -> str:
    given = str(request.path_params["id"])
    return ids.canonical(given) or given


async def _body(request: Request, shape: type[Shape]) -> Shape:
    decoder = msgspec.json.Decoder(shape, float_hook=Decimal)
    return decoder.decode(await request.body() or b"{}")


def _plainly(handler: Handler) -> Handler:
    """Answer what is wrong with a request in one sentence, 400."""

    async def serve(request: Request) -> Response:
        try:
            return await handler(request)
        except (ApiError, ValueError) as error:
            return answer({"error": str(error)}, 400)

    return serve
