"""The cursor: which rows a call asks for next, so that none is lost and every round ends.

A round reads every row whose stamp lies at or after `mark`, in the order of (stamp, id), a page a call; its place is
the last row read, so nothing expires at the vendor and any number of rows may share one stamp.

Stamps do not tell what is complete: a long transaction's rows appear when it ends, with the stamps of when they were
written. So before a round the vendor is asked how far it is complete (`latestDateCovered`, A-SALESFORCE-101), and
that is the next mark: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-getupdated.html. For an
object of which it does not tell, `settle + overlap` before the round is taken for complete (A-SALESFORCE-5). After a
round that saw no row nothing is to be passed over, so the mark stays and an empty poll is one call.

What is younger than the next mark is read early and comes once more in the next round. Lest a bulk load be read twice
as a whole, a round ends after three early pages, and the rest comes a minute later; where the vendor's word lags
behind, all is read, because waiting for it would hold everything up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from connectors.rounds import Rhythm, dump, load, moment, moment_or_none, written

VERSION = 2
EARLY_PAGES = 3
"""Pages behind the next mark that a round reads at most, while that mark is near."""
NEAR = timedelta(minutes=3)
LONGEST_STAY = timedelta(days=1)
"""The vendor answers for 30 days back, so a mark is moved on long before, even where nothing happens."""

Place = tuple[datetime, str]
"""(stamp, id) of a row."""


class Word(StrEnum):
    """What the vendor said before a round of how far it is complete."""

    GIVEN = "given"
    UNASKED = "unasked"
    """The last round saw no row, and most often this one sees none either."""
    NONE = "none"
    """It does not tell for this object, or not now."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A round under way. `since` is None in a first round that reads everything; `covered` is the mark after it."""

    since: datetime | None
    began: datetime
    covered: datetime
    last: Place | None = None
    word: Word = Word.NONE
    early: int = 0


@dataclass(frozen=True, slots=True)
class Cursor:
    """`mark`: all older rows are read; None until the first round has ended. All times are aware UTC.

    `quiet`: the last round saw no row. `swept`: up to when the vendor's log of deletions is read; None until the
    first round has ended.
    """

    mark: datetime | None = None
    scan: Scan | None = None
    swept: datetime | None = None
    quiet: bool = False

    def text(self) -> str:
        """Write the cursor for storage."""
        state = {
            "mark": written(self.mark),
            "swept": written(self.swept),
            "quiet": self.quiet,
            "scan": self.scan and _written(self.scan),
        }
        return dump(VERSION, state)

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """Read a stored cursor; None is the beginning. Raises CursorLost when this version did not write it."""
        if text is None:
            return cls()
        return load(text, VERSION, cls._parsed)

    @classmethod
    def _parsed(cls, state: dict[str, Any]) -> Cursor:
        return cls(
            moment_or_none(state["mark"]), _scan(state["scan"]), moment_or_none(state["swept"]), bool(state["quiet"])
        )

    def asks(self, now: datetime) -> datetime | None:
        """Say since when the vendor is to be asked how far it is complete before the next round; None: not at all."""
        if self.scan is not None or self.mark is None:
            return None
        return self.mark if not self.quiet or now - self.mark >= LONGEST_STAY else None


def begin(cursor: Cursor, rhythm: Rhythm, now: datetime, word: Word, complete: datetime | None = None) -> Scan:
    """Begin a round at `now` (aware UTC); `complete` is up to when the vendor says that it is, if it does."""
    guess = now - rhythm.settle - rhythm.overlap
    if cursor.mark is None:
        return Scan(rhythm.start, now, guess)
    # A mark from a clock that ran ahead is not believed. The vendor cuts stamps to the second; so does the beginning.
    since = (cursor.mark if cursor.mark <= now else guess).replace(microsecond=0)
    since = max(since, rhythm.start) if rhythm.start else since
    if complete is not None:
        return Scan(since, now, min(complete, now), word=word)
    return Scan(since, now, since if word is Word.UNASKED else guess, word=word)


def after(cursor: Cursor, scan: Scan, last: Place | None, *, short: bool) -> tuple[Cursor, bool]:
    """Return the cursor after a page that ended with `last` (None: no rows), and whether the round goes on.

    `short` says that the vendor has no further rows.
    """
    if scan.word is Word.UNASKED and not short and last is not None and scan.last is None:
        # More than a page: the round begins again with the vendor's word, lest all of it come twice.
        return replace(cursor, scan=None, quiet=False), True
    early = scan.early + (last is not None and last[0] > scan.covered)
    enough = scan.word is Word.GIVEN and early >= EARLY_PAGES and scan.began - scan.covered <= NEAR
    if short or last is None or last[0] > scan.began or enough:
        quiet = last is None and scan.last is None
        return replace(cursor, mark=scan.covered, scan=None, quiet=quiet), False
    return replace(cursor, scan=replace(scan, last=last, early=early)), True


def _written(scan: Scan) -> dict[str, Any]:
    return {
        "since": written(scan.since),
        "began": written(scan.began),
        "covered": written(scan.covered),
        "last": scan.last and [written(scan.last[0]), scan.last[1]],
        "early": scan.early,
        "word": scan.word,
    }


def _scan(state: dict[str, Any] | None) -> Scan | None:
    if state is None:
        return None
    last = state["last"]
    place = (moment(last[0]), str(last[1])) if last else None
    times = moment_or_none(state["since"]), moment(state["began"]), moment(state["covered"])
    return Scan(*times, place, Word(state["word"]), int(state["early"]))
