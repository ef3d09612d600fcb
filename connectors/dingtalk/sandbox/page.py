"""The chat page: what each person reads in each conversation, as they see it in DingTalk, live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from connectors.dingtalk.sandbox import conversations
from connectors.dingtalk.sandbox.conversations import Conversation
from connectors.dingtalk.sandbox.reading import visible
from connectors.dingtalk.sandbox.shown import Kind, Shown
from connectors.dingtalk.sandbox.state import State
from connectors.dingtalk.sandbox.views import Views, clock

_HERE = Path(__file__).parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {"content-security-policy": POLICY, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
_CHANGE = (Kind.CARD, Kind.NOTICE)


class ChatPage:
    """The pages at `/` and `/chat/{conversation}`, with `?as=` a person, and what they poll under the control mount."""

    def __init__(self, state: State) -> None:
        """Show the conversations of `state`."""
        self._state = state
        self._views = Views(state)
        self._templates = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, trim_blocks=True)

    def pages(self) -> list[Route]:
        """Return the routes of the pages for people."""
        return [Route("/", self._page), Route("/chat/{group}", self._page)]

    def routes(self) -> list[Route | Mount]:
        """Return the routes under the control mount: the poll and the page's own files."""
        return [
            Route("/chat/{group}", self._poll, methods=["GET"]),
            Mount("/assets", StaticFiles(directory=_HERE / "assets")),
        ]

    async def _page(self, request: Request) -> Response:
        user = self._user(request)
        listed = conversations.of(self._state, user)
        chosen = self._chosen(request, listed)
        shown = self._seen(chosen, user)
        page = self._templates.get_template("chat.html").render(
            at_root="group" not in request.path_params,
            chosen=chosen,
            user=user,
            users=self._state.company.users.values(),
            lines=[self._line(one, user) for one in listed],
            messages=[self._views.view(message, user) for message in shown],
            last=self._last(chosen),
        )
        return HTMLResponse(page, headers=_HEADERS)

    async def _poll(self, request: Request) -> Response:
        user = self._user(request)
        listed = conversations.of(self._state, user)
        chosen = self._chosen(request, listed)
        after = request.query_params.get("after", "0")
        known = int(after) if after.isascii() and after.isdigit() else 0
        shown = self._seen(chosen, user)
        body = {
            "last": self._last(chosen),
            "html": self._html([one for one in shown if one.index > known], user),
            # what was shown already may have changed, or be gone
            "changing": {str(one.index): self._html([one], user) for one in shown if one.kind in _CHANGE},
            "indexes": [one.index for one in shown],
            "groups": [self._line(one, user) for one in listed],
        }
        return Response(msgspec.json.encode(body), media_type="application/json")

    def _html(self, shown: Sequence[Shown], user: str) -> str:
        if not shown:
            return ""
        messages = [self._views.view(one, user) for one in shown]
        return self._templates.get_template("messages.html").render(messages=messages, user=user)

    def _user(self, request: Request) -> str:
        user = request.query_params.get("as", "")
        if user and user not in self._state.company.users:
            raise HTTPException(404, "no such person")
        return user

    def _chosen(self, request: Request, listed: Sequence[Conversation]) -> Conversation:
        id_ = request.path_params.get("group") or listed[0].id
        found = next((one for one in listed if one.id == id_), None)
        if found is None and not self._user(request):
            found = conversations.find(self._state, id_)
        if found is None:
            raise HTTPException(404, "no such group")
        return found

    def _seen(self, chosen: Conversation, user: str) -> list[Shown]:
        return [one for one in self._state.log.tail(chosen.id) if visible(self._state, one, user)]

    def _last(self, chosen: Conversation) -> int:
        tail = self._state.log.tail(chosen.id)
        return tail[-1].index if tail else 0

    def _line(self, one: Conversation, user: str) -> Mapping[str, Any]:
        shown = self._seen(one, user)
        title = " ".join(self._views.title(shown[-1], user).split())[:80] if shown else "No messages yet"
        count = self._state.log.count_in(one.id)
        at = clock(shown[-1].at) if shown else ""
        return {"id": one.id, "name": one.name, "title": title, "clock": at, "count": count}
