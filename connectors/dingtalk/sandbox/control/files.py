"""Control of files: what was uploaded, and the addresses under which the vendor would give files out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.dingtalk.sandbox.control.desk import answer, found
from connectors.dingtalk.sandbox.state import State


class FileControl:
    """The routes for files."""

    def __init__(self, state: State) -> None:
        """Give out the files of `state`."""
        self._state = state

    def routes(self) -> list[Route]:
        """Return the routes, relative to the control mount."""
        return [
            Route("/media", self._media, methods=["GET"]),
            Route("/media/{id}", self._uploaded, methods=["GET"]),
            Route("/files/{code:path}", self._sent, methods=["GET"]),
        ]

    async def _media(self, _request: Request) -> Response:
        files = self._state.shelf.uploaded.values()
        return answer(
            {"media": [{"id": one.id, "type": one.type, "name": one.name, "size": len(one.body)} for one in files]}
        )

    async def _uploaded(self, request: Request) -> Response:
        file = found(self._state.shelf.uploaded, request.path_params["id"])
        return Response(file.body, media_type=file.content_type)

    async def _sent(self, request: Request) -> Response:
        file = found(self._state.shelf.sent, request.path_params["code"])
        return Response(file.body, media_type=file.content_type)
