"""A person presses a button of a card.

https://open.dingtalk.com/document/development/event-callback-card : the application has two seconds, and what it
answers is seen by the person who pressed alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import anyio.to_thread
import msgspec

from connectors.dingtalk.sandbox.api.fields import part, truth
from connectors.dingtalk.sandbox.apps import CORP_ID
from connectors.dingtalk.sandbox.cards.deck import Card, Delivery
from connectors.dingtalk.sandbox.cards.templates import Button, buttons_of
from connectors.dingtalk.sandbox.company import User
from connectors.dingtalk.sandbox.events.post import post
from connectors.dingtalk.sandbox.state import State
from connectors.dingtalk.sandbox.stream.frames import CARD_CALLBACKS, OK, FrameType, frame
from connectors.dingtalk.sandbox.stream.pool import Pool


class Outcome(StrEnum):
    """What the person who pressed sees."""

    ANSWERED = "answered"
    NOT_ANSWERED = "no answer in time"
    NO_CALLBACK = "the card has no callback"
    NO_ROUTE = "no address is registered under the card's route key"
    OVER_QUOTA = "the month's pushes are used up"


@dataclass(frozen=True, slots=True)
class Press:
    """A button that a person saw and pressed."""

    card: Card
    delivery: Delivery
    user: User
    button: Button


def offered(card: Card, user: str) -> list[Button]:
    """Return the buttons that a person sees on a card."""
    return buttons_of(card.template, card.seen_by(user))


def signature(secret: str, timestamp: str) -> str:
    """Return the signature of an HTTP callback over its timestamp (Unix milliseconds, as text)."""
    return base64.b64encode(hmac.digest(secret.encode(), timestamp.encode(), hashlib.sha256)).decode()


class Clicks:
    """Brings presses to the application, and its answers to the person."""

    def __init__(self, state: State, pool: Pool) -> None:
        """Call back to the applications of `state`."""
        self._state = state
        self._pool = pool

    async def press(self, press: Press) -> Outcome:
        """Call back and show the answer; return what became of it."""
        card = press.card
        if card.callback_type not in {"STREAM", "HTTP"}:
            return Outcome.NO_CALLBACK
        if card.callback_type == "HTTP" and card.route_key not in self._state.deck.routes:
            return Outcome.NO_ROUTE
        if not self._state.push_allowed():
            return Outcome.OVER_QUOTA
        body = self._body(press)
        card.clicks_open += 1
        try:
            answer = await (
                self._by_stream(card, body) if card.callback_type == "STREAM" else self._by_http(card, body)
            )
        finally:
            card.clicks_open -= 1
        if answer is None:
            return Outcome.NOT_ANSWERED
        self._show(card, press.user.id, answer)
        return Outcome.ANSWERED

    def _body(self, press: Press) -> Mapping[str, Any]:
        chosen = {"actionIds": [press.button.id], "params": dict(press.button.params)}
        content = msgspec.json.encode({"cardPrivateData": chosen}).decode()
        by_union = press.card.user_id_type == 2
        body = {
            "type": "actionCallback",
            "outTrackId": press.card.out_track_id,
            "corpId": CORP_ID,
            "userId": press.user.union if by_union else press.user.id,
            "userIdType": press.card.user_id_type,
            "spaceType": press.delivery.space_type,
            "spaceId": press.delivery.space_id,
            "extension": "{}",
        }
        # A-DINGTALK-124: one page calls the field `value`, the others `content`
        names = {"content": ["content"], "value": ["value"], "both": ["content", "value"]}
        return {**body, **dict.fromkeys(names[self._state.app_switches.click_field], content)}

    async def _by_stream(self, card: Card, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        told = frame(FrameType.CALLBACK, CARD_CALLBACKS, body)
        ack = await self._pool.ask(card.client_id, told, self._state.settings.card_timeout_s)
        if ack is None or ack.code != OK:
            return None
        return part(ack.data, "response") if isinstance(ack.data, dict) else {}

    async def _by_http(self, card: Card, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        route = self._state.deck.routes[card.route_key]
        timestamp = str(round(time.time() * 1000))
        headers = {}
        if route.secret:
            headers = {
                "x-ddpaas-signature-timestamp": timestamp,
                "x-ddpaas-signature": signature(route.secret, timestamp),
            }
        raw, seconds = msgspec.json.encode(body), self._state.settings.card_timeout_s
        answer = await anyio.to_thread.run_sync(lambda: post(route.url, raw, seconds, headers=headers))
        if answer.trouble:
            return None
        told = answer.json()
        return told if isinstance(told, dict) else {}

    def _show(self, card: Card, user: str, answer: Mapping[str, Any]) -> None:
        options = part(answer, "cardUpdateOptions")
        public = _texts(part(part(answer, "cardData"), "cardParamMap"))
        if public:
            if self._state.app_switches.answer_seen_by == "everybody":
                card.replace(public, by_key=truth(options, "updateCardDataByKey"))
            else:
                # A-DINGTALK-125: a note on one page alone says that others do not see it
                card.personal.setdefault(user, {}).update(public)
        own = part(answer, "userPrivateData") or part(part(answer, "privateData"), user)
        private = _texts(part(own, "cardParamMap"))
        if private:
            card.replace_private(user, private, by_key=truth(options, "updatePrivateDataByKey"))


def _texts(data: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in data.items() if isinstance(value, str)}
