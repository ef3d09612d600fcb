"""The chat page: what each group reads, as people see it in DingTalk, live."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from connectors.dingtalk.sandbox import content
from connectors.dingtalk.sandbox.company import Group
from connectors.dingtalk.sandbox.markdown import Markdown, link_target, with_mentions
from connectors.dingtalk.sandbox.mentions import Mentions, masked_text, mentions_of
from connectors.dingtalk.sandbox.shown import Shown
from connectors.dingtalk.sandbox.state import State

_HERE = Path(__file__).parent
CHINA = timezone(timedelta(hours=8))
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {"content-security-policy": POLICY, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}


class ChatPage:
    """The pages at `/` and `/chat/{group}`, and what they poll under the control mount."""

    def __init__(self, state: State) -> None:
        """Show the groups of `state`."""
        self._state = state
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
        groups = self._state.company.groups
        chosen = request.path_params.get("group") or next(iter(groups))
        group = self._group(chosen)
        shown = self._state.log.tail(group.id)
        page = self._templates.get_template("chat.html").render(
            at_root="group" not in request.path_params,
            group=group,
            people=len(group.members) + len(group.outsiders),
            groups=self._overview(),
            messages=[self.view(message) for message in shown],
            last=shown[-1].index if shown else 0,
        )
        return HTMLResponse(page, headers=_HEADERS)

    async def _poll(self, request: Request) -> Response:
        group = self._group(request.path_params["group"])
        after = request.query_params.get("after", "0")
        shown = self._state.log.tail(group.id)
        last = shown[-1].index if shown else 0
        known = int(after) if after.isascii() and after.isdigit() else 0
        fresh = [self.view(message) for message in shown if message.index > known]
        html = self._templates.get_template("messages.html").render(messages=fresh) if fresh else ""
        body = {"last": last, "html": html, "groups": self._overview()}
        return Response(msgspec.json.encode(body), media_type="application/json")

    def _group(self, id_: str) -> Group:
        if id_ not in self._state.company.groups:
            raise HTTPException(404, "no such group")
        return self._state.company.groups[id_]

    def _overview(self) -> list[Mapping[str, Any]]:
        return [self._line(group) for group in self._state.company.groups.values()]

    def _line(self, group: Group) -> Mapping[str, Any]:
        shown = self._state.log.tail(group.id)
        title, clock = "No messages yet", ""
        if shown:
            message: content.Message = msgspec.json.decode(shown[-1].raw)
            mentions = mentions_of(message, group, self._state.company)
            title = " ".join(masked_text(content.title_of(message), mentions).split())[:80]
            clock = _clock(shown[-1].at)
        count = self._state.log.count_in(group.id)
        return {"id": group.id, "name": group.name, "title": title, "clock": clock, "count": count}

    def view(self, shown: Shown) -> Mapping[str, Any]:
        """Return what the template needs of one message; `body` is safe HTML."""
        company, switches = self._state.company, self._state.switches
        message: content.Message = msgspec.json.decode(shown.raw)
        mentions = mentions_of(message, company.groups[shown.group], company)
        part = message[message["msgtype"]]
        markdown = Markdown(switches.line_break == "any", switches.backslash_escapes, mentions)
        robot = company.robots.get(shown.robot)
        return {
            "index": shown.index,
            "msgtype": message["msgtype"],
            "robot": robot.name if robot else shown.robot,
            "clock": _clock(shown.at),
            "at": datetime.fromtimestamp(shown.at, UTC).isoformat(timespec="seconds"),
            "title": content.title_of(message),
            "body": _body(message, markdown, mentions),
            "everybody": mentions.everybody,
            "across": str(part.get("btnOrientation", "0")) == "1",
            "hide_avatar": str(part.get("hideAvatar", "0")) == "1",
            "buttons": [{**one, "href": link_target(one["url"])} for one in content.buttons_of(message)],
        }


def _body(message: content.Message, markdown: Markdown, mentions: Mentions) -> Markup:
    text = content.body_text(message)
    if message["msgtype"] in {"markdown", "actionCard"}:
        return markdown.html(text)
    if message["msgtype"] == "text":
        return with_mentions(text, mentions)
    return escape(text)


def _clock(at: float) -> str:
    # DingTalk's clock is China's
    when = datetime.fromtimestamp(at, CHINA)
    today = datetime.now(CHINA).date()
    return f"{when:%H:%M}" if when.date() == today else f"{when:%m-%d %H:%M}"
