"""The message types of application robots, put into the form in which webhook robots send the same.

https://open.dingtalk.com/document/development/robot-message-type
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from connectors.dingtalk.sandbox.api.answers import bad
from connectors.dingtalk.sandbox.api.fields import Given, text

MOST_BYTES = 15_000
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "sampleText": ("content",),
    "sampleMarkdown": ("title", "text"),
    "sampleImageMsg": ("photoURL",),
    "sampleLink": ("text", "title", "picUrl", "messageUrl"),
    "sampleActionCard": ("title", "text", "singleTitle", "singleURL"),
    "sampleActionCard6": ("title", "text", "buttonTitle1", "buttonUrl1", "buttonTitle2", "buttonUrl2"),
    "sampleAudio": ("mediaId", "duration"),
    "sampleFile": ("mediaId", "fileName", "fileType"),
    "sampleVideo": ("duration", "videoMediaId", "videoType", "picMediaId"),
}
_CARD = re.compile(r"sampleActionCard([2-5])")
_AS_TEXT = {"sampleAudio": "[Voice]", "sampleFile": "[File] {fileName}", "sampleVideo": "[Video]"}


def read(given: Given) -> dict[str, Any]:
    """Return the message that `msgKey` and `msgParam` describe, as a webhook message. Raises a refusal."""
    key = text(given, "msgKey")
    if not key:
        raise bad("invalidParameter.msgKey.empty", "msgKey为空")
    card = _CARD.fullmatch(key)
    if key not in _NEEDS and not card:
        raise bad("invalidParameter.msgKey.invalid", "msgKey无效，请传入正确的msgKey")
    param = _param(given)
    for name in _card_needs(int(card[1])) if card else _NEEDS[key]:
        if not text(param, name):
            raise bad("invalidParameter.param.invalid", f"参数不合法，缺少{name}")
    return {**_shape(key, param, int(card[1]) if card else 0), "msgKey": key}


def _param(given: Given) -> Given:
    raw = given.get("msgParam")
    if not isinstance(raw, str) or not raw:
        raise bad("invalidParameter.msgParam.invalid", "msgParam格式非法，必须是json格式")
    if len(raw.encode()) > MOST_BYTES:
        raise bad("invalidParameter.msgParam.tooLong", "消息内容太长，请缩减内容长度")
    try:
        param = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        param = None
    if not isinstance(param, dict):
        raise bad("invalidParameter.msgParam.invalid", "msgParam格式非法，必须是json格式")
    return param


def _card_needs(buttons: int) -> tuple[str, ...]:
    numbered = [name for n in range(1, buttons + 1) for name in (f"actionTitle{n}", f"actionURL{n}")]
    return ("title", "text", *numbered)


def _shape(key: str, param: Given, buttons: int) -> dict[str, Any]:
    if key in _AS_TEXT:
        return {"msgtype": "text", "text": {"content": _AS_TEXT[key].format_map(param)}}
    if key == "sampleText":
        return {"msgtype": "text", "text": {"content": text(param, "content")}}
    if key == "sampleImageMsg":
        return {"msgtype": "image", "image": {"picURL": text(param, "photoURL")}}
    if key == "sampleMarkdown":
        return {"msgtype": "markdown", "markdown": {"title": text(param, "title"), "text": text(param, "text")}}
    if key == "sampleLink":
        return {"msgtype": "link", "link": dict(param)}
    return {"msgtype": "actionCard", "actionCard": _card(key, param, buttons)}


def _card(key: str, param: Given, buttons: int) -> dict[str, Any]:
    card: dict[str, Any] = {"title": text(param, "title"), "text": text(param, "text")}
    if key == "sampleActionCard":
        return card | {"singleTitle": text(param, "singleTitle"), "singleURL": text(param, "singleURL")}
    names = ("buttonTitle", "buttonUrl") if key == "sampleActionCard6" else ("actionTitle", "actionURL")
    shown = [
        {"title": text(param, f"{names[0]}{n}"), "actionURL": text(param, f"{names[1]}{n}")}
        for n in range(1, (buttons or 2) + 1)
    ]
    return card | {"btns": shown, "btnOrientation": "1" if key == "sampleActionCard6" else "0"}
