"""Control of pushes: the Stream connections with their faults, and the events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.dingtalk.sandbox.control.desk import answer, read
from connectors.dingtalk.sandbox.events.bus import Bus
from connectors.dingtalk.sandbox.events.errands import Errands
from connectors.dingtalk.sandbox.events.http_push import HttpPush
from connectors.dingtalk.sandbox.state import State
from connectors.dingtalk.sandbox.stream.connection import Connection
from connectors.dingtalk.sandbox.stream.frames import FrameType, frame
from connectors.dingtalk.sandbox.stream.line import FrameFault
from connectors.dingtalk.sandbox.stream.pool import Pool


class Disturb(msgspec.Struct, forbid_unknown_fields=True):
    """What happens to one connection, or to all of them.

    `disconnect` announces the end and hangs up later, `silence` lets nothing pass any more, `cut` hangs up at once,
    `ping`, `keepalive` and `unknown` send such a frame.
    """

    what: Literal["disconnect", "silence", "cut", "ping", "keepalive", "unknown"]
    connection: str = ""


class NewEvent(msgspec.Struct, forbid_unknown_fields=True):
    """An event to push, to all applications that subscribed or to one."""

    type: str
    data: dict[str, Any] = {}
    app: str = ""


class PushControl:
    """The routes for Stream and events."""

    def __init__(self, state: State, pool: Pool, bus: Bus, http: HttpPush, errands: Errands) -> None:
        """Steer what goes to the applications of `state`."""
        self._state = state
        self._pool = pool
        self._bus = bus
        self._http = http
        self._errands = errands

    def routes(self) -> list[Route]:
        """Return the routes, relative to the control mount."""
        return [
            Route("/stream", self._stream, methods=["GET", "POST"]),
            Route("/stream/frames", self._frames, methods=["GET", "POST", "DELETE"]),
            Route("/events", self._events, methods=["GET", "POST"]),
            Route("/events/{id}/repeat", self._repeat, methods=["POST"]),
            Route("/pushes", self._pushes, methods=["GET"]),
        ]

    async def _stream(self, request: Request) -> Response:
        if request.method == "POST":
            disturb = await read(request, Disturb)
            hit = [one for one in self._pool.connections.values() if disturb.connection in {"", one.id}]
            for one in hit:
                await self._disturb(one, disturb.what)
            return answer({"hit": len(hit)})
        return answer({"connections": [_told(one) for one in self._pool.connections.values()]})

    async def _disturb(self, one: Connection, what: str) -> None:
        if what == "disconnect":
            grace = self._state.settings.stream_grace_s
            self._errands.run(one.retire(grace))
        elif what == "silence":
            one.silence()
            self._errands.run(one.give_up(self._state.settings.stream_given_up_s))
        elif what == "cut":
            one.cut()
        elif what == "ping":
            await one.ping()
        else:
            topic = {"keepalive": "KEEPALIVE"}.get(what, what)
            await one.push(frame(FrameType.SYSTEM, topic, {}))

    async def _frames(self, request: Request) -> Response:
        faults = self._pool.line.faults
        if request.method == "POST":
            faults.append(await read(request, FrameFault))
        elif request.method == "DELETE":
            faults.clear()
        return answer({"armed": faults}, 201 if request.method == "POST" else 200)

    async def _events(self, request: Request) -> Response:
        if request.method == "POST":
            new = await read(request, NewEvent)
            return answer({"id": self._bus.publish(new.type, new.data, only=new.app).id}, 201)
        wanted = request.query_params.get("type", "")
        rows = [
            {
                "id": one.event.id,
                "type": one.event.type,
                "app": one.client_id,
                "data": one.event.data,
                "attempts": one.attempts,
                "outcome": one.outcome,
            }
            for one in self._bus.pushed
            if wanted in {"", one.event.type}
        ]
        return answer({"events": rows})

    async def _repeat(self, request: Request) -> Response:
        again = [one for one in self._bus.pushed if one.event.id == request.path_params["id"]]
        for one in again:
            self._bus.repeat(one)
        return answer({"repeated": len(again)})

    async def _pushes(self, _request: Request) -> Response:
        waiting = [one.event.type for one in self._http.failed]
        rows = [
            {"event": one.event, "type": one.type, "at": one.at, "trouble": one.trouble} for one in self._http.attempts
        ]
        return answer({"attempts": rows, "failed": waiting})


def _told(one: Connection) -> Mapping[str, Any]:
    return {
        "id": one.id,
        "app": one.client_id,
        "phase": one.phase,
        "since": one.since,
        "pushed": one.pushed,
        "acknowledged": one.acks,
        "pongs": one.pongs,
        "subscriptions": one.subscriptions,
    }
