"""A case as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from config.problem import Place
from connectors.contract import Record
from pipelines.verdict import Reason


@dataclass(frozen=True, slots=True)
class Situation:
    """The states of a record in the order in which they came, the last of which arrives at the moment `at` (aware).

    `audience` is what all members of a destination may see, for those where that is another than the attested;
    `first_pull`: it is what a source's first pull finds.
    """

    states: tuple[Record, ...]
    at: datetime
    audience: Mapping[str, frozenset[str]] = field(default_factory=dict)
    first_pull: bool = False


@dataclass(frozen=True, slots=True)
class Untold:
    """A reason that is expected, of a route or of one of its destinations. An empty `detail` means any.

    That of a route is meant for each of its destinations: with `Reason.TOLD` all of them are told.
    """

    reason: Reason
    detail: str
    place: Place


@dataclass(frozen=True, slots=True)
class Message:
    """What a destination is expected to read; None is not looked at, and `text` is the whole of it."""

    place: Place
    title: str | None = None
    text: str | None = None
    contains: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    withheld: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A situation, and what is expected of the routes by name: a reason, or what each destination reads."""

    name: str
    place: Place
    situation: Situation
    expected: Mapping[str, Untold | Mapping[str, Untold | Message]]
