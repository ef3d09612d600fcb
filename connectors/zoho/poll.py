"""The cursor: which rows a call asks for next, so that none is lost and every round ends.

A round reads every row whose Modified_Time lies at or after `mark - overlap`, in the order of (Modified_Time, id), a
page a call. Its place is the last row read, so any number of rows may share one second and nothing ends at the vendor;
a module that only the list call reads goes on at the vendor's page token, and at the last row's time when that has
ended. A round ends with the last page, or with a row younger than the round itself, so that a busy module cannot hold it
up. Then all that is older than the round's beginning less `settle` counts as read: the new mark. Now and then the list
of deleted records is read after a round, a page a call as well.

A row is found when it becomes visible within `overlap + settle` after its stamp (A-ZOHO-102). What a round reads again
it returns again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from connectors.rounds import Rhythm, dump, load, moment, moment_or_none, written
from connectors.zoho.coql import Place

VERSION = 1
DELETIONS_EVERY = timedelta(minutes=10)
"""A push tells of a deletion at once; without one it is told within this time and a round."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A round under way. `since` is None in a first round that reads everything; `token` and `page` are the list's."""

    since: datetime | None
    began: datetime
    last: Place | None = None
    token: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Sweep:
    """The list of deleted records being read: what was deleted after `since`, from `page` on."""

    since: datetime
    began: datetime
    page: int = 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """`mark`: all older rows are read; None until the first round has ended. All times are aware UTC.

    `swept`: when the list of deleted records was last read, or need not be; None until the first round has ended.
    """

    mark: datetime | None = None
    scan: Scan | None = None
    swept: datetime | None = None
    sweep: Sweep | None = None

    def text(self) -> str:
        """Write the cursor for storage."""
        scan, sweep = self.scan, self.sweep
        state = {
            "mark": written(self.mark),
            "swept": written(self.swept),
            "scan": scan
            and {
                "since": written(scan.since),
                "began": written(scan.began),
                "last": scan.last and [written(scan.last[0]), scan.last[1]],
                "token": scan.token,
                "page": scan.page,
            },
            "sweep": sweep and {"since": written(sweep.since), "began": written(sweep.began), "page": sweep.page},
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
            moment_or_none(state["mark"]), _scan(state["scan"]), moment_or_none(state["swept"]), _sweep(state["sweep"])
        )


def scan_of(cursor: Cursor, rhythm: Rhythm, now: datetime) -> Scan:
    """Go on with the round under way, or begin one at `now` (aware UTC)."""
    if cursor.scan is not None:
        return cursor.scan
    return Scan(rhythm.since(cursor.mark, now), now)


def after(cursor: Cursor, scan: Scan, rhythm: Rhythm, *, done: bool) -> tuple[Cursor, bool]:
    """Return the cursor after a page whose end `scan` names, and whether the round goes on.

    `done` says that the vendor has no further rows.
    """
    if done or (scan.last is not None and scan.last[0] > scan.began):
        mark = scan.began - rhythm.settle
        return replace(cursor, mark=mark, scan=None, swept=cursor.swept or scan.began), False
    return replace(cursor, scan=scan), True


def with_sweep(cursor: Cursor, began: datetime, rhythm: Rhythm) -> Cursor | None:
    """Return the cursor that reads the list of deleted records after the round that began then; None: not yet due.

    A deletion may be listed late, and the clocks of both sides differ: the settle window and the overlap are read again.
    """
    if cursor.swept is None or began - cursor.swept < DELETIONS_EVERY:
        return None
    return replace(cursor, sweep=Sweep(cursor.swept - rhythm.settle - rhythm.overlap, began))


def after_sweep(cursor: Cursor, sweep: Sweep, onward: Sweep | None) -> Cursor:
    """Return the cursor after a page of deleted records."""
    return replace(cursor, sweep=onward, swept=cursor.swept if onward else sweep.began)


def _scan(state: dict[str, Any] | None) -> Scan | None:
    if state is None:
        return None
    last = state["last"]
    place = (moment(last[0]), str(last[1])) if last else None
    return Scan(moment_or_none(state["since"]), moment(state["began"]), place, str(state["token"]), int(state["page"]))


def _sweep(state: dict[str, Any] | None) -> Sweep | None:
    return None if state is None else Sweep(moment(state["since"]), moment(state["began"]), int(state["page"]))
