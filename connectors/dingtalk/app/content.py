"""A draft as an application's message: robots and work notifications show the same, under other names.

https://open.dingtalk.com/document/development/robot-message-type
https://open.dingtalk.com/document/development/message-types-and-data-format
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec

from connectors.contract import Draft, Format
from connectors.dingtalk.markdown import TITLE_LENGTH, calm, card_fact, compose, flat, link, open_caption, shorten
from connectors.dingtalk.packing import Part, at_most, pack

MOST_PARAM_BYTES = 15_000
"""Of msgParam: https://open.dingtalk.com/document/development/the-robot-sends-a-group-message. A-DINGTALK-208"""
MOST_BUTTON = 20
_SMALL_PREVIEW = 60
_AROUND_BYTES = 128
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reader sees: `button` and `url` belong to an action card and are empty elsewhere."""

    format: Format
    title: str
    text: str
    button: str = ""
    url: str = ""


def shown(draft: Draft) -> Shown:
    """Write a draft. An action card needs one fact with a link; anything else becomes markdown."""
    # DingTalk needs a title and shows it on lock screens, so an empty preview is not filled from the facts.
    title = shorten(calm(flat(draft.preview)), TITLE_LENGTH) or "…"
    text = compose(draft)
    if draft.format is Format.TEXT:
        return Shown(Format.TEXT, title, text)
    fact = card_fact(draft)
    if fact is None:
        return Shown(Format.MARKDOWN, title, text)
    return Shown(Format.ACTION_CARD, title, text, calm(open_caption(fact, draft.open_label)), link(fact.url))


def unmentioned(draft: Draft) -> Draft:
    """Return a draft without mentions, which these messages do not have.

    https://open.dingtalk.com/document/dingstart/robot-reply-and-send-messages
    """
    return replace(draft, mentions=())


def robot_message(draft: Draft) -> tuple[str, str]:
    """Return msgKey and msgParam of a draft."""
    seen = shown(draft)
    match seen.format:
        case Format.TEXT:
            return "sampleText", _json(content=seen.text)
        case Format.MARKDOWN:
            return "sampleMarkdown", _json(title=seen.title, text=seen.text)
        case Format.ACTION_CARD:
            return "sampleActionCard", _json(
                title=seen.title, text=seen.text, singleTitle=seen.button, singleURL=seen.url
            )


def pack_for_robot(draft: Draft) -> list[Part]:
    """Split a draft so that the msgParam of each part stays below 15,000 bytes."""
    draft = unmentioned(draft)
    if at_most(draft, "") <= MOST_PARAM_BYTES or len(robot_message(draft)[1].encode()) <= MOST_PARAM_BYTES:
        return [(draft, tuple(range(len(draft.facts))))]
    bare = Draft(preview=flat(draft.preview), facts=(), format=draft.format)
    return pack(draft, MOST_PARAM_BYTES - len(robot_message(bare)[1].encode()) - _AROUND_BYTES)


def _json(**fields: str) -> str:
    return _encode(fields).decode()


def pack_small(draft: Draft, most: int, size: Callable[[Draft], int]) -> list[Part]:
    """Split a draft for messages of a few hundred bytes: `size` tells those of a part, of which `most` may be.

    What leads to the record keeps a short caption; a text without facts is shortened where it has to be.
    """
    draft = _brief(unmentioned(draft))
    if not draft.facts:
        while size(draft) > most:
            draft = replace(draft, preview=shorten(draft.preview, max(len(draft.preview) // 2, 1)))
    if size(draft) <= most:
        return [(draft, tuple(range(len(draft.facts))))]
    bare = Draft(preview=draft.preview, facts=(), format=draft.format)
    return pack(draft, most - size(bare) - _AROUND_BYTES)


def carded(draft: Draft, most_link: int) -> Draft:
    """Return a draft whose one button's address has at most `most_link` characters; else the link is in the text."""
    fact = card_fact(draft)
    if fact is None or len(link(fact.url)) <= most_link:
        return draft
    return replace(draft, format=Format.MARKDOWN)


def _brief(draft: Draft) -> Draft:
    if not draft.facts:
        return draft
    label = shorten(flat(draft.open_label), MOST_BUTTON) or "↗"
    return replace(draft, preview=shorten(flat(draft.preview), _SMALL_PREVIEW), open_label=label)
