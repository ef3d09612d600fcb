"""A message as its reader sees it: DingTalk's markdown without its signs.

https://open.dingtalk.com/document/development/robot-message-type
"""

from __future__ import annotations

import re

from connectors.contract import Draft, Format, Seen
from connectors.dingtalk.app.content import MOST_PARAM_BYTES, Shown, robot_message, shown, unmentioned
from connectors.dingtalk.markdown import BREAK, ZERO_WIDTH

_HEADING = re.compile(r"^#{1,6} +", re.MULTILINE)
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_LINK = re.compile(r"\[([^\]\n]+)\]\(([^)\s]+)\)")


def seen(told: Shown, size: int, most: int) -> Seen:
    """Return what a reader sees of a message of `size` bytes where `most` are allowed."""
    formatted = told.format is not Format.TEXT
    links = tuple((_bare(label), url) for label, url in _LINK.findall(told.text)) if formatted else ()
    text = plain(told.text) if formatted else _bare(told.text)
    if told.button:
        links = (*links, (_bare(told.button), told.url))
    return Seen(_bare(told.title), text, links, size, most)


def seen_of_robot(draft: Draft) -> Seen:
    """Return what a reader sees of an application's robot."""
    bare = unmentioned(draft)
    return seen(shown(bare), len(robot_message(bare)[1].encode()), MOST_PARAM_BYTES)


def plain(markdown: str) -> str:
    """Return what our markdown shows: lines as they are broken, bold and headings bare, a link as its [caption]."""
    text = markdown.replace(BREAK, "\n")
    return _bare(_LINK.sub(r"[\1]", _BOLD.sub(r"\1", _HEADING.sub("", text))))


def _bare(text: str) -> str:
    return text.replace(ZERO_WIDTH, "")
