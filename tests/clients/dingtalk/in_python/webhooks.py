"""Messages to a custom robot by DingtalkChatbot and by apprise, each as its documentation shows."""

from __future__ import annotations

from typing import Any

from acts import play  # type: ignore[import-not-found]  # it lies beside this script
from apprise import Apprise  # type: ignore[import-not-found]  # it lives in an environment of its own
from dingtalkchatbot.chatbot import (  # type: ignore[import-not-found]  # likewise
    ActionCard,
    CardItem,
    DingtalkChatbot,
)


def send(webhook: str, kind: str, given: dict[str, Any], secret: str | None = None) -> Any:
    return getattr(DingtalkChatbot(webhook, secret=secret), f"send_{kind}")(**given)


def send_buttons(webhook: str, title: str, text: str, buttons: dict[str, str]) -> Any:
    items = [CardItem(title=label, url=url) for label, url in buttons.items()]
    return DingtalkChatbot(webhook).send_action_card(ActionCard(title=title, text=text, btns=items, btn_orientation=1))


def send_many(webhook: str, count: int) -> Any:
    # its own queue of twenty would wait a minute
    return [DingtalkChatbot(webhook).send_text(f"m{n}")["errcode"] for n in range(count)]


def notify(url: str, body: str, title: str = "", form: str = "text") -> Any:
    robots = Apprise()
    robots.add(url)
    return bool(robots.notify(body=body, title=title, body_format=form))


if __name__ == "__main__":
    play(send, send_buttons, send_many, notify)
