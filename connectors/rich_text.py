"""What vendors keep as HTML, as the plain text that people read there."""

from __future__ import annotations

from html.parser import HTMLParser

_BREAKS = frozenset({"address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer", "form"})
_BREAKS |= frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre"})
_BREAKS |= frozenset({"section", "table", "tr", "ul"})
_UNSEEN = frozenset({"head", "script", "style", "template", "title"})


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _BREAKS:
            self.parts.append("\n")
        elif tag in {"td", "th"}:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN and self._unseen:
            self._unseen -= 1
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            # a browser shows any run of white space as one space
            self.parts.append(" ".join(f".{data}.".split())[1:-1])


def plain(html: str) -> str:
    """Return the text of rich text: a line for each block, no tags, no scripts, entities as the signs they stand for."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line)
