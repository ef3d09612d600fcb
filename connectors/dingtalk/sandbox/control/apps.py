"""Control of applications: their credentials, rights and addresses, as the developer's console sets them."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.dingtalk.sandbox.apps import App, Callback, Keys
from connectors.dingtalk.sandbox.control.desk import answer, found, patched, read
from connectors.dingtalk.sandbox.events.envelope import Envelope, UnreadableError
from connectors.dingtalk.sandbox.events.http_push import HttpPush
from connectors.dingtalk.sandbox.state import State


class NewCallback(msgspec.Struct, forbid_unknown_fields=True):
    """An address for HTTP events. With `overlap` the keys before it are still used for so many seconds, in turns."""

    url: str
    token: str
    aes_key: str
    owner: str = ""
    overlap: float = 0.0
    check: bool = True


class AppControl:
    """The routes for applications."""

    def __init__(self, state: State, http: HttpPush) -> None:
        """Steer the applications of `state`."""
        self._state = state
        self._http = http

    def routes(self) -> list[Route]:
        """Return the routes, relative to the control mount."""
        return [
            Route("/apps", self._apps, methods=["GET", "POST"]),
            Route("/apps/{id}", self._patch, methods=["PATCH"]),
            Route("/apps/{id}/callback", self._callback, methods=["POST", "DELETE"]),
            Route("/tokens", self._expire, methods=["DELETE"]),
        ]

    async def _apps(self, request: Request) -> Response:
        apps = self._state.apps.by_id
        if request.method == "POST":
            app = await read(request, App)
            if app.client_id in apps or self._state.apps.of_agent(app.agent_id):
                raise HTTPException(409, "an application with this id exists")
            apps[app.client_id] = app
            return answer(app, 201)
        return answer({"apps": list(apps.values())})

    async def _patch(self, request: Request) -> Response:
        app = found(self._state.apps.by_id, request.path_params["id"])
        given = await read(request, dict[str, Any])
        changed = self._state.apps.by_id[app.client_id] = patched(app, {**given, "client_id": app.client_id})
        return answer(changed)

    async def _callback(self, request: Request) -> Response:
        app = found(self._state.apps.by_id, request.path_params["id"])
        if request.method == "DELETE":
            app.callback = None
            return answer({})
        new = await read(request, NewCallback)
        callback = Callback(new.url, Keys(new.token, new.aes_key), new.owner)
        _usable(callback)
        trouble = await self._http.check_url(app, callback) if new.check else ""
        if trouble:
            raise HTTPException(409, f"the address did not answer check_url: {trouble}")
        if new.overlap and app.callback is not None:
            callback.previous, callback.until = app.callback.keys, self._state.clock.now() + new.overlap
        app.callback, app.mode = callback, "http"
        return answer(callback, 201)

    async def _expire(self, _request: Request) -> Response:
        return answer({"expired": self._state.apps.expire()})


def _usable(callback: Callback) -> None:
    try:
        envelope = Envelope(callback.keys, callback.owner)
        envelope.open(envelope.seal("check"))
    except (ValueError, UnreadableError) as error:
        raise HTTPException(400, "aes_key has 43 letters and digits") from error
