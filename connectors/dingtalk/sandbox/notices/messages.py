"""The message types of work notices, put into the form in which robots send the same.

https://open.dingtalk.com/document/development/message-types-and-data-format
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.dingtalk.sandbox.api.answers import OldRefusal
from connectors.dingtalk.sandbox.api.fields import Given, part, rows, text

TYPES = ("text", "image", "voice", "file", "link", "oa", "markdown", "action_card")
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "text": ("content",),
    "image": ("media_id",),
    "voice": ("media_id", "duration"),
    "file": ("media_id",),
    "link": ("messageUrl", "picUrl", "title", "text"),
    "oa": ("message_url",),
    "markdown": ("title", "text"),
    "action_card": ("title", "markdown"),
}
_AS_TEXT = {"image": "[Picture]", "voice": "[Voice]", "file": "[File]"}
FORM_ROWS = 6


def checked(message: Given) -> dict[str, Any]:
    """Return a message of a known type that has what it needs. Raises a refusal."""
    kind = text(message, "msgtype")
    if kind not in TYPES:
        raise OldRefusal(40008, "不合法的消息类型")
    inside = part(message, kind)
    if any(not text(inside, name) for name in _NEEDS[kind]):
        raise OldRefusal(40035, f"不合法的参数:{kind}")
    if kind == "action_card" and not text(inside, "single_title") and not rows(inside, "btn_json_list"):
        raise OldRefusal(40035, "不合法的参数:action_card")
    return dict(message)


def shown(message: Given) -> dict[str, Any]:
    """Return what a person sees of a notice, as a webhook message."""
    kind = text(message, "msgtype")
    inside = part(message, kind)
    if kind in {"text", "link", "markdown"}:
        return {"msgtype": kind, kind: dict(inside)}
    if kind == "action_card":
        return {"msgtype": "actionCard", "actionCard": _card(inside)}
    if kind == "oa":
        return {"msgtype": "actionCard", "actionCard": _oa(inside)}
    return {"msgtype": "text", "text": {"content": _AS_TEXT[kind]}}


def _card(inside: Given) -> dict[str, Any]:
    card: dict[str, Any] = {"title": text(inside, "title"), "text": text(inside, "markdown")}
    if text(inside, "single_title"):
        return card | {"singleTitle": text(inside, "single_title"), "singleURL": text(inside, "single_url") or "#"}
    buttons = [
        {"title": text(row, "title"), "actionURL": text(row, "action_url")} for row in rows(inside, "btn_json_list")
    ]
    return card | {"btns": buttons, "btnOrientation": text(inside, "btn_orientation") or "0"}


def _oa(inside: Given) -> dict[str, Any]:
    body, status = part(inside, "body"), part(inside, "status_bar")
    title = text(body, "title") or text(part(inside, "head"), "text")
    lines = [f"**{title}**"]
    if text(status, "status_value"):
        lines.append(f"> {text(status, 'status_value')}")
    lines += [f"{text(row, 'key')} {text(row, 'value')}" for row in rows(body, "form")[:FORM_ROWS]]
    rich = part(body, "rich")
    if text(rich, "num"):
        lines.append(f"### {text(rich, 'num')} {text(rich, 'unit')}")
    lines += [one for one in (text(body, "content"), text(body, "author")) if one]
    url = text(inside, "message_url")
    return {"title": title or "OA", "text": "  \n".join(lines), "singleTitle": "Open", "singleURL": url}
