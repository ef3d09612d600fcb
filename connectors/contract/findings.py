"""What a connector can tell before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a finding is to be taken."""

    FINE = "fine"
    DOUBT = "doubt"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what, how it stands, and a sentence that says what to do where it is not fine."""

    about: str
    level: Level
    sentence: str


@dataclass(frozen=True, slots=True)
class Described:
    """A field that may be mapped: `value` is the class of `Scalar` that it is read as."""

    path: str
    label: str
    value: type
    currency_path: str = ""
