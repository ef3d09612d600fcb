"""The control API of the twin: groups, robots, what was shown, and how it misbehaves."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any, Literal, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from connectors.dingtalk.sandbox import content, refusals
from connectors.dingtalk.sandbox.company import Group, Limits, Robot, User
from connectors.dingtalk.sandbox.mentions import masked_text, mentions_of
from connectors.dingtalk.sandbox.shown import Shown
from connectors.dingtalk.sandbox.state import ArmedRefusal, State
from connectors.dingtalk.sandbox.switches import CLAIMS
from connectors.sandbox.switches import described

T = TypeVar("T")
ROWS = 1000
ADDRESS_BLOCK_S = 300.0


class NewRobot(msgspec.Struct, forbid_unknown_fields=True):
    """A robot to create; without a token it gets a random one."""

    group: str
    name: str = "robot"
    id: str = ""
    token: str = ""
    secret: str = ""
    keywords: list[str] = []
    ips: list[str] = []
    limits: Limits = Limits()


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


class RobotControl:
    """The routes under `/__sandbox/` for the webhook robots."""

    def __init__(self, state: State, describe: Callable[[str], Mapping[str, Any]]) -> None:
        """Steer `state`; `describe` makes the page for people."""
        self._state = state
        self._describe = describe

    def routes(self) -> list[Route | Mount]:
        """Return the routes, relative to the control mount."""
        return [
            Route("/", self._index, methods=["GET"]),
            Route("/users", self._users, methods=["GET", "POST"]),
            Route("/groups", self._groups, methods=["GET", "POST"]),
            Route("/groups/{id}", self._patch_group, methods=["PATCH"]),
            Route("/robots", self._robots, methods=["GET", "POST"]),
            Route("/robots/{id}", self._patch_robot, methods=["PATCH"]),
            Route("/messages", self._messages, methods=["GET"]),
            Route("/arrivals", self._arrivals, methods=["GET"]),
            Route("/stats", self._stats, methods=["GET"]),
            Route("/settings", self._settings, methods=["GET", "POST"]),
            Route("/switches", self._switches, methods=["GET", "POST"]),
            Route("/throttle", self._throttle, methods=["POST"]),
            Route("/fail", self._fail, methods=["POST", "DELETE"]),
            Route("/reset", self._reset, methods=["POST"]),
        ]

    async def _index(self, request: Request) -> Response:
        return _json(self._describe(str(request.base_url).removesuffix("/").removesuffix("/__sandbox")))

    async def _users(self, request: Request) -> Response:
        users = self._state.company.users
        if request.method == "POST":
            user = await _read(request, User)
            users[user.id] = user
            return _json(user, 201)
        return _json({"users": list(users.values())})

    async def _groups(self, request: Request) -> Response:
        groups = self._state.company.groups
        if request.method == "POST":
            group = await _read(request, Group)
            groups[group.id] = group
            return _json(group, 201)
        return _json({"groups": list(groups.values())})

    async def _patch_group(self, request: Request) -> Response:
        group = _found(self._state.company.groups, request.path_params["id"])
        given = await _read(request, dict[str, Any])
        patched = self._state.company.groups[group.id] = _patched(group, {**given, "id": group.id})
        return _json(patched)

    async def _robots(self, request: Request) -> Response:
        company = self._state.company
        if request.method == "GET":
            return _json({"robots": list(company.robots.values())})
        new = await _read(request, NewRobot)
        given = msgspec.structs.asdict(new)
        given["token"] = new.token or secrets.token_hex(32)
        given["id"] = new.id or f"robot-{len(company.robots) + 1}"
        if given["id"] in company.robots:
            raise HTTPException(409, "a robot with this id exists")
        return _json(self._put(Robot(**given)), 201)

    async def _patch_robot(self, request: Request) -> Response:
        robot = _found(self._state.company.robots, request.path_params["id"])
        given = await _read(request, dict[str, Any])
        return _json(self._put(_patched(robot, {**given, "id": robot.id})))

    def _put(self, robot: Robot) -> Robot:
        company = self._state.company
        _found(company.groups, robot.group)
        if company.by_token.get(robot.token, robot).id != robot.id:
            raise HTTPException(409, "a robot with this token exists")
        try:
            for listed in robot.ips:
                ip_network(listed, strict=False)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        company.put(robot)
        return robot

    async def _messages(self, request: Request) -> Response:
        group = request.query_params.get("group", "")
        after, limit = _paging(request)
        rows: list[Mapping[str, Any]] = []
        for message in self._state.log.since(after):
            if len(rows) >= limit:
                break
            if not group or message.group == group:
                rows.append(self._row(message))
        return _json({"count": self._state.log.count, "messages": rows})

    def _row(self, shown: Shown) -> Mapping[str, Any]:
        message: content.Message = msgspec.json.decode(shown.raw)
        company = self._state.company
        mentions = mentions_of(message, company.groups[shown.group], company)
        return {
            "index": shown.index,
            "group": shown.group,
            "robot": shown.robot,
            "at": shown.at,
            "msgtype": message["msgtype"],
            "title": masked_text(content.title_of(message), mentions),
            "text": masked_text(content.body_text(message), mentions),
            "buttons": content.buttons_of(message),
            "mentions": {"all": mentions.everybody, "users": mentions.users},
            "msgUuid": message.get("msgUuid"),
        }

    async def _arrivals(self, request: Request) -> Response:
        traffic = self._state.traffic.get(request.query_params.get("robot", ""))
        after, limit = _paging(request)
        rows = [arrival for arrival in traffic.arrivals if arrival.n > after][:limit] if traffic else []
        return _json({"count": traffic.count if traffic else 0, "arrivals": rows})

    async def _stats(self, _request: Request) -> Response:
        return _json(self._state.stats())

    async def _settings(self, request: Request) -> Response:
        if request.method == "POST":
            self._state.settings = _patched(self._state.settings, await _read(request, dict[str, Any]))
        return _json(self._state.settings)

    async def _switches(self, request: Request) -> Response:
        if request.method == "POST":
            self._state.switches = _patched(self._state.switches, await _read(request, dict[str, Any]))
        return _json({"switches": described(self._state.switches, CLAIMS)})

    async def _throttle(self, request: Request) -> Response:
        given = await _read(request, Throttle)
        state, now = self._state, time.monotonic()
        if given.robot:
            robot = _found(state.company.robots, given.robot)
            seconds = robot.limits.block if given.seconds is None else given.seconds
            state.traffic_of(robot.id).window.blocked_until = now + seconds
        else:
            seconds = ADDRESS_BLOCK_S if given.seconds is None else given.seconds
            state.address_blocked_until = now + seconds
            state.address_block_form = given.form
        return _json({"blocked_for": seconds})

    async def _fail(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._state.armed.clear()
            return _json({})
        given = await _read(request, Fail)
        documented = refusals.DOCUMENTED.get(given.errcode)
        self._state.armed.append(
            ArmedRefusal(
                errcode=given.errcode,
                errmsg=given.errmsg or (documented.says if documented else "failed"),
                robot=given.robot,
                count=1 if given.count is None and given.seconds is None else given.count,
                until=None if given.seconds is None else time.monotonic() + given.seconds,
            )
        )
        return _json({"armed": len(self._state.armed)}, 201)

    async def _reset(self, _request: Request) -> Response:
        self._state.reset()
        return _json({})


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


async def _read(request: Request, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.MsgspecError as error:
        raise HTTPException(400, str(error)) from error


def _patched(whole: T, given: Mapping[str, Any]) -> T:
    current = msgspec.to_builtins(whole)
    if unknown := set(given) - set(current):
        raise HTTPException(400, f"unknown {sorted(unknown)}; known are {sorted(current)}")
    try:
        return msgspec.convert({**current, **given}, type(whole))
    except msgspec.ValidationError as error:
        raise HTTPException(400, str(error)) from error


def _found(known: Mapping[str, T], id_: str) -> T:
    if id_ not in known:
        raise HTTPException(404, f"no {id_!r}; known are {sorted(known)}")
    return known[id_]


def _paging(request: Request) -> tuple[int, int]:
    try:
        return int(request.query_params.get("after", 0)), int(request.query_params.get("limit", ROWS))
    except ValueError as error:
        raise HTTPException(400, "after and limit are whole numbers") from error
