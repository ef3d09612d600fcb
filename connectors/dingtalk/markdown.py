"""Facts as DingTalk's markdown or plain text: what users typed is shown as they typed it and formats nothing.

DingTalk documents headings, quotes, bold, italic, links, images and lists, and no way to escape them
(https://open.dingtalk.com/document/development/robot-message-type). So nothing here relies on a backslash: a sign
that would format is replaced by its full-width form or parted from its partner by a zero-width space, and only where
it would format; a value such as `SO_1042-7` or `#1042` is copied from the chat as it was typed.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from connectors.contract import Draft, Fact, Format, Line

BREAK = "  \n  "
"""A line break needs two spaces on both sides of the newline."""
TITLE_LENGTH = 100
PREVIEW_LENGTH = 1_000
ZERO_WIDTH = "\u200b"

_NEWLINES = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_UNCLEAN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

# An address of e-mail stays as it is, unless seven digits follow: that could be a telephone number. A-DINGTALK-51
_MENTION = re.compile(r"(?<![A-Za-z0-9.%+-])@(?=\S)|@(?=\+?\d{7})|@$")
_PLAIN_AT = re.compile(rf"@(?!{ZERO_WIDTH})")
_SUSPECT = re.compile(r"[*`~_\\\]<&@]")
_FULL_WIDTH = {"*": "＊", "`": "｀", "~": "～", "_": "＿"}
# A-DINGTALK-14
_FORMATS = re.compile(
    r"[*`~]"
    r"|(?<!\w)_+|_+(?!\w)"  # an underscore inside a word formats in no dialect
    r"|\\(?=[!-/:-@\[-`{-~]|$)"
    r"|\](?=[(\[:]|$)"
    r"|<(?=\S|$)"
    r"|&(?=#?\w+;)"
    rf"|{_MENTION.pattern}"
)
_OPENS_BLOCK = re.compile(r"[\s#>+\-=|]|\d+[.)]")

_LINK = re.compile(r"(?:https?|dingtalk)://[^/?#\s]", re.IGNORECASE)
_KEPT_IN_LINKS = ":/?#[]!$&,;=-._~%+"
_JOINER = "\u200d"
_SKIN_TONES = frozenset("\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
_FLAG_LETTERS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))
_LONGEST_CLUSTER = 32
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def compose(draft: Draft) -> str:
    """Write a draft as the text of one message, in the draft's format (the text of an action card is markdown)."""
    formatted = draft.format is not Format.TEXT
    blocks = [_heading(draft, formatted)] if len(draft.facts) != 1 else []
    linked = card_fact(draft) is None
    blocks += [block(fact, draft, linked=linked) for fact in draft.facts]
    if draft.mentions:
        # The ids of `at` must also stand in the text. A-DINGTALK-55
        blocks.append(" ".join(f"@{escape(person) if formatted else clean(person)}" for person in draft.mentions))
    return "\n\n".join(blocks)


def card_fact(draft: Draft) -> Fact | None:
    """Return the fact that an action card's one button opens, or None where the draft is no action card."""
    if draft.format is Format.ACTION_CARD and len(draft.facts) == 1 and link(draft.facts[0].url):
        return draft.facts[0]
    return None


def block(fact: Fact, draft: Draft, *, linked: bool = True) -> str:
    """Write one fact with the format and the link caption of its draft."""
    if draft.format is Format.TEXT:
        return _plain(fact, draft)
    text = _markdown(fact, draft.open_label, linked=linked)
    # A card mentions whoever is written in its text, without being told whom, so there an address of e-mail is parted
    # too. A-DINGTALK-55
    return _PLAIN_AT.sub(f"@{ZERO_WIDTH}", text) if draft.format is Format.ACTION_CARD else text


def _heading(draft: Draft, formatted: bool) -> str:
    if not draft.facts:
        preview = shorten(clean(draft.preview), PREVIEW_LENGTH)
        return flow(preview) if formatted else calm(preview)
    preview = shorten(flat(draft.preview), TITLE_LENGTH)
    told = preview or str(len(draft.facts))
    return f"### {escape(told)}" if formatted else calm(told)


def _markdown(fact: Fact, caption: str, *, linked: bool) -> str:
    title = escape(_joined(fact.title, fact.number))
    head = " · ".join(part for part in (f"**{title}**" if title else "", flow(flat(fact.at))) if part)
    rows = [head] if head else []
    rows += [flow(_told(line)) for line in fact.lines]
    url = link(fact.url)
    if fact.url and not url:
        rows.append(flow(fact.url))
    parts = [BREAK.join(rows)] if rows else []
    if fact.notes:
        parts.append(BREAK.join(f"> {row}" for note in fact.notes for row in flow(note).split(BREAK)))
    if url and linked:
        named = escape(open_caption(fact, caption)).replace("[", "［").replace("]", "］")
        parts.append(f"[{named}]({url})")
    return "\n\n".join(parts)


