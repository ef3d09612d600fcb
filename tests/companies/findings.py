"""What an oracle says of one reader and one value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tests.companies.log import Shown, Stay


class Wrong(StrEnum):
    """Why somebody should not have seen a value, or should have."""

    NOT_CLEARED = "shown to somebody who is not cleared"
    NOT_READ = "shown although nobody had asked for the members in time"
    NOT_VOUCHED = "shown without a word that allows it"
    WORD_BROKEN = "shown on a word that somebody from outside has ended"
    MISADDRESSED = "shown where no route tells it"
    NOT_POINTED = "shown by a route that tells number and link alone"
    NOT_WHOLE = "shown although a part of the message had to be withheld"
    NOT_SHOWN = "not shown where all readers are cleared"
    NOT_DETAILED = "not told to a cleared reader alone"
    NOT_TOLD = "not told at all"
    NOT_REPORTED = "joined before it was shown, and nobody was told in time"
    NOT_WITHDRAWN = "joined before it was shown, and it was not taken back in time"


@dataclass(frozen=True, slots=True)
class Case:
    """A value of a fact: what all of this is about."""

    company: str
    fact: str
    field: str
    place: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement; `seconds` is since the run began."""

    wrong: Wrong
    case: Case
    reader: str
    seconds: float
    why: str = ""

    def __str__(self) -> str:
        case = self.case
        about = f"{case.company} {case.fact} {case.field} in {case.place}"
        return f"{about}: {self.wrong} ({self.reader or 'nobody'}, after {self.seconds:.2f} s) {self.why}".rstrip()


@dataclass(frozen=True, slots=True)
class Late:
    """A reader who is not cleared and joined after the members were asked for, before the value was shown."""

    case: Case
    destination: str
    stay: Stay
    message: Shown
    withdrawable: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one company: `judged` pairs of a reader and a value shown, `owed` values that had to be shown."""

    findings: tuple[Finding, ...]
    late: tuple[Late, ...]
    judged: int
    owed: int
