"""What one person reads of a message, as the page's template needs it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup, escape

from connectors.dingtalk.sandbox import content
from connectors.dingtalk.sandbox.cards.clicks import offered
from connectors.dingtalk.sandbox.cards.deck import Card
from connectors.dingtalk.sandbox.cards.delivery import PINNED
from connectors.dingtalk.sandbox.cards.templates import filled
from connectors.dingtalk.sandbox.clock import CHINA
from connectors.dingtalk.sandbox.company import Company
from connectors.dingtalk.sandbox.markdown import Markdown, link_target, with_mentions
from connectors.dingtalk.sandbox.mentions import Mentions, masked_text, mentions_of
from connectors.dingtalk.sandbox.reading import message_of
from connectors.dingtalk.sandbox.shown import Kind, Shown
from connectors.dingtalk.sandbox.state import State


class Views:
    """Renders the messages of one twin."""

    def __init__(self, state: State) -> None:
        """Render what `state` keeps."""
        self._state = state

    def view(self, shown: Shown, user: str = "") -> Mapping[str, Any]:
        """Return what the template needs of one message as a person sees it; `body` is safe HTML."""
        about = {
            "index": shown.index,
            "kind": shown.kind,
            "sender": self._sender(shown),
            "clock": clock(shown.at),
            "at": datetime.fromtimestamp(shown.at, UTC).isoformat(timespec="seconds"),
            "everybody": False,
            "across": False,
            "hide_avatar": False,
            "buttons": (),
        }
        if shown.kind is Kind.CARD and (found := self._state.deck.at_index(shown.index)):
            return {
                **about,
                **self._card(found[0], user),
                "quiet": found[1].quiet,
                "pinned": found[1].space_type == PINNED,
                "called": found[1].at.values(),
            }
        return {**about, **self._message(shown)}

    def title(self, shown: Shown, user: str = "") -> str:
        """Return what the list of conversations shows of a message."""
        if shown.kind is Kind.CARD and (found := self._state.deck.at_index(shown.index)):
            return filled(found[0].template.title, found[0].seen_by(user))
        message = message_of(self._state, shown)
        return masked_text(content.title_of(message), self._mentions(shown, message))

    def _sender(self, shown: Shown) -> str:
        company = self._state.company
        if shown.kind is Kind.WORDS:
            return _person(company, shown.robot)
        if shown.kind is Kind.NOTICE:
            app = self._state.apps.of_agent(int(shown.robot))
            return app.name if app else shown.robot
        robot = company.robots.get(shown.robot)
        app = self._state.apps.of_robot(shown.robot)
        return robot.name if robot else app.name if app else shown.robot

    def _mentions(self, shown: Shown, message: content.Message) -> Mentions:
        group = self._state.company.groups.get(shown.group)
        # robots of applications mention nobody
        if group is None or "msgKey" in message:
            return Mentions()
        return mentions_of(message, group, self._state.company)

    def _message(self, shown: Shown) -> Mapping[str, Any]:
        message = message_of(self._state, shown)
        mentions = self._mentions(shown, message)
        part = message[message["msgtype"]]
        return {
            "msgtype": message["msgtype"],
            "title": content.title_of(message),
            "body": self._body(message, mentions),
            "everybody": mentions.everybody,
            "across": str(part.get("btnOrientation", "0")) == "1",
            "hide_avatar": str(part.get("hideAvatar", "0")) == "1",
            "buttons": [{**one, "href": link_target(one["url"])} for one in content.buttons_of(message)],
        }

    def _card(self, card: Card, user: str) -> Mapping[str, Any]:
        seen = card.seen_by(user)
        return {
            "msgtype": "card",
            "title": filled(card.template.title, seen),
            "body": self._markdown(Mentions()).html(filled(card.template.body, seen)),
            "card": card.out_track_id,
            "actions": offered(card, user),
        }

    def _markdown(self, mentions: Mentions) -> Markdown:
        switches = self._state.switches
        return Markdown(switches.line_break == "any", switches.backslash_escapes, mentions)

    def _body(self, message: content.Message, mentions: Mentions) -> Markup:
        text = content.body_text(message)
        if message["msgtype"] in {"markdown", "actionCard"}:
            return self._markdown(mentions).html(text)
        if message["msgtype"] == "text":
            return with_mentions(text, mentions)
        return escape(text)


def _person(company: Company, user: str) -> str:
    if user in company.users:
        return company.users[user].name
    outsiders = (one for group in company.groups.values() for one in group.outsiders)
    return next((one.name for one in outsiders if one.id == user), user)


def clock(at: float) -> str:
    """Return a time as DingTalk shows it: China's, with the date unless it is today."""
    when = datetime.fromtimestamp(at, CHINA)
    today = datetime.now(CHINA).date()
    return f"{when:%H:%M}" if when.date() == today else f"{when:%m-%d %H:%M}"