def _plain(fact: Fact, draft: Draft) -> str:
    rows = [" · ".join(part for part in (_joined(fact.title, fact.number), flat(fact.at)) if part)]
    rows += [_told(line) for line in fact.lines]
    rows += [f"“{note}”" for note in fact.notes]
    text = calm("\n".join(row for row in rows if row))
    if not fact.url:
        return text
    # An address is not calmed: link() has percent-escaped its @ signs, and anything else is only shown.
    url = link(fact.url) or calm(fact.url)
    caption = flat(draft.open_label)
    return f"{text}\n{calm(caption)}: {url}" if caption else f"{text}\n{url}"


def _told(line: Line) -> str:
    label = flat(line.label)
    value = line.value if line.before is None else f"{line.before} → {line.value}"
    return f"{label}: {value}" if label else value


def _joined(title: str, number: str) -> str:
    return f"{flat(title)} {flat(number)}".strip()


def open_caption(fact: Fact, caption: str) -> str:
    """Name the link or button of a fact; a caption is never empty."""
    return shorten(flat(caption) or flat(fact.number) or flat(fact.title), TITLE_LENGTH) or "↗"


def clean(text: str) -> str:
    """Return `text` with one kind of newline, and with what nobody would see, or would be misled by, shown by number.

    Embedded and overridden writing directions are shown; marks that scripts need (joiners, LRM, RLM) are kept.
    """
    if not _UNCLEAN.search(text):
        return text
    text = _NEWLINES.sub("\n", text).replace("\t", " ")
    return _INVISIBLE.sub(lambda found: f"⟨U+{ord(found.group()):04X}⟩", text)


def flat(text: str) -> str:
    """Return `text` clean and on one line."""
    return " ".join(clean(text).split("\n")).strip()


def calm(text: str) -> str:
    """Return plain text that mentions nobody."""
    return _MENTION.sub(f"@{ZERO_WIDTH}", clean(text))


def escape(text: str) -> str:
    """Return one line for the inside of a markdown line: nothing in it formats, links or mentions."""
    text = clean(text)
    return _FORMATS.sub(_defused, text) if _SUSPECT.search(text) else text


def flow(text: str) -> str:
    """Return text of any number of lines as markdown lines, none of which starts a heading, list, quote or table."""
    return BREAK.join(_opened(row) for row in escape(text).split("\n"))


def _opened(row: str) -> str:
    return ZERO_WIDTH + row if _OPENS_BLOCK.match(row) else row


def _defused(found: re.Match[str]) -> str:
    sign = found.group()
    return "".join(_FULL_WIDTH[one] for one in sign) if sign[0] in _FULL_WIDTH else sign + ZERO_WIDTH


def link(url: str) -> str:
    """Return `url` percent-escaped so that it cannot end a markdown link early, or "" if it may not be a link.

    Allowed are http, https and dingtalk:// (https://open.dingtalk.com/document/development/message-link-description).
    """
    url = url.strip()
    if not _LINK.match(url):
        return ""
    return quote(_STRAY_PERCENT.sub("%25", url), safe=_KEPT_IN_LINKS, errors="replace")


def shorten(text: str, length: int) -> str:
    """Return at most `length` characters, the last of them an ellipsis where something was left out."""
    return text if len(text) <= length else text[: whole(text, length - 1)] + "…"


def whole(text: str, at: int) -> int:
    """Move a cut at index `at` back so that it does not part what is one character to a reader."""
    if at >= len(text):
        return len(text)
    # Bounded: text that clings without end (stacked accents) is cut anyway.
    return next((place for place in range(at, max(at - _LONGEST_CLUSTER, 0), -1) if not _clings(text, place)), at)


def _clings(text: str, place: int) -> bool:
    """Tell whether the character at `place` belongs to the one before: accents, joined emoji, skin tones, flags."""
    char = text[place]
    if _JOINER in {char, text[place - 1]} or unicodedata.category(char)[0] == "M" or char in _SKIN_TONES:
        return True
    flags = 0
    while flags < place and text[place - 1 - flags] in _FLAG_LETTERS:
        flags += 1
    return char in _FLAG_LETTERS and flags % 2 == 1
