"""What is wrong with a configuration, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A character of a file, line and column counted from 1, and the key that stands there, such as `routes.won.to`."""

    file: str
    line: int
    column: int
    key_path: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake: where it stands and a sentence that says what to do. Never holds the value of a secret."""

    file: str
    line: int
    column: int
    key_path: str
    sentence: str


class ConfigurationInvalid(Exception):
    """A configuration that must not be used. `problems` are all its mistakes, in the order of files and positions."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(format_problems(problems))
        self.problems = problems


def problem(place: Place, sentence: str) -> Problem:
    """Say `sentence` of what stands at `place`."""
    return Problem(place.file, place.line, place.column, place.key_path, sentence)


def format_problems(problems: Iterable[Problem]) -> str:
    """Write one line a problem: `file:line:column key.path: sentence`."""
    return "\n".join(
        f"{each.file}:{each.line}:{each.column} {each.key_path + ': ' if each.key_path else ''}{each.sentence}"
        for each in problems
    )
