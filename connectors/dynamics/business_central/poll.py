"""The cursor: which rows a call asks for next, so that none is lost and every round ends.

A round reads every row whose stamp lies at or after `mark - overlap`, in the order of the stamp, a page a call. Its
place is the last row's stamp: the next page asks for what is stamped at or after it, so that a row that changes
meanwhile shifts no other out of sight. (A filter by stamp and id together is not to be had: the vendor takes no `or`
over two properties. What is stamped at the border comes twice and drops out by its digest.) Only where a whole page
has one stamp the round goes on by the vendor's link, which leads on behind the last row (A-DYNAMICS-307). A round ends
with the last page, or with a row younger than the round itself. Then all that is older than the round's beginning less
`settle` counts as read: the new mark. Now and then all ids are listed after a round, a page a call as well, because
nothing else tells what was deleted.

A row is found when it becomes visible within `overlap + settle` after its stamp (A-DYNAMICS-302).
https://learn.microsoft.com/dynamics365/business-central/dev-itpro/webservices/odata-known-limitations
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from connectors.contract import CursorLost, Misconfigured

Stored = TypeVar("Stored")
VERSION = 1
STEP = timedelta(milliseconds=1)
"""Stamps are shown in milliseconds; rounded or cut, one step back reaches every row that is shown with a stamp."""
MOST_RESTARTS = 3


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a kind is polled."""

    overlap: timedelta
    settle: timedelta
    start: datetime | None


@dataclass(frozen=True, slots=True)
class Scan:
    """A round under way, all times aware UTC. `since` is None in a first round that reads everything.

    `link` leads on where a page had one stamp only; `restarts` counts how often such a link was refused.
    """

    began: datetime
    since: datetime | None = None
    last: datetime | None = None
    link: str = ""
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class Roll:
    """The list of all ids being read: when it began (aware UTC), and the link to its next page, empty at first."""

    began: datetime
    link: str = ""


@dataclass(frozen=True, slots=True)
class Cursor:
    """`mark`: all older rows are read, None until a first round has ended; `listed`: when all ids were last listed."""

    mark: datetime | None = None
    scan: Scan | None = None
    listed: datetime | None = None
    roll: Roll | None = None

    def text(self) -> str:
        """Write the cursor for storage."""
        scan, roll = self.scan, self.roll
        state = {
            "v": VERSION,
            "mark": _write(self.mark),
            "listed": _write(self.listed),
            "roll": roll and {"began": _write(roll.began), "link": roll.link},
            "scan": scan
            and {
                "began": _write(scan.began),
                "since": _write(scan.since),
                "last": _write(scan.last),
                "link": scan.link,
                "restarts": scan.restarts,
            },
        }
        return json.dumps(state, separators=(",", ":"))

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """Read a stored cursor; None is the beginning. Raises CursorLost when this version did not write it."""
        return cls() if text is None else _stored(text, cls._parsed)

    @classmethod
    def _parsed(cls, state: dict[str, Any]) -> Cursor:
        found = state["scan"]
        scan = found and Scan(
            _moment(found["began"]),
            _read(found["since"]),
            _read(found["last"]),
            str(found["link"]),
            int(found["restarts"]),
        )
        roll = state["roll"] and Roll(_moment(state["roll"]["began"]), str(state["roll"]["link"]))
        return cls(_read(state["mark"]), scan or None, _read(state["listed"]), roll or None)


def scan_of(cursor: Cursor, rhythm: Rhythm, now: datetime) -> Scan:
    """Go on with the round under way, or begin one at `now` (aware UTC)."""
    if cursor.scan is not None:
        return cursor.scan
    if cursor.mark is None:
        return Scan(now, rhythm.start)
    # A mark from a clock that ran ahead is not believed.
    since = min(cursor.mark, now - rhythm.settle) - rhythm.overlap
    return Scan(now, max(since, rhythm.start) if rhythm.start else since)


def onward(scan: Scan, last: datetime | None, link: str) -> tuple[Scan, bool]:
    """Return where the round stands after a page whose last row is stamped `last`, and whether no page follows."""
    if not link:
        return replace(scan, last=last or scan.last, link=""), True
    border = last - STEP if last else scan.since
    if border is not None and (scan.since is None or border > scan.since):
        return replace(scan, since=border, last=last, link="", restarts=0), False
    return replace(scan, last=last or scan.last, link=link), False


def restarted(scan: Scan) -> Scan:
    """Begin again at the last row's stamp, as the link is no longer taken. Raises Misconfigured when it never is."""
    if scan.restarts >= MOST_RESTARTS:
        raise Misconfigured("More records share one stamp than Business Central lists: raise page_size.")
    return replace(scan, link="", restarts=scan.restarts + 1)


def after(cursor: Cursor, scan: Scan, rhythm: Rhythm, *, done: bool) -> tuple[Cursor, bool]:
    """Return the cursor after a page, and whether the round goes on."""
    if done or (scan.last is not None and scan.last > scan.began):
        return replace(cursor, mark=scan.began - rhythm.settle, scan=None), False
    return replace(cursor, scan=scan), True


def with_roll(cursor: Cursor, now: datetime, every: timedelta) -> Cursor | None:
    """Return the cursor that lists all ids after a round that ended at `now` (aware UTC); None: it is not yet due."""
    if cursor.listed is not None and cursor.listed <= now < cursor.listed + every:
        return None
    return replace(cursor, roll=Roll(now))


def after_roll(cursor: Cursor, roll: Roll, link: str) -> Cursor:
    """Return the cursor after a page of ids."""
    if link:
        return replace(cursor, roll=replace(roll, link=link))
    return replace(cursor, roll=None, listed=roll.began)


@dataclass(frozen=True, slots=True)
class Census:
    """The cursor of a snapshot: when the present or last one began (aware UTC), and the link to its next page."""

    began: datetime | None = None
    link: str = ""

    def text(self) -> str:
        """Write the cursor for storage."""
        return json.dumps({"v": VERSION, "began": _write(self.began), "link": self.link}, separators=(",", ":"))

    @classmethod
    def read(cls, text: str | None) -> Census:
        """Read a stored cursor; None is the beginning. Raises CursorLost when this version did not write it."""
        return cls() if text is None else _stored(text, lambda state: cls(_read(state["began"]), str(state["link"])))

    def due(self, now: datetime, every: timedelta) -> bool:
        """Whether a snapshot is under way, or the last one began long enough ago."""
        return bool(self.link) or self.began is None or not self.began <= now < self.began + every


def _stored(text: str, parsed: Callable[[dict[str, Any]], Stored]) -> Stored:
    try:
        state = json.loads(text)
        if state["v"] == VERSION:
            return parsed(state)
        fault = "version"
    except (ValueError, KeyError, TypeError) as error:
        fault = type(error).__name__
    raise CursorLost("The stored cursor cannot be read: the kind is scanned again.", detail=fault)


def _write(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _read(text: str | None) -> datetime | None:
    return None if text is None else _moment(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without zone")
    return moment.astimezone(UTC)
