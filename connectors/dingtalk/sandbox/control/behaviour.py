"""Control of how the twin behaves: settings, editions, switches, blocks, armed refusals, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.dingtalk.sandbox import refusals
from connectors.dingtalk.sandbox.address import BLOCK_S
from connectors.dingtalk.sandbox.control.desk import answer, base_of, found, patched, read
from connectors.dingtalk.sandbox.settings import EDITIONS, Edition
from connectors.dingtalk.sandbox.state import ArmedRefusal, State
from connectors.dingtalk.sandbox.switches import CLAIMS, AppSwitches
from connectors.sandbox.switches import described


class Throttle(msgspec.Struct, forbid_unknown_fields=True):
    """Block one robot now, or without a robot the caller's address (5 minutes, as `form` of answer)."""

    robot: str = ""
    seconds: float | None = None
    form: Literal["json", "errcode", "html"] = "json"


class Fail(msgspec.Struct, forbid_unknown_fields=True):
    """An errcode to answer, for one robot or all, `count` times (default once) or for `seconds`."""

    errcode: int
    errmsg: str = ""
    robot: str = ""
    count: int | None = None
    seconds: float | None = None


class Forward(msgspec.Struct, forbid_unknown_fields=True):
    """By how many seconds the twin's clock is put forward."""

    seconds: Annotated[float, msgspec.Meta(ge=0)]


class NewEdition(msgspec.Struct, forbid_unknown_fields=True):
    """The edition of DingTalk that the company has."""

    name: Edition


class BehaviourControl:
    """The routes for everything that is not a thing of the company."""

    def __init__(self, state: State, describe: Callable[[str], Mapping[str, Any]], forget: Callable[[], None]) -> None:
        """Steer `state`; `describe` makes the page for people, `forget` ends all pushes and connections."""
        self._state = state
        self._describe = describe
        self._forget = forget

    def routes(self) -> list[Route]:
        """Return the routes, relative to the control mount."""
        return [
            Route("/", self._index, methods=["GET"]),
            Route("/stats", self._stats, methods=["GET"]),
            Route("/settings", self._settings, methods=["GET", "POST"]),
            Route("/edition", self._edition, methods=["POST"]),
            Route("/switches", self._switches, methods=["GET", "POST"]),
            Route("/clock", self._clock, methods=["GET", "POST"]),
            Route("/throttle", self._throttle, methods=["POST"]),
            Route("/fail", self._fail, methods=["POST", "DELETE"]),
            Route("/reset", self._reset, methods=["POST"]),
        ]

    async def _index(self, request: Request) -> Response:
        return answer(self._describe(base_of(request)))

    async def _stats(self, _request: Request) -> Response:
        return answer(self._state.stats())

    async def _settings(self, request: Request) -> Response:
        if request.method == "POST":
            self._state.settings = patched(self._state.settings, await read(request, dict[str, Any]))
        return answer(self._state.settings)

    async def _edition(self, request: Request) -> Response:
        new = await read(request, NewEdition)
        self._state.settings = patched(self._state.settings, EDITIONS[new.name])
        return answer(self._state.settings)

    async def _switches(self, request: Request) -> Response:
        state = self._state
        if request.method == "POST":
            given = await read(request, dict[str, Any])
            of_apps = {name: value for name, value in given.items() if name in AppSwitches.__struct_fields__}
            others = {name: value for name, value in given.items() if name not in of_apps}
            state.switches, state.app_switches = patched(state.switches, others), patched(state.app_switches, of_apps)
        told: list[Mapping[str, Any]] = []
        for switches in (state.switches, state.app_switches):
            claims = {name: CLAIMS[name] for name in switches.__struct_fields__}
            told += described(switches, claims)
        return answer({"switches": told})

    async def _clock(self, request: Request) -> Response:
        if request.method == "POST":
            self._state.clock.advance((await read(request, Forward)).seconds)
        clock = self._state.clock
        return answer({"now": clock.now(), "ahead": clock.ahead})

    async def _throttle(self, request: Request) -> Response:
        given = await read(request, Throttle)
        state, now = self._state, self._state.clock.monotonic()
        if given.robot:
            robot = found(state.company.robots, given.robot)
            seconds = robot.limits.block if given.seconds is None else given.seconds
            state.traffic_of(robot.id).window.blocked_until = now + seconds
        else:
            seconds = BLOCK_S if given.seconds is None else given.seconds
            state.address.blocked_until = now + seconds
            state.address.form = given.form
        return answer({"blocked_for": seconds})

    async def _fail(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._state.armed.clear()
            return answer({})
        given = await read(request, Fail)
        documented = refusals.DOCUMENTED.get(given.errcode)
        self._state.armed.append(
            ArmedRefusal(
                errcode=given.errcode,
                errmsg=given.errmsg or (documented.says if documented else "failed"),
                robot=given.robot,
                count=1 if given.count is None and given.seconds is None else given.count,
                until=None if given.seconds is None else self._state.clock.monotonic() + given.seconds,
            )
        )
        return answer({"armed": len(self._state.armed)}, 201)

    async def _reset(self, _request: Request) -> Response:
        self._forget()
        self._state.reset()
        return answer({})
