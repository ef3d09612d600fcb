"""Splits a draft into messages that DingTalk takes, at the borders of facts where that is possible."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import msgspec

from connectors.contract import Draft, Fact, Line
from connectors.dingtalk.markdown import TITLE_LENGTH, block, flat, flow, link, shorten, whole

MOST_MENTIONS = 50
"""https://open.dingtalk.com/document/development/custom-robots-send-group-messages"""
_BETWEEN = 16
_PARTED_BYTES = 3
"""What parts an @ in a card."""
_CHARACTER_BYTES = 12
"""The most that one character becomes: a control sign shown by number, a percent-escaped character of a link."""
_AROUND_BYTES = 64
"""More than what stands around one text: line breaks, quote marks, bold and link signs, names in the JSON."""
_FIELD_BYTES = 1_200
_LINK_BYTES = 3_000

Part = tuple[Draft, tuple[int, ...]]


def pack(draft: Draft, room: int) -> list[Part]:
    """Return the parts of `draft`, each with the indexes of the facts in it.

    `room` is what the facts of one part may weigh in the JSON body, in bytes. What is too large for one message goes
    on in the next under its number and a mark such as (2/3). Each person is mentioned once: the first 50 in the
    first part, the next 50 in the second; parts without facts follow where there are more people than parts.
    """
    units = [(piece, index) for index, fact in enumerate(draft.facts) for piece in _pieces(fact, draft, room)]
    groups = list(_grouped(units, draft, room))
    people = [draft.mentions[at : at + MOST_MENTIONS] for at in range(0, len(draft.mentions), MOST_MENTIONS)]
    count = max(len(groups), len(people), 1)
    parts: list[Part] = []
    for number in range(count):
        group = groups[number] if number < len(groups) else []
        mark = f" ({number + 1}/{count})" if count > 1 else ""
        part = replace(
            draft,
            preview=shorten(flat(draft.preview), TITLE_LENGTH - len(mark)) + mark if mark else draft.preview,
            facts=tuple(piece for piece, _ in group),
            mentions=people[number] if number < len(people) else (),
        )
        parts.append((part, tuple(dict.fromkeys(index for _, index in group))))
    return parts


def at_most(draft: Draft, keyword: str) -> int:
    """Return a number of bytes that the body of `draft` does not exceed, without composing it."""
    texts = [draft.preview, draft.preview, keyword]
    for person in draft.mentions:
        texts += (person, person)
    for fact in draft.facts:
        # title and number stand in the caption of the link as well when it has no name of its own
        texts += (fact.title, fact.title, fact.number, fact.number, fact.url, fact.at, draft.open_label, *fact.notes)
        for line in fact.lines:
            texts += (line.label, line.before or "", line.value)
    return sum(map(len, texts)) * _CHARACTER_BYTES + (len(texts) + 8) * _AROUND_BYTES


def weigh(text: str) -> int:
    """Return the bytes that `text` takes inside a JSON string: UTF-8, escapes counted."""
    return len(msgspec.json.encode(text)) - 2


def _grouped(units: Sequence[tuple[Fact, int]], draft: Draft, room: int) -> Iterator[list[tuple[Fact, int]]]:
    group: list[tuple[Fact, int]] = []
    used = 0
    for unit in units:
        weight = weigh(block(unit[0], draft)) + _BETWEEN
        if group and used + weight > room:
            yield group
            group, used = [], 0
        group.append(unit)
        used += weight
    if group:
        yield group


def _pieces(fact: Fact, draft: Draft, room: int) -> list[Fact]:
    """Return `fact` whole if it fits, or cut between its lines and, where a line is too long, inside it."""
    if weigh(block(fact, draft)) + _BETWEEN <= room:
        return [fact]
    head, spilled = _bounded(fact, room)
    left = room - weigh(block(head, draft)) - 4 * _BETWEEN
    pieces = [head]
    used = 0
    for atom in _atoms(replace(fact, lines=(*spilled, *fact.lines)), left):
        weight = _weight(atom)
        if used and used + weight > left:
            pieces.append(head)
            used = 0
        used += weight
        last = pieces[-1]
        pieces[-1] = (
            replace(last, lines=(*last.lines, atom))
            if isinstance(atom, Line)
            else replace(last, notes=(*last.notes, atom))
        )
    marks = (f"({number}/{len(pieces)})" for number in range(1, len(pieces) + 1))
    return [replace(piece, title=f"{piece.title} {mark}".strip()) for piece, mark in zip(pieces, marks, strict=True)]


def _bounded(fact: Fact, room: int) -> tuple[Fact, list[Line]]:
    """Return what is repeated on each piece of a fact, and as lines what is too long to be repeated."""
    # where a message is small the head must leave room for something else
    field_bytes, link_bytes = min(_FIELD_BYTES, room // 12), min(_LINK_BYTES, room // 5)
    spilled: list[Line] = []
    kept = {"title": fact.title, "number": fact.number, "at": fact.at}
    for name, text in kept.items():
        first, *rest = cut(text, field_bytes, lambda piece: weigh(flow(piece)))
        kept[name] = first
        spilled += [Line(label="", value=piece) for piece in rest]
    url = fact.url
    if weigh(link(url) or flow(url)) > link_bytes:
        spilled.append(Line(label="", value=url))
        url = ""
    return Fact(title=kept["title"], number=kept["number"], at=kept["at"], url=url), spilled


def _atoms(fact: Fact, room: int) -> Iterator[Line | str]:
    for line in fact.lines:
        yield from [line] if _weight(line) <= room else _cut_line(line, room)
    for note in fact.notes:
        yield from cut(note, room, _weight)


def _cut_line(line: Line, room: int) -> Iterator[Line]:
    """Cut a long line: its old value first, then its new one, each piece under the same label."""
    label, *rest = cut(line.label, min(_FIELD_BYTES, room // 4), lambda piece: weigh(flow(piece)))
    yield from (Line(label="", value=piece) for piece in rest)
    if line.before is not None:
        *early, last = cut(line.before, room, lambda piece: _weight(Line(label=label, value="", before=piece)))
        yield from (Line(label=label, value=piece) for piece in early)
        yield Line(label=label, value="", before=last)
    for piece in cut(line.value, room, lambda piece: _weight(Line(label=label, value=piece))):
        yield Line(label=label, value=piece)


def _weight(atom: Line | str) -> int:
    """Weigh a line or a note with the most that any format puts around it and into it."""
    told = atom if isinstance(atom, str) else f"{atom.label}: {atom.before or ''} → {atom.value}"
    quotes = atom.count("\n") * 2 if isinstance(atom, str) else 0
    return weigh(flow(told)) + told.count("@") * _PARTED_BYTES + quotes + _BETWEEN


def cut(text: str, room: int, weigh_piece: Callable[[str], int]) -> list[str]:
    """Cut `text` into pieces that weigh at most `room`, never inside a character; together they are the text."""
    pieces: list[str] = []
    while (weight := weigh_piece(text)) > room:
        size = len(text)
        while weight > room and size > 1:
            size = max(1, min(size - 1, size * room // weight))
            weight = weigh_piece(text[:size])
        size = whole(text, size)
        pieces.append(text[:size])
        text = text[size:]
    return [*pieces, text]
