"""Control of the webhook robots: their settings, and what arrived."""

from __future__ import annotations

import secrets
from ipaddress import ip_network
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.dingtalk.sandbox.company import Limits, Robot
from connectors.dingtalk.sandbox.control.desk import answer, found, paging, patched, read
from connectors.dingtalk.sandbox.state import State


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


class WebhookControl:
    """The routes for custom robots."""

    def __init__(self, state: State) -> None:
        """Steer the robots of `state`."""
        self._state = state

    def routes(self) -> list[Route]:
        """Return the routes, relative to the control mount."""
        return [
            Route("/robots", self._robots, methods=["GET", "POST"]),
            Route("/robots/{id}", self._patch_robot, methods=["PATCH"]),
            Route("/arrivals", self._arrivals, methods=["GET"]),
        ]

    async def _robots(self, request: Request) -> Response:
        company = self._state.company
        if request.method == "GET":
            return answer({"robots": list(company.robots.values())})
        new = await read(request, NewRobot)
        given = msgspec.structs.asdict(new)
        given["token"] = new.token or secrets.token_hex(32)
        given["id"] = new.id or f"robot-{len(company.robots) + 1}"
        if given["id"] in company.robots:
            raise HTTPException(409, "a robot with this id exists")
        return answer(self._put(Robot(**given)), 201)

    async def _patch_robot(self, request: Request) -> Response:
        robot = found(self._state.company.robots, request.path_params["id"])
        given = await read(request, dict[str, Any])
        return answer(self._put(patched(robot, {**given, "id": robot.id})))

    def _put(self, robot: Robot) -> Robot:
        company = self._state.company
        found(company.groups, robot.group)
        if company.by_token.get(robot.token, robot).id != robot.id:
            raise HTTPException(409, "a robot with this token exists")
        try:
            for listed in robot.ips:
                ip_network(listed, strict=False)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        company.put(robot)
        return robot

    async def _arrivals(self, request: Request) -> Response:
        traffic = self._state.traffic.get(request.query_params.get("robot", ""))
        after, limit = paging(request)
        rows = [arrival for arrival in traffic.arrivals if arrival.n > after][:limit] if traffic else []
        return answer({"count": traffic.count if traffic else 0, "arrivals": rows})
