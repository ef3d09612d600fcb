"""The cursor: which rows a call asks for next, so that none is lost and every round ends.

A round reads every row whose stamp lies at or after `mark - overlap`, in the order of (stamp, id), a page a call; its
place is the last row read, so nothing expires at the vendor and any number of rows may share one stamp. It ends with
a short page, or with a row younger than the round itself, so that a busy table cannot hold it up. Then everything that
is older than the round's beginning less `settle` counts as read: that is the new mark.

A row is found when it becomes visible within `overlap + settle` after its stamp (A-SALESFORCE-5). What a round reads
again it returns again. How a stamp and its visibility differ:
https://developer.salesforce.com/docs/platform/api-rest/guide/resources-getupdated.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract import CursorLost

VERSION = 1

Place = tuple[datetime, str]
"""(stamp, id) of a row."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a kind is polled."""

    overlap: timedelta
    settle: timedelta
    start: datetime | None


@dataclass(frozen=True, slots=True)
class Scan:
    """A round under way. `since` is None in a first round that reads everything."""

    since: datetime | None
    began: datetime
    last: Place | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """`mark`: all older rows are read; None until the first round has ended. All times are aware UTC.

    `swept`: up to when the vendor's log of deletions is read; None until the first round has ended.
    """

    mark: datetime | None = None
    scan: Scan | None = None
    swept: datetime | None = None

    def text(self) -> str:
        """Write the cursor for storage."""
        scan = self.scan
        state = {
            "v": VERSION,
            "mark": _write(self.mark),
            "swept": _write(self.swept),
            "scan": scan
            and {
                "since": _write(scan.since),
                "began": _write(scan.began),
                "last": scan.last and [_write(scan.last[0]), scan.last[1]],
            },
        }
        return json.dumps(state, separators=(",", ":"))

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """Read a stored cursor; None is the beginning. Raises CursorLost when this version did not write it."""
        if text is None:
            return cls()
        try:
            return cls._parsed(json.loads(text))
        except (ValueError, KeyError, TypeError) as fault:
            raise CursorLost(
                "The stored cursor cannot be read: the kind is scanned again.", detail=str(fault)
            ) from None

    @classmethod
    def _parsed(cls, state: dict[str, Any]) -> Cursor:
        if state["v"] != VERSION:
            raise ValueError("another version")
        return cls(_read(state["mark"]), _scan(state["scan"]), _read(state["swept"]))


def scan_of(cursor: Cursor, rhythm: Rhythm, now: datetime) -> Scan:
    """Go on with the round under way, or begin one at `now` (aware UTC)."""
    if cursor.scan is not None:
        return cursor.scan
    if cursor.mark is None:
        return Scan(rhythm.start, now)
    # A mark from a clock that ran ahead is not believed.
    since = min(cursor.mark, now - rhythm.settle) - rhythm.overlap
    # The vendor cuts stamps to the second; so does the window's beginning, or it would end a moment too early.
    since = since.replace(microsecond=0)
    return Scan(max(since, rhythm.start) if rhythm.start else since, now)


def after(cursor: Cursor, scan: Scan, last: Place | None, rhythm: Rhythm, *, short: bool) -> tuple[Cursor, bool]:
    """Return the cursor after a page that ended with `last` (None: no rows), and whether the round goes on.

    `short` says that the vendor has no further rows.
    """
    if short or last is None or last[0] > scan.began:
        return replace(cursor, mark=scan.began - rhythm.settle, scan=None), False
    return replace(cursor, scan=replace(scan, last=last)), True


def _scan(state: dict[str, Any] | None) -> Scan | None:
    if state is None:
        return None
    last = state["last"]
    return Scan(_read(state["since"]), _moment(state["began"]), (_moment(last[0]), str(last[1])) if last else None)


def _write(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _read(text: str | None) -> datetime | None:
    return None if text is None else _moment(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without zone")
    return moment.astimezone(UTC)
