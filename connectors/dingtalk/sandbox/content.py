"""The five message types of a webhook robot: what each needs, and what people read of it.

https://open.dingtalk.com/document/development/robot-message-type
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Message: TypeAlias = Mapping[str, Any]
"""A message as it came: untrusted JSON."""

MOST_MENTIONS = 50
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "text": ("content",),
    "link": ("title", "text", "messageUrl"),
    "markdown": ("title", "text"),
    "actionCard": ("title", "text"),
    "feedCard": (),
    "image": ("picURL",),
}
_BUTTON = ("title", "actionURL")
_FEED = ("title", "messageURL", "picURL")


def known(msgtype: object, *, image: bool) -> bool:
    """Tell whether a webhook robot can send this type."""
    return isinstance(msgtype, str) and msgtype in _NEEDS and (image or msgtype != "image")


def lacking(message: Message) -> str:
    """Return the first required field that a message of a known type lacks (`markdown.title`), or nothing."""
    msgtype: str = message["msgtype"]
    part = message.get(msgtype)
    if not isinstance(part, dict):
        return msgtype
    for name in _NEEDS[msgtype]:
        if not _filled(part.get(name)):
            return f"{msgtype}.{name}"
    if msgtype == "actionCard" and not (_filled(part.get("singleTitle")) and _filled(part.get("singleURL"))):
        return _lacking_rows(part.get("btns"), "actionCard.btns", _BUTTON)
    if msgtype == "feedCard":
        return _lacking_rows(part.get("links"), "feedCard.links", _FEED)
    return ""


def _lacking_rows(rows: object, path: str, names: Sequence[str]) -> str:
    if not isinstance(rows, list) or not rows:
        return path
    for row in rows:
        for name in names:
            if not isinstance(row, dict) or not _filled(row.get(name)):
                return f"{path}.{name}"
    return ""


def _filled(value: object) -> bool:
    # the vendor reads a number where it wants a text
    return (isinstance(value, str) and bool(value)) or (isinstance(value, int | float) and not isinstance(value, bool))


def title_of(message: Message) -> str:
    """Return what the list of conversations shows."""
    msgtype: str = message["msgtype"]
    part = message[msgtype]
    if msgtype == "text":
        return str(part["content"])
    if msgtype == "feedCard":
        return str(part["links"][0]["title"])
    return str(part.get("title", "[Picture]"))


def body_text(message: Message) -> str:
    """Return the text of the message itself, without its title and buttons."""
    msgtype: str = message["msgtype"]
    part = message[msgtype]
    if msgtype == "feedCard":
        return "\n".join(str(link["title"]) for link in part["links"])
    return str(part.get("content" if msgtype == "text" else "text", ""))


def buttons_of(message: Message) -> list[dict[str, str]]:
    """Return the buttons of an action card, or what a link or a feed opens: `title` and `url` each."""
    msgtype: str = message["msgtype"]
    part = message[msgtype]
    if msgtype == "link":
        return [{"title": str(part["title"]), "url": str(part["messageUrl"])}]
    if msgtype == "feedCard":
        return [{"title": str(link["title"]), "url": str(link["messageURL"])} for link in part["links"]]
    if msgtype != "actionCard":
        return []
    if _filled(part.get("singleTitle")) and _filled(part.get("singleURL")):
        return [{"title": str(part["singleTitle"]), "url": str(part["singleURL"])}]
    return [{"title": str(button["title"]), "url": str(button["actionURL"])} for button in part["btns"]]


def named(message: Message, kind: str) -> list[str]:
    """Return `atMobiles` or `atUserIds`."""
    at = message.get("at")
    given = at.get(kind) if isinstance(at, dict) else None
    return [str(one) for one in given] if isinstance(given, list) else []


def mentions_count(message: Message) -> int:
    """Return how many people a message names in `at`."""
    return len(named(message, "atMobiles")) + len(named(message, "atUserIds")) if message.get("at") else 0
