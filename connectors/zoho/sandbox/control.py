"""The twin's own control API: records behind the vendor's back, late commits, expiry, limits, permissions, weather."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.sandbox.switches import described
from connectors.zoho.sandbox import ids, moments, wire
from connectors.zoho.sandbox.centres import base_url
from connectors.zoho.sandbox.commands import Agree, Alter, Expire, Permit, Private, Refuse, Seed, Spend, State, Write
from connectors.zoho.sandbox.credits import Throttle
from connectors.zoho.sandbox.errors import ApiError
from connectors.zoho.sandbox.gate import answer
from connectors.zoho.sandbox.notices import Weather
from connectors.zoho.sandbox.org import Org
from connectors.zoho.sandbox.people import PROFILES, SALESPERSON, User, find_user
from connectors.zoho.sandbox.rendering import View
from connectors.zoho.sandbox.schema import Module
from connectors.zoho.sandbox.settings import Settings
from connectors.zoho.sandbox.store import Change
from connectors.zoho.sandbox.switches import CLAIMS, Switches
from connectors.zoho.sandbox.tokens import Grant
from connectors.zoho.sandbox.values import retyped

Describe = Callable[[str], Mapping[str, Any]]
Shape = TypeVar("Shape", bound=msgspec.Struct)
Handler = Callable[[Request, bytes], Response]


class ControlApi:
    """Routes under `/__sandbox/`."""

    def __init__(self, org: Org, describe: Describe) -> None:
        self._org = org
        self._describe = describe

    def routes(self) -> list[Route]:
        """Return the routes, for the shared control application."""
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/", self._overview),
            ("GET", "/records/{module}", self._list),
            ("POST", "/records/{module}", self._create),
            ("PATCH", "/records/{module}/{id}", self._update),
            ("DELETE", "/records/{module}/{id}", self._delete),
            ("POST", "/records/{module}/{id}/restore", self._restore),
            ("POST", "/records/{module}/{id}/purge", self._purge),
            ("POST", "/records/{module}/{id}/state", self._state),
            ("POST", "/seed/{module}", self._seed),
            ("POST", "/transactions", self._begin),
            ("POST", "/transactions/{id}/commit", self._commit),
            ("POST", "/fields/{module}/{field}", self._alter),
            ("POST", "/permissions", self._permit),
            ("POST", "/private", self._private),
            ("POST", "/grants", self._agree),
            ("POST", "/expire-tokens", self._expire),
            ("POST", "/expire-pages", self._expire_pages),
            ("POST", "/mend-fuses", self._mend),
            ("POST", "/credits", self._spend),
            ("DELETE", "/credits", self._forget),
            ("POST", "/throttle", self._throttle),
            ("GET", "/channels", self._channels),
            ("DELETE", "/channels", self._end_channels),
            ("GET", "/notifications", self._sent),
            ("POST", "/notifications", self._weather),
            ("GET", "/settings", self._settings),
            ("POST", "/settings", self._set),
            ("GET", "/switches", self._switches),
            ("POST", "/switches", self._switch),
        ]
        return [Route(path, _plainly(handler), methods=[method]) for method, path, handler in table]

    def _overview(self, request: Request, _body: bytes) -> Response:
        return answer(self._describe(base_url(request)))

    def _list(self, request: Request, _body: bytes) -> Response:
        view = View(self._org, self._user("integration@harbour.example"), self._module(request.path_params["module"]))
        rows = self._org.store.table(view.module).rows.values()
        return answer({"records": [view.whole(row) for row in rows]})

    def _create(self, request: Request, body: bytes) -> Response:
        module, write = self._module(request.path_params["module"]), _read(body, Write)
        values = self._org.writer().accept(module, write.values, 0, creating=True)
        row = self._org.store.create(module, values, self._change(write))
        return answer({"id": str(row.id)}, 201)

    def _update(self, request: Request, body: bytes) -> Response:
        module, write = self._module(request.path_params["module"]), _read(body, Write)
        values = self._org.writer().accept(module, write.values, 0, creating=False)
        self._org.store.update(module, _id(request), values, self._change(write))
        return answer({})

    def _delete(self, request: Request, body: bytes) -> Response:
        module, write = self._module(request.path_params["module"]), _read(body, Write)
        self._org.store.delete(module, _id(request), self._change(write))
        return answer({})

    def _restore(self, request: Request, body: bytes) -> Response:
        module, write = self._module(request.path_params["module"]), _read(body, Write)
        self._org.store.restore(module, _id(request), self._change(write))
        return answer({})

    def _purge(self, request: Request, _body: bytes) -> Response:
        self._org.store.purge(self._module(request.path_params["module"]), _id(request))
        return answer({})

    def _state(self, request: Request, body: bytes) -> Response:
        module, given = self._module(request.path_params["module"]), _read(body, State)
        row = self._org.store.current(module, _id(request), Change(SALESPERSON))
        if given.in_process is not None:
            row = replace(row, in_process=given.in_process)
        if given.locked is not None:
            row = replace(row, locked=given.locked)
        if given.awaiting is not None:
            row = replace(row, awaiting=frozenset(self._user(one).id for one in given.awaiting))
        self._org.store.set_state(module, row)
        return answer({})

    def _seed(self, request: Request, body: bytes) -> Response:
        module, given = self._module(request.path_params["module"]), _read(body, Seed)
        first = self._org.writer().accept(module, given.values, 0, creating=True)
        start = _moment(given.start) or moments.now()
        numbered = [name for name, value in first.items() if isinstance(value, str) and "{n}" in value]
        many = (
            {**first, **{name: str(first[name]).replace("{n}", str(n)) for name in numbered}}
            for n in range(1, given.count + 1)
        )
        stamps = (start + timedelta(seconds=n // given.per_second) for n in range(given.count))
        return answer({"seeded": self._org.store.seed(module, many, stamps, SALESPERSON)}, 201)

    def _begin(self, _request: Request, _body: bytes) -> Response:
        return answer({"id": self._org.store.begin()}, 201)

    def _commit(self, request: Request, _body: bytes) -> Response:
        name = request.path_params["id"]
        if not self._org.store.is_open(name):
            raise ValueError(f"no open transaction '{name}'")
        return answer({"records": self._org.store.commit(name)})

    def _alter(self, request: Request, body: bytes) -> Response:
        module, given = self._module(request.path_params["module"]), _read(body, Alter)
        name = request.path_params["field"]
        field = module.find(name)
        if field is None:
            raise ValueError(f"no field {module.name}.{name}")
        if given.retype is not None:
            field.type = given.retype
            self._org.store.recast(module, name, lambda value: retyped(field, value))
        elif given.rename is not None:
            field.name = given.rename
            module.title = given.rename if module.title == name else module.title
            module.fields = {f.name: f for f in module.fields.values()}
            self._org.store.rename(module, name, given.rename)
        elif given.remove:
            del module.fields[name]
            self._org.store.rename(module, name, None)
        return answer({"fields": list(module.fields)})

    def _permit(self, _request: Request, body: bytes) -> Response:
        given = _read(body, Permit)
        profile = next((p for p in PROFILES.values() if given.profile in {p.name, str(p.id)}), None)
        if profile is None:
            raise ValueError(f"no profile '{given.profile}'; known are {[p.name for p in PROFILES.values()]}")
        module, rules = self._module(given.module), self._org.rules
        if given.field is not None:
            rules.fields[profile.id, module.name, given.field] = given.access
        if given.right is not None:
            entry = (profile.id, module.name, given.right)
            (rules.denied.discard if given.allowed else rules.denied.add)(entry)
        return answer({})

    def _private(self, _request: Request, body: bytes) -> Response:
        given = _read(body, Private)
        module = self._module(given.module)
        (self._org.rules.private.add if given.private else self._org.rules.private.discard)(module.name)
        return answer({"private": sorted(self._org.rules.private)})

    def _agree(self, _request: Request, body: bytes) -> Response:
        given = _read(body, Agree)
        grant = Grant(self._user(given.user), frozenset(given.scopes), given.centre)
        if given.refresh:
            return answer({"refresh_token": self._org.tokens.issue_refresh(grant)}, 201)
        return answer({"code": self._org.tokens.issue_code(grant, given.redirect_uri)}, 201)

    def _expire(self, _request: Request, body: bytes) -> Response:
        given = _read(body, Expire)
        return answer({"expired": self._org.tokens.expire(self._user(given.user) if given.user else None)})

    def _expire_pages(self, _request: Request, _body: bytes) -> Response:
        return answer({"expired": self._org.pages.expire()})

    def _mend(self, _request: Request, _body: bytes) -> Response:
        self._org.tokens.mend()
        return answer({})

    def _spend(self, _request: Request, body: bytes) -> Response:
        self._org.credits.spend(_read(body, Spend).credits)
        return answer({"used": self._org.credits.used, "remaining": self._org.credits.remaining})

    def _forget(self, _request: Request, _body: bytes) -> Response:
        self._org.credits.clear()
        return answer({})

    def _throttle(self, _request: Request, body: bytes) -> Response:
        given = _read(body, Refuse)
        until = None if given.seconds is None else time.monotonic() + given.seconds
        count = 1 if given.seconds is None and given.count is None else given.count
        self._org.credits.throttle(Throttle(count, until))
        return answer({}, 201)

    def _channels(self, _request: Request, _body: bytes) -> Response:
        shown = [
            {"channel_id": str(c.id), "events": sorted(c.events), "user": c.user.email, "notify_url": c.url}
            for c in self._org.channels.living()
        ]
        return answer({"channels": shown})

    def _end_channels(self, _request: Request, _body: bytes) -> Response:
        for channel in self._org.channels.living():
            self._org.channels.end(channel.id)
        return answer({"channels": []})

    def _sent(self, _request: Request, _body: bytes) -> Response:
        return answer({"sent": [msgspec.to_builtins(sent) for sent in self._org.post.log]})

    def _weather(self, _request: Request, body: bytes) -> Response:
        self._org.post.weather = _read(body, Weather)
        return answer(msgspec.to_builtins(self._org.post.weather), 201)

    def _settings(self, _request: Request, _body: bytes) -> Response:
        return answer(msgspec.to_builtins(self._org.settings))

    def _set(self, _request: Request, body: bytes) -> Response:
        present = msgspec.to_builtins(self._org.settings)
        given = msgspec.json.decode(body)
        if unknown := set(given) - set(present):
            raise ValueError(f"unknown settings {sorted(unknown)}; known are {sorted(present)}")
        wanted = msgspec.convert(present | given, Settings)
        for name in given:
            setattr(self._org.settings, name, getattr(wanted, name))
        return answer(msgspec.to_builtins(self._org.settings))

    def _switches(self, _request: Request, _body: bytes) -> Response:
        return answer({"switches": described(self._org.switches, CLAIMS)})

    def _switch(self, request: Request, body: bytes) -> Response:
        present = msgspec.to_builtins(self._org.switches)
        self._org.switches = msgspec.convert(present | msgspec.json.decode(body), Switches)
        return self._switches(request, body)

    def _change(self, write: Write) -> Change:
        if write.transaction and not self._org.store.is_open(write.transaction):
            raise ValueError(f"no open transaction '{write.transaction}'")
        return Change(self._user(write.user), _moment(write.stamp), write.transaction, write.quiet)

    def _user(self, named: str) -> User:
        found = find_user(named)
        if found is None:
            raise ValueError(f"no user '{named}'")
        return found

    def _module(self, name: str) -> Module:
        found = self._org.modules.get(name)
        if found is None:
            raise ValueError(f"no module '{name}'; known are {sorted(self._org.modules)}")
        return found


def _moment(text: str | None) -> datetime | None:
    moment = moments.parse(text) if text else None
    if text and moment is None:
        raise ValueError(f"not a date and time with an offset: {text}")
    return moment


def _id(request: Request) -> int:
    return ids.parse(request.path_params["id"]) or 0


def _read(body: bytes, shape: type[Shape]) -> Shape:
    return msgspec.convert(wire.decode(body or b"{}"), shape)


def _plainly(handler: Handler) -> Callable[[Request], Any]:
    """Answer what is wrong with a request in one sentence, 400."""

    async def serve(request: Request) -> Response:
        try:
            return handler(request, await request.body())
        except (ApiError, ValueError) as error:
            return answer({"error": str(error)}, 400)

    return serve
