"""YAML with positions: one file becomes a tree of texts, or the list of what is wrong with its syntax."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from config.problem import Place, Problem, problem
from config.tree import Items, Node, Table, Text

_DEEPEST = 30
_SENTENCES = {
    "mapping values are not allowed here": (
        "a key cannot begin here: check the indentation, or quote a text that holds ': '"
    ),
    "could not find expected ':'": "a ':' and a value are expected after the key before this place",
    "found unexpected end of stream": "a quote that was opened before is not closed",
}


class SyntaxInvalid(Exception):
    """A file that cannot be read as a tree."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__()
        self.problems = problems


def read(path: Path) -> Node:
    """Read one file. Raises SyntaxInvalid, with every mistake of its syntax up to the first that hides the rest."""
    text = _decoded(path)
    builder = _Builder(str(path), text)
    try:
        node = builder.document()
    except MarkedYAMLError as error:
        builder.problems.append(_marked(str(path), text, error))
        raise SyntaxInvalid(builder.problems) from error
    except ReaderError as error:
        place = _place_of(str(path), text[: error.position])
        sentence = (
            f"the character U+{ord(text[error.position]):04X} is not allowed: remove it, or write it as an escape"
        )
        raise SyntaxInvalid([problem(place, sentence)]) from error
    if node is None or builder.problems:
        raise SyntaxInvalid(builder.problems)
    return node


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        sentence = f"the file cannot be read: {(error.strerror or 'unknown reason').lower()}"
        raise SyntaxInvalid([problem(Place(str(path), 1, 1), sentence)]) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", errors="replace")
        sentence = "the file is not UTF-8 text: save it as UTF-8"
        raise SyntaxInvalid([problem(_place_of(str(path), before), sentence)]) from error


def _place_of(file: str, before: str) -> Place:
    lines = before.replace("\r\n", "\n").split("\n")
    return Place(file, len(lines), len(lines[-1]) + 1)


def _marked(file: str, text: str, error: MarkedYAMLError) -> Problem:
    mark, said = error.problem_mark, str(error.problem)
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    sentence = _SENTENCES.get(said, f"this is not valid YAML: {said}")
    if "'\\t'" in said or "\t" in line[: len(line) - len(line.lstrip())]:
        sentence = "a tab stands between or before keys: use spaces"
    elif said.startswith("expected <block end>"):
        sentence = "this line does not fit the lines above it: check the indentation"
    return problem(Place(file, mark.line + 1, mark.column + 1), sentence)


class _Builder:
    """Builds the tree from the parser's events; notes what YAML allows and this file does not."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.problems: list[Problem] = []
        reader = YAML(typ="safe", pure=True)
        self.events: Iterator[Any] = reader.parse(text)

    def document(self) -> Node | None:
        node: Node | None = None
        for event in self.events:
            if isinstance(event, DocumentStartEvent) and node is not None:
                self._note(self._place(event), "a second document begins here: write one document a file")
                return node
            if isinstance(event, NodeEvent):
                node = self._node(event, Place(self.file, 1, 1), 0)
        if node is None:
            self._note(Place(self.file, 1, 1), "the file is empty")
        return node

    def _place(self, event: Event, key_path: str = "") -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1, key_path)

    def _note(self, place: Place, sentence: str) -> None:
        self.problems.append(problem(place, sentence))

    def _node(self, event: Any, key: Place, depth: int) -> Node:
        place = self._place(event, key.key_path)
        if depth > _DEEPEST:
            self._note(place, f"nothing here nests deeper than {_DEEPEST} levels")
            raise SyntaxInvalid(self.problems)
        self._plain_yaml(event, place)
        if isinstance(event, MappingStartEvent):
            return self._table(key, depth)
        if isinstance(event, SequenceStartEvent):
            return self._list(place, depth)
        if isinstance(event, ScalarEvent):
            return self._text(event, key)
        return Text("", place)

    def _plain_yaml(self, event: Any, place: Place) -> None:
        if isinstance(event, AliasEvent):
            self._note(place, f"the alias *{event.anchor} is not supported: write the value out")
        elif event.anchor is not None:
            self._note(place, f"the anchor &{event.anchor} is not supported: write the value wherever it is needed")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._note(place, "a tag (!…) is not supported: write the value alone")

    def _text(self, event: ScalarEvent, key: Place) -> Text:
        start, end = event.start_mark, event.end_mark
        place = self._place(event, key.key_path)
        if event.style is None and start.index == end.index:
            self._note(key, 'there is no value: write one, or remove the key; "" is an empty text')
        if any("\ud800" <= character <= "\udfff" for character in event.value):
            self._note(place, "an escape from \\ud800 to \\udfff is no character of its own: use \\U with eight digits")
        raw = self.text[start.index : end.index]
        inline = raw.find(event.value) if start.line == end.line else -1
        return Text(event.value, place, inline if inline >= 0 else None)

    def _list(self, place: Place, depth: int) -> Items:
        found: list[Node] = []
        for event in self._until(SequenceEndEvent):
            inner = self._place(event, f"{place.key_path}[{len(found)}]")
            found.append(self._node(event, inner, depth + 1))
        return Items(tuple(found), place)

    def _table(self, place: Place, depth: int) -> Table:
        entries: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        for event in self._until(MappingEndEvent):
            name = self._key(event, place, depth)
            here = self._place(event, f"{place.key_path}.{name}".lstrip("."))
            if name in keys:
                self._note(here, f"the key '{name}' stands already in line {keys[name].line}: keep one")
            value = self._node(next(self.events), here, depth + 1)
            entries.setdefault(name, value)
            keys.setdefault(name, here)
        return Table(entries, place, keys)

    def _key(self, event: Any, place: Place, depth: int) -> str:
        here = self._place(event, place.key_path)
        if not isinstance(event, ScalarEvent):
            self._node(event, here, depth + 1)
            if not isinstance(event, AliasEvent):
                self._note(here, "a key must be a text")
            return ""
        self._plain_yaml(event, here)
        if event.style is None and event.value == "<<":
            self._note(here, "the merge key << is not supported: write the keys out")
        return event.value if isinstance(event.value, str) else ""

    def _until(self, end: type[Event]) -> Iterator[Any]:
        return takewhile(lambda event: not isinstance(event, end), self.events)
