"""How the twin behaves: tokens that end, limits that are exceeded, settings and switches."""

from __future__ import annotations

import re
import time

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.dynamics.sandbox import wire
from connectors.dynamics.sandbox.central.limits import Trouble
from connectors.dynamics.sandbox.control.desk import Table, order
from connectors.dynamics.sandbox.dataverse.protection import Exceeded
from connectors.dynamics.sandbox.limits import Load, Ordered, Slowness, Throttle
from connectors.dynamics.sandbox.settings import Settings
from connectors.dynamics.sandbox.switches import CLAIMS, Switches
from connectors.dynamics.sandbox.wire import answer
from connectors.dynamics.sandbox.world import World
from connectors.sandbox.switches import described


class Refuse(msgspec.Struct, forbid_unknown_fields=True):
    """Refuse the next `count` calls (default 1), or all for `seconds`."""

    kind: str
    count: int | None = None
    seconds: float | None = None


class Slow(msgspec.Struct, forbid_unknown_fields=True):
    """Let the next `count` calls whose path matches take `seconds`, inside the vendor's own count of running calls."""

    seconds: float
    path: str = ""
    count: int = 1


class BehaviourOrders:
    """`expire-tokens`, `expire-deltas`, `throttle`, `slow`, `load`, `settings` and `switches`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def table(self) -> Table:
        """Return the orders."""
        return [
            ("POST", "/expire-tokens", self._expire),
            ("POST", "/dataverse/expire-deltas", self._expire_deltas),
            ("POST", "/{side}/throttle", self._throttle),
            ("DELETE", "/{side}/throttle", self._forget),
            ("POST", "/{side}/slow", self._slow),
            ("GET", "/{side}/load", self._load),
            ("DELETE", "/{side}/load", self._count_anew),
            ("GET", "/settings", self._settings),
            ("POST", "/settings", self._set),
            ("GET", "/switches", self._switches),
            ("POST", "/switches", self._switch),
        ]

    async def _expire(self, _request: Request) -> Response:
        return answer({"expired": self._world.directory.expire()})

    async def _expire_deltas(self, _request: Request) -> Response:
        self._world.org.expire_deltas()
        return answer({})

    async def _throttle(self, request: Request) -> Response:
        given, (ordered, kinds) = await order(request, Refuse), self._ordered(request)
        if given.kind not in kinds:
            raise ValueError(f"no kind '{given.kind}': known are {', '.join(kinds)}")
        until = None if given.seconds is None else time.monotonic() + given.seconds
        count = 1 if given.seconds is None and given.count is None else given.count
        ordered.throttles.append(Throttle(given.kind, count, until))
        return answer({}, 201)

    async def _forget(self, request: Request) -> Response:
        ordered, _kinds = self._ordered(request)
        ordered.clear()
        if request.path_params["side"] == "dataverse":
            self._world.org.protection.clear()
        else:
            self._world.place.limits.clear()
        return answer({})

    async def _slow(self, request: Request) -> Response:
        given, (ordered, _kinds) = await order(request, Slow), self._ordered(request)
        ordered.slow.append(Slowness(re.compile(given.path), given.seconds, given.count))
        return answer({}, 201)

    async def _load(self, request: Request) -> Response:
        return answer(msgspec.to_builtins(self._counted(request)))

    async def _count_anew(self, request: Request) -> Response:
        self._counted(request).clear()
        return await self._load(request)

    async def _settings(self, _request: Request) -> Response:
        return answer(msgspec.to_builtins(self._world.settings))

    async def _set(self, request: Request) -> Response:
        present = msgspec.to_builtins(self._world.settings)
        given = wire.decode(await request.body())
        if unknown := set(given) - set(present):
            raise ValueError(f"unknown settings {sorted(unknown)}; known are {sorted(present)}")
        wanted = msgspec.convert(present | given, Settings, strict=False)
        for name in given:
            setattr(self._world.settings, name, getattr(wanted, name))
        return await self._settings(request)

    async def _switches(self, _request: Request) -> Response:
        return answer({"switches": described(self._world.switches, CLAIMS)})

    async def _switch(self, request: Request) -> Response:
        given = wire.decode(await request.body())
        wanted = msgspec.convert(msgspec.to_builtins(self._world.switches) | given, Switches)
        for name in given:
            setattr(self._world.switches, name, getattr(wanted, name))
        return await self._switches(request)

    def _counted(self, request: Request) -> Load:
        self._ordered(request)
        central = request.path_params["side"] == "businesscentral"
        return self._world.place.limits.load if central else self._world.org.protection.load

    def _ordered(self, request: Request) -> tuple[Ordered, list[str]]:
        side = request.path_params["side"]
        if side == "dataverse":
            return self._world.org.protection.ordered, [str(kind) for kind in Exceeded]
        if side == "businesscentral":
            return self._world.place.limits.ordered, [str(kind) for kind in Trouble]
        raise ValueError(f"no surface '{side}': known are dataverse and businesscentral")
