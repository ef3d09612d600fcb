"""How the twin behaves: sessions that end, limits that are exceeded, settings and switches."""

from __future__ import annotations

import re
import time

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.salesforce.sandbox import values
from connectors.salesforce.sandbox.control.desk import Desk, Table, order
from connectors.salesforce.sandbox.gate import answer
from connectors.salesforce.sandbox.limits import Refusal, Slowness, Throttle
from connectors.salesforce.sandbox.settings import Settings
from connectors.salesforce.sandbox.switches import CLAIMS, Switches
from connectors.sandbox.switches import described


class Refuse(msgspec.Struct, forbid_unknown_fields=True):
    """Refuse the next `count` calls (default 1), or all for `seconds`."""

    kind: Refusal
    count: int | None = None
    seconds: float | None = None


class Slow(msgspec.Struct, forbid_unknown_fields=True):
    """Let the next `count` calls whose path matches take `seconds`, inside the vendor's own count of running calls."""

    seconds: float
    path: str = ""
    count: int = 1


class Expire(msgspec.Struct, forbid_unknown_fields=True):
    """End all sessions, or those of one `user`."""

    user: str | None = None


class BehaviourOrders:
    """`expire-tokens`, `throttle`, `slow`, `settings` and `switches`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._org = desk.org

    def table(self) -> Table:
        """Return the orders."""
        return [
            ("POST", "/expire-tokens", self._expire),
            ("POST", "/throttle", self._throttle),
            ("DELETE", "/throttle", self._forget),
            ("POST", "/slow", self._slow),
            ("GET", "/settings", self._settings),
            ("POST", "/settings", self._set),
            ("GET", "/switches", self._switches),
            ("POST", "/switches", self._switch),
        ]

    async def _expire(self, request: Request) -> Response:
        given = await order(request, Expire)
        return answer({"expired": self._org.sessions.expire(self._desk.user(given.user) if given.user else None)})

    async def _throttle(self, request: Request) -> Response:
        given = await order(request, Refuse)
        until = None if given.seconds is None else time.monotonic() + given.seconds
        count = 1 if given.seconds is None and given.count is None else given.count
        self._org.quota.throttle(Throttle(given.kind, count, until))
        return answer({}, 201)

    async def _forget(self, _request: Request) -> Response:
        self._org.quota.clear()
        return answer({})

    async def _slow(self, request: Request) -> Response:
        given = await order(request, Slow)
        self._org.quota.slow(Slowness(re.compile(given.path), given.seconds, given.count))
        return answer({}, 201)

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
