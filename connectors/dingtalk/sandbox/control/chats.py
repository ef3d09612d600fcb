"""Control of the conversations: what was shown, and what people do in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.dingtalk.sandbox import content
from connectors.dingtalk.sandbox.cards.clicks import Clicks, Outcome, Press, offered
from connectors.dingtalk.sandbox.company import Group
from connectors.dingtalk.sandbox.control.desk import answer, base_of, found, paging, read
from connectors.dingtalk.sandbox.mentions import Mentions, masked_text, mentions_of
from connectors.dingtalk.sandbox.reading import Reading, message_of, people_of, visible
from connectors.dingtalk.sandbox.robots.inbound import Attached, Inbound, Words
from connectors.dingtalk.sandbox.shown import Shown
from connectors.dingtalk.sandbox.state import State


class Say(msgspec.Struct, forbid_unknown_fields=True):
    """What a person writes to a robot: in a group when one is named, otherwise in their 1:1 chat.

    `user` may be an outsider of the group, by unionId; `app` is a Client ID, the first application without one.
    With a `file` its text is what a voice message was understood as.
    """

    user: str
    text: str = ""
    group: str = ""
    mention: bool = True
    app: str = ""
    file: Attached | None = None


class Pressed(msgspec.Struct, forbid_unknown_fields=True):
    """A person presses a button (`action`) of a card. With `times` they press so often in a row."""

    user: str
    card: str
    action: str
    times: int = 1


class Read(msgspec.Struct, forbid_unknown_fields=True):
    """A person looks at a conversation."""

    user: str
    conversation: str


class ChatControl:
    """The routes for conversations."""

    def __init__(self, state: State, inbound: Inbound, clicks: Clicks, reading: Reading) -> None:
        """Act for the people of `state`."""
        self._state = state
        self._inbound = inbound
        self._clicks = clicks
        self._reading = reading

    def routes(self) -> list[Route]:
        """Return the routes, relative to the control mount."""
        return [
            Route("/messages", self._messages, methods=["GET"]),
            Route("/say", self._say, methods=["POST"]),
            Route("/press", self._press, methods=["POST"]),
            Route("/read", self._read, methods=["POST"]),
        ]

    async def _messages(self, request: Request) -> Response:
        wanted, reader = request.query_params.get("group", ""), request.query_params.get("reader", "")
        after, limit = paging(request)
        rows: list[Mapping[str, Any]] = []
        for message in self._state.log.since(after):
            if len(rows) >= limit:
                break
            if wanted in {"", message.group} and (not reader or self._readable(message, reader)):
                rows.append(self._row(message))
        return answer({"count": self._state.log.count, "messages": rows})

    def _readable(self, shown: Shown, reader: str) -> bool:
        return reader in people_of(self._state, shown.group) and visible(self._state, shown, reader)

    def _row(self, shown: Shown) -> Mapping[str, Any]:
        message = message_of(self._state, shown)
        group = self._state.company.groups.get(shown.group)
        mentions = mentions_of(message, group, self._state.company) if group else Mentions()
        return {
            "index": shown.index,
            "group": shown.group,
            "robot": shown.robot,
            "at": shown.at,
            "kind": shown.kind,
            "key": shown.key,
            "only": shown.only,
            "recalled": shown.index in self._state.log.recalled,
            "msgtype": message["msgtype"],
            "title": masked_text(content.title_of(message), mentions),
            "text": masked_text(content.body_text(message), mentions),
            "buttons": content.buttons_of(message),
            "mentions": {"all": mentions.everybody, "users": mentions.users},
            "msgUuid": message.get("msgUuid"),
        }

    async def _say(self, request: Request) -> Response:
        say = await read(request, Say)
        apps = self._state.apps.by_id
        app = found(apps, say.app) if say.app else next(iter(apps.values()))
        group = found(self._state.company.groups, say.group) if say.group else None
        words = self._words(say, group)
        if group is not None and app.robotcode not in group.robots:
            raise HTTPException(409, "this robot is not in the group")
        return answer({"outcome": await self._inbound.say(app, words, base_of(request))})

    def _words(self, say: Say, group: Group | None) -> Words:
        outsider = next((one for one in group.outsiders if one.union == say.user), None) if group else None
        if outsider is not None:
            return Words(outsider, say.text, group, say.mention, outsider=True, attached=say.file)
        user = found(self._state.company.users, say.user)
        if group is not None and user.id not in group.members:
            raise HTTPException(409, "this person is not in the group")
        return Words(user, say.text, group, say.mention, attached=say.file)

    async def _press(self, request: Request) -> Response:
        pressed = await read(request, Pressed)
        press = self._seen(pressed)
        outcomes = [await self._clicks.press(press) for _ in range(pressed.times)]
        return answer({"outcome": outcomes[-1], "answered": outcomes.count(Outcome.ANSWERED)})

    def _seen(self, pressed: Pressed) -> Press:
        card = found(self._state.deck.cards, pressed.card)
        user = found(self._state.company.users, pressed.user)
        seen = (
            one
            for one in card.deliveries
            if user.id in people_of(self._state, one.conversation)
            and (not one.recipients or user.id in one.recipients or not self._state.app_switches.recipients_restrict)
        )
        delivery = next(seen, None)
        if delivery is None:
            raise HTTPException(409, "this person does not see the card")
        button = next((one for one in offered(card, user.id) if one.id == pressed.action), None)
        if button is None:
            raise HTTPException(409, f"this person sees the buttons {[one.id for one in offered(card, user.id)]}")
        return Press(card, delivery, user, button)

    async def _read(self, request: Request) -> Response:
        given = await read(request, Read)
        found(self._state.company.users, given.user)
        return answer({"read": self._reading.read(given.user, given.conversation)})
