"""The markdown that DingTalk's robots support, as HTML in which everything that came from outside is escaped.

Headings, quotes, bold, italic, links, images and the two lists; nothing else:
https://open.dingtalk.com/document/development/robot-message-type
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from markupsafe import Markup, escape

from connectors.dingtalk.sandbox.mentions import Mentions

_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_BULLET = re.compile(r"-\s+(.*)")
_NUMBER = re.compile(r"\d+\.\s+(.*)")
_QUOTE = re.compile(r">\s?(.*)")
_ESCAPE = r"\\(?P<literal>[\\`*_{}\[\]()#+\-.!>@|~])"
_INLINE = (
    r"!\[(?P<alt>[^\]\n]*)\]\((?P<src>[^)\s]*)\)"
    r"|\[(?P<label>(?:[^\[\]\\]|\\.)+)\]\((?P<href>[^)\s]+)\)"
    r"|\*\*(?!\s)(?P<bold>(?:[^*]|\*(?!\*))+)\*\*"
    r"|\*(?![\s*])(?P<italic>[^*\n]+)\*"
)
_DEEPEST_QUOTE = 3
_PAGE_LINK = "dingtalk://dingtalkclient/page/link"


def link_target(url: str) -> str:
    """Return what a browser may open for a URL of a message: http(s) only, "" for anything else.

    A link in DingTalk's own scheme opens the page that it wraps:
    https://open.dingtalk.com/document/development/message-link-description
    """
    if url.startswith(_PAGE_LINK):
        url = parse_qs(urlsplit(url).query).get("url", [""])[0]
    return url if re.match(r"https?://", url, re.IGNORECASE) else ""


@dataclass(frozen=True, slots=True)
class Markdown:
    """How to read it: `any_break` when each line break counts, `escapes` when a backslash makes literal."""

    any_break: bool = False
    escapes: bool = True
    mentions: Mentions = field(default_factory=Mentions)

    def html(self, text: str, *, depth: int = 0) -> Markup:
        """Return the HTML of a text."""
        return Markup("").join(self._blocks(text.replace("\r\n", "\n").split("\n"), depth))

    def _blocks(self, lines: list[str], depth: int) -> Iterator[Markup]:
        at = 0
        while at < len(lines):
            line = lines[at].lstrip()
            if not line.strip():
                at += 1
            elif heading := _HEADING.match(line):
                level = len(heading[1])
                yield Markup("<h{0}>{1}</h{0}>").format(level, self.inline(heading[2]))
                at += 1
            elif line.startswith(">") and depth < _DEEPEST_QUOTE:
                inner, at = _taken(lines, at, _QUOTE)
                yield Markup("<blockquote>{}</blockquote>").format(self.html("\n".join(inner), depth=depth + 1))
            elif _BULLET.match(line):
                items, at = _taken(lines, at, _BULLET)
                yield Markup("<ul>{}</ul>").format(self._items(items))
            elif _NUMBER.match(line):
                items, at = _taken(lines, at, _NUMBER)
                yield Markup("<ol>{}</ol>").format(self._items(items))
            else:
                end = _paragraph_end(lines, at, quotes=depth < _DEEPEST_QUOTE)
                yield Markup("<p>{}</p>").format(self._paragraph(lines[at:end]))
                at = end

    def _items(self, items: list[str]) -> Markup:
        return Markup("").join(Markup("<li>{}</li>").format(self.inline(item)) for item in items)

    def _paragraph(self, lines: list[str]) -> Markup:
        joined = Markup("")
        for number, line in enumerate(lines):
            if number:
                # A-DINGTALK-13: the page only recommends the two spaces
                broken = self.any_break or lines[number - 1].endswith("  ")
                joined += Markup("<br>") if broken else " "
            joined += self.inline(line.strip())
        return joined

    def inline(self, text: str) -> Markup:
        """Return the HTML of one line."""
        # A-DINGTALK-14: the page does not name the backslash
        pattern = f"{_ESCAPE}|{_INLINE}" if self.escapes else _INLINE
        done = Markup("")
        at = 0
        for match in re.finditer(pattern, text):
            done += with_mentions(text[at : match.start()], self.mentions) + self._token(match)
            at = match.end()
        return done + with_mentions(text[at:], self.mentions)

    def _token(self, match: re.Match[str]) -> Markup:
        found: dict[str, str | None] = match.groupdict()
        made: tuple[tuple[str, Callable[[str], Markup]], ...] = (
            ("literal", escape),
            ("alt", lambda alt: _picture(alt, found["src"] or "")),
            ("label", lambda label: link(self.inline(label), found["href"] or "")),
            ("bold", lambda inner: Markup("<strong>{}</strong>").format(self.inline(inner))),
            ("italic", lambda inner: Markup("<em>{}</em>").format(self.inline(inner))),
        )
        return next(make(value) for name, make in made if (value := found.get(name)) is not None)


def with_mentions(text: str, mentions: Mentions) -> Markup:
    """Return a plain text with its mentions highlighted and the numbers of outsiders masked."""
    pattern = mentions.pattern()
    if pattern is None:
        return escape(text)
    done = Markup("")
    at = 0
    for match in pattern.finditer(text):
        name = mentions.names.get(match[0])
        shown = Markup('<span class="mention">{}</span>').format(name) if name else escape(mentions.masked[match[0]])
        done += escape(text[at : match.start()]) + shown
        at = match.end()
    return done + escape(text[at:])


def link(label: Markup, url: str) -> Markup:
    """Return a link, or the bare label when a browser must not open the URL."""
    target = link_target(url)
    if not target:
        return Markup('<span class="inert" title="{}">{}</span>').format(url, label)
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(target, label)


def _picture(alt: str, src: str) -> Markup:
    # nothing is loaded from outside: a placeholder names the picture
    return Markup('<span class="picture" title="{}">{}</span>').format(src, alt or "Picture")


def _taken(lines: list[str], at: int, pattern: re.Pattern[str]) -> tuple[list[str], int]:
    found = []
    while at < len(lines) and (match := pattern.match(lines[at].lstrip())):
        found.append(match[1])
        at += 1
    return found, at


def _paragraph_end(lines: list[str], at: int, *, quotes: bool) -> int:
    end = at + 1
    while end < len(lines):
        line = lines[end].lstrip()
        starts_block = any(pattern.match(line) for pattern in (_HEADING, _BULLET, _NUMBER))
        if not line or starts_block or (quotes and line.startswith(">")):
            break
        end += 1
    return end
