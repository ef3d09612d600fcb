"""Secrets: the file names them (`env:NAME`, `file:PATH`), and the value is fetched when the file is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import SecretStr

from config.problem import Problem, problem
from config.shape import Shapes, below, example, is_a
from config.tree import Items, Node, Table, Text

_ENV, _FILE = "env:", "file:"


@dataclass(slots=True)
class References:
    """What was found while one entry's references were resolved.

    `written` holds the reference by key path, `failed` the key paths without a value, `revealed` the secrets
    themselves: no text that holds one of them may be shown. With `stand_ins` a secret that cannot be had is no mistake:
    the setting's example stands in for it, for what is looked at and never sent.
    """

    environ: Mapping[str, str]
    stand_ins: bool = False
    written: dict[str, str] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    revealed: set[str] = field(default_factory=set, repr=False)

    def resolve(self, node: Node, expected: Shapes, stand_in: str = "") -> Node:
        """Return the tree with the values of its secrets; `expected` is what the settings model takes there."""
        match node:
            case Text():
                return self._text(node, expected, stand_in)
            case Items(items):
                resolved = (self.resolve(item, below(expected, index)) for index, item in enumerate(items))
                return replace(node, items=tuple(resolved))
            case Table(entries):
                return replace(
                    node,
                    entries={
                        key: self.resolve(entry, below(expected, key), example(expected, key))
                        for key, entry in entries.items()
                    },
                )

    def hide(self, sentence: str) -> str:
        """Return the sentence, or one that says nothing when a secret stands in it."""
        if any(secret in sentence for secret in self.revealed):
            return "the connector refuses the value; its sentence is left out, because it holds a secret"
        return sentence

    def _text(self, node: Text, expected: Shapes, stand_in: str) -> Text:
        secret = any(is_a(shape, SecretStr) for shape in expected)
        if not secret and not node.value.startswith((_ENV, _FILE)):
            return node
        try:
            value = self._fetch(node, secret=secret)
        except ValueError as error:
            self.failed.append(node.place.key_path)
            if self.stand_ins and secret and node.value.startswith((_ENV, _FILE)):
                return replace(node, value=stand_in or "stand-in")
            self.problems.append(problem(node.place, str(error)))
            return node
        self.written[node.place.key_path] = node.value
        self.revealed.add(value)
        return replace(node, value=value)

    def _fetch(self, node: Text, *, secret: bool) -> str:
        if not secret:
            raise ValueError("no secret is expected here: write the value itself")
        if node.value.startswith(_ENV):
            name = node.value.removeprefix(_ENV)
            value = self.environ.get(name)
            what = f"the environment variable {name}"
            if value is None:
                raise ValueError(f"{what} is not set")
        elif node.value.startswith(_FILE):
            path = Path(node.place.file).parent / node.value.removeprefix(_FILE)
            what = f"the file {path}"
            value = _content(path)
        else:
            raise ValueError("a secret must not stand in this file: write env:NAME or file:PATH instead")
        if not value:
            raise ValueError(f"{what} is empty")
        return value


def _content(path: Path) -> str:
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError:
        # Not chained: the error holds the file's bytes.
        raise ValueError(f"the file {path} is not UTF-8 text") from None
    except OSError as error:
        raise ValueError(f"the file {path} cannot be read: {(error.strerror or 'unknown reason').lower()}") from error
    return text.removesuffix("\n").removesuffix("\r")
