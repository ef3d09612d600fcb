"""The cursor: which page a call asks for next, so that none is lost and every round ends.

A search is run anew for each of its pages, so a record that is changed meanwhile leaves it, and those behind it move up
by one: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3523074.html. Therefore a round searches
a closed stretch of time, into which nothing comes any more but what appears late, and reads its pages from the last to
the first: what moves up moves from a page that was read to one that was not, and comes twice at worst. Page one, which
every search begins with, is read again at the end if anything has left. If anything came into the search, the round
begins anew. A search that the vendor has forgotten is made again, and read on from the same page. That pages come in an
order of their own, which nothing but leaving and coming changes, is A-NETSUITE-201.

When the round has ended, all that is older than its beginning less `settle` counts as read: the new mark. What lies
within `overlap` before the mark is read again, because rows may appear late with old stamps.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.rounds import Rhythm, dump, load, moment, moment_or_none, written

VERSION = 1
DELETIONS_EVERY = timedelta(minutes=10)
MOST_RESTARTS = 3
"""So often a round begins anew because its search grew; then the overlap and the comparison of versions must do."""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Older than any record: the vendor did not exist."""


@dataclass(frozen=True, slots=True)
class Found:
    """What an answer says of its search: its id, how many records it has now, on how many pages."""

    search: str
    total: int
    pages: int


@dataclass(frozen=True, slots=True)
class Scan:
    """A round under way over stamps in [since, until]; `page` is to be read next, 0 the search itself.

    `total` is the search's size as last told, `shrank` whether anything has left it since page one was read.
    """

    since: datetime
    until: datetime
    search: str = ""
    page: int = 0
    total: int = 0
    shrank: bool = False
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class Cursor:
    """`mark`: all older rows are read; None until the first round has ended. All times are aware UTC.

    `swept`: when it was last asked what was deleted, or need not be; None until the first round has ended. `sweeping`:
    it is asked next.
    """

    mark: datetime | None = None
    scan: Scan | None = None
    swept: datetime | None = None
    sweeping: bool = False

    def text(self) -> str:
        """Write the cursor for storage."""
        state = {"mark": written(self.mark), "swept": written(self.swept), "sweeping": self.sweeping}
        return dump(VERSION, {**state, "scan": self.scan and _written(self.scan)})

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """Read a stored cursor; None is the beginning. Raises CursorLost when this version did not write it."""
        if text is None:
            return cls()
        return load(text, VERSION, cls._parsed)

    @classmethod
    def _parsed(cls, state: dict[str, Any]) -> Cursor:
        return cls(
            moment_or_none(state["mark"]), _scan(state["scan"]), moment_or_none(state["swept"]), bool(state["sweeping"])
        )


def scan_of(cursor: Cursor, rhythm: Rhythm, now: datetime) -> Scan:
    """Go on with the round under way, or begin one at `now` (aware UTC)."""
    if cursor.scan is not None:
        return cursor.scan
    return Scan(rhythm.since(cursor.mark, now) or EARLIEST, now)


def onward(scan: Scan, found: Found, now: datetime) -> Scan | None:
    """Return the round after a page was read that `found` tells of; None where the round has ended."""
    if scan.page == 0:
        return replace(scan, search=found.search, page=found.pages, total=found.total) if found.pages > 1 else None
    if found.total > scan.total and scan.restarts < MOST_RESTARTS:
        return Scan(scan.since, now, restarts=scan.restarts + 1)
    shrank = scan.shrank or found.total < scan.total
    following = scan.page - 1
    if following < 1 or (following == 1 and not shrank):
        return None
    return replace(scan, search=found.search, page=following, total=found.total, shrank=shrank)


def after(cursor: Cursor, scan: Scan, following: Scan | None, rhythm: Rhythm) -> Cursor:
    """Return the cursor after a page: `following` is the round from here, None where it has ended."""
    if following is not None:
        return replace(cursor, scan=following)
    return replace(cursor, mark=scan.until - rhythm.settle, scan=None, swept=cursor.swept or scan.until)


def sweep_due(cursor: Cursor, now: datetime) -> bool:
    """Say whether it is to be asked again what was deleted."""
    return cursor.swept is not None and now - cursor.swept >= DELETIONS_EVERY


def sweep_since(cursor: Cursor, rhythm: Rhythm) -> datetime:
    """Return since when it is asked: a deletion may be listed late, and the clocks of both sides differ."""
    return (cursor.swept or EARLIEST) - rhythm.settle - rhythm.overlap


def _written(scan: Scan) -> dict[str, Any]:
    return {**asdict(scan), "since": written(scan.since), "until": written(scan.until)}


def _scan(state: dict[str, Any] | None) -> Scan | None:
    if state is None:
        return None
    return Scan(
        moment(state["since"]),
        moment(state["until"]),
        str(state["search"]),
        int(state["page"]),
        int(state["total"]),
        bool(state["shrank"]),
        int(state["restarts"]),
    )
