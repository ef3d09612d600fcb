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

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract import CursorLost

VERSION = 1
DELETIONS_EVERY = timedelta(minutes=10)
MOST_RESTARTS = 3
"""So often a round begins anew because its search grew; then the overlap and the comparison of versions must do."""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Older than any record: the vendor did not exist."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a kind is polled."""

    overlap: timedelta
    settle: timedelta
    start: datetime | None


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
        state = {"v": VERSION, **asdict(self)}
        return json.dumps(state, separators=(",", ":"), default=lambda at: at.astimezone(UTC).isoformat())

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """Read a stored cursor; None is the beginning. Raises CursorLost when this version did not write it."""
        if text is None:
            return cls()
        try:
            return cls._parsed(json.loads(text))
        except (ValueError, KeyError, TypeError) as fault:
            raise CursorLost(
                "The stored cursor cannot be read: the kind is scanned again.", detail=type(fault).__name__
            ) from None

    @classmethod
    def _parsed(cls, state: dict[str, Any]) -> Cursor:
        if state["v"] != VERSION:
            raise ValueError("another version")
        return cls(_maybe(state["mark"]), _scan(state["scan"]), _maybe(state["swept"]), bool(state["sweeping"]))


def scan_of(cursor: Cursor, rhythm: Rhythm, now: datetime) -> Scan:
    """Go on with the round under way, or begin one at `now` (aware UTC)."""
    if cursor.scan is not None:
        return cursor.scan
    if cursor.mark is None:
        return Scan(rhythm.start or EARLIEST, now)
    # A mark from a clock that ran ahead is not believed.
    since = min(cursor.mark, now - rhythm.settle) - rhythm.overlap
    return Scan(max(since, rhythm.start) if rhythm.start else since, now)


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


def _scan(state: dict[str, Any] | None) -> Scan | None:
    if state is None:
        return None
    return Scan(
        _moment(state["since"]),
        _moment(state["until"]),
        str(state["search"]),
        int(state["page"]),
        int(state["total"]),
        bool(state["shrank"]),
        int(state["restarts"]),
    )


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else _moment(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without zone")
    return moment.astimezone(UTC)
