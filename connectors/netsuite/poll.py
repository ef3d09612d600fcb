"""The cursor: which rows a call asks for next, so that none is lost and every round ends.

A round reads every row stamped at or after `mark - overlap`, in the order of (stamp, id), a page a call; its place is
the last row read. It ends with the last page, or with a row younger than the round itself, so that a busy account cannot
hold it up. Then all that is older than the round's beginning less `settle` counts as read: the new mark. After a round
those documents are read of which only a line has changed, because that may not move the document's own stamp
(A-NETSUITE-114); and now and then what was deleted, a page a call as well.

Rows are ordered by the account's clock. When that is set back an hour, a round begins an hour earlier as well: a row is
found when it becomes visible within `overlap + settle` after its stamp (A-NETSUITE-109). What a round reads again it
returns again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import CursorLost
from connectors.netsuite.moments import earliest_wall
from connectors.netsuite.suiteql import Place

VERSION = 1
DELETIONS_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a kind is polled; `zone` is the account's."""

    overlap: timedelta
    settle: timedelta
    start: datetime | None
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Scan:
    """A round under way. `since` is a wall time, None in a first round that reads everything."""

    since: str | None
    began: datetime
    last: Place | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """`mark`: all older rows are read; None until the first round has ended. All times but walls are aware UTC.

    `swept`: when the list of what was deleted was last read, or need not be; None until the first round has ended.
    `lines` and `sweep` are rounds through the lines that have changed, and through that list.
    """

    mark: datetime | None = None
    scan: Scan | None = None
    swept: datetime | None = None
    sweep: Scan | None = None
    lines: Scan | None = None

    def text(self) -> str:
        """Write the cursor for storage; what is empty is left out."""
        state = {
            "v": VERSION,
            "mark": _write(self.mark),
            "scan": _write_scan(self.scan),
            "swept": _write(self.swept),
            "sweep": _write_scan(self.sweep),
            "lines": _write_scan(self.lines),
        }
        return json.dumps({name: value for name, value in state.items() if value is not None}, separators=(",", ":"))

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """Read a stored cursor; None is the beginning. Raises CursorLost when this version did not write it."""
        if text is None:
            return cls()
        try:
            return cls._parsed(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as fault:
            raise CursorLost(
                "The stored cursor cannot be read: the kind is scanned again.", detail=type(fault).__name__
            ) from None

    @classmethod
    def _parsed(cls, state: dict[str, Any]) -> Cursor:
        if state["v"] != VERSION:
            raise ValueError("another version")
        scan, sweep, lines = (_scan(state.get(name)) for name in ("scan", "sweep", "lines"))
        return cls(_read(state.get("mark")), scan, _read(state.get("swept")), sweep, lines)


def scan_of(cursor: Cursor, rhythm: Rhythm, now: datetime) -> Scan:
    """Go on with the round under way, or begin one at `now` (aware UTC)."""
    if cursor.scan is not None:
        return cursor.scan
    if cursor.mark is None:
        return Scan(earliest_wall(rhythm.start, now, rhythm.zone) if rhythm.start else None, now)
    # A mark from a clock that ran ahead is not believed.
    since = min(cursor.mark, now - rhythm.settle) - rhythm.overlap
    since = max(since, rhythm.start) if rhythm.start else since
    return Scan(earliest_wall(since, now, rhythm.zone), now)


def after(cursor: Cursor, scan: Scan, newest: datetime | None, rhythm: Rhythm, *, done: bool) -> tuple[Cursor, bool]:
    """Return the cursor after a page whose end `scan` names, and whether the round goes on.

    `newest` is the stamp of the page's last row, aware UTC.
    """
    if done or (newest is not None and newest > scan.began):
        mark = scan.began - rhythm.settle
        return replace(cursor, mark=mark, scan=None, swept=cursor.swept or scan.began), False
    return replace(cursor, scan=scan), True


def with_sweep(cursor: Cursor, began: datetime, rhythm: Rhythm) -> Cursor | None:
    """Return the cursor that reads what was deleted after the round that began then; None: not yet due.

    A deletion may be listed late, and the clocks of both sides differ: settle and overlap are read again.
    """
    if cursor.swept is None or began - cursor.swept < DELETIONS_EVERY:
        return None
    since = earliest_wall(cursor.swept - rhythm.settle - rhythm.overlap, began, rhythm.zone)
    return replace(cursor, sweep=Scan(since, began))


def after_sweep(cursor: Cursor, sweep: Scan, *, done: bool) -> Cursor:
    """Return the cursor after a page of deletions whose end `sweep` names."""
    return replace(cursor, sweep=None, swept=sweep.began) if done else replace(cursor, sweep=sweep)


def _write(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _write_scan(scan: Scan | None) -> dict[str, Any] | None:
    return None if scan is None else {"since": scan.since, "began": _write(scan.began), "last": scan.last}


def _read(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without zone")
    return moment.astimezone(UTC)


def _scan(state: dict[str, Any] | None) -> Scan | None:
    if state is None:
        return None
    began = _read(state["began"])
    if began is None:
        raise ValueError("a round without a beginning")
    last, since = state["last"], state["since"]
    return Scan(None if since is None else str(since), began, (str(last[0]), str(last[1])) if last else None)
