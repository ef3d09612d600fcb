"""What rounds of polling share: how far each reaches back, and the form of a stored cursor."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from connectors.contract import CursorLost

Stored = TypeVar("Stored")


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a kind is polled: what lies `overlap` behind the mark is read again, and the last `settle` not yet counted.

    What is stamped before `start` (aware) is not read; None reads all.
    """

    overlap: timedelta
    settle: timedelta
    start: datetime | None

    def since(self, mark: datetime | None, now: datetime) -> datetime | None:
        """Return from which stamp on a round reads that begins at `now`; all times are aware. None: from the beginning."""
        if mark is None:
            return self.start
        # a mark from a clock that ran ahead is not believed; vendors cut stamps to the second, and so does this
        since = (min(mark, now - self.settle) - self.overlap).replace(microsecond=0)
        return max(since, self.start) if self.start else since


def dump(version: int, state: Mapping[str, Any]) -> str:
    """Write a cursor, with the version of its form."""
    return json.dumps({"v": version, **state}, separators=(",", ":"))


def load(text: str, version: int, parsed: Callable[[dict[str, Any]], Stored]) -> Stored:
    """Read a cursor that `dump` wrote. Raises CursorLost for one of another version, or of another hand."""
    try:
        state = json.loads(text)
        if state["v"] == version:
            return parsed(state)
        fault = "another version"
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        fault = type(error).__name__
    raise CursorLost("The stored cursor cannot be read: the kind is scanned again.", detail=fault)


def written(at: datetime | None) -> str | None:
    """Write an aware time into a cursor."""
    return at.astimezone(UTC).isoformat() if at else None


def moment(text: str) -> datetime:
    """Read a time of a cursor as aware UTC. Raises ValueError."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without zone")
    return at.astimezone(UTC)


def moment_or_none(text: str | None) -> datetime | None:
    """Read a time that may be missing. Raises ValueError."""
    return None if text is None else moment(text)
