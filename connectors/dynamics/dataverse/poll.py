"""The cursor: what a call asks for next, so that nothing is lost and every round ends.

A table with change tracking is read whole once (FULL), a page a call, and then by its delta link (DELTA), which tells
of deletions as well (A-DYNAMICS-106: also of those while pages were read). A delta link ends after some days. When it is
refused, what changed since it was last followed is read at once by the rows' own stamps (STAMPS). Then the ids of the
whole table are read (LISTING), which tell what is gone and end with a new delta link; some pages a round, so that
changes are still seen meanwhile. Then the stamps once more, up to where the new link begins.

A table without change tracking stays with its stamps. A round of those reads every row stamped at or after
`mark - overlap` in the order of stamp and id, along the vendor's own links. It ends with the last page, or with a row
younger than the round itself, so that a busy table cannot hold it up. Then all that is older than the round's beginning
less `settle` counts as read: the new mark. A row is found when it becomes visible within `overlap + settle` after its
stamp (A-DYNAMICS-102). What a round reads again it returns again.

https://learn.microsoft.com/power-apps/developer/data-platform/use-change-tracking-synchronize-data-external-systems
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from connectors.contract import CursorLost, Refused
from connectors.odata import Rows

VERSION = 1
LISTED_A_ROUND = 20
"""Pages of ids that a round reads before the next one looks for changes: 100,000 ids."""


class Mode(StrEnum):
    """What the next call reads."""

    FULL = "full"
    DELTA = "delta"
    STAMPS = "stamps"
    LISTING = "listing"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a kind is polled."""

    overlap: timedelta
    settle: timedelta
    start: datetime | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where reading stands. All times are aware UTC; links are kept as the vendor wrote them.

    `began`: the beginning of the round under way, None between rounds. `mark`: what changed before is read. `link`: where
    the present reading goes on, empty at its beginning. `since`: from which stamp on the round reads, None for all.
    `selects`: what the delta link gives, by the layout's fingerprint; empty for ids alone. `listing`: where the ids go
    on, empty at their beginning, None where none are due; `pages`: how many of its pages this reading has read;
    `fresh`: the delta link that it ended with. `again`: it began anew once, because its link was refused.
    """

    mode: Mode
    began: datetime | None = None
    mark: datetime | None = None
    link: str = ""
    since: datetime | None = None
    selects: str = ""
    listing: str | None = None
    pages: int = 0
    fresh: str = ""
    again: bool = False

    def text(self) -> str:
        """Write the cursor for storage."""
        state = {
            "v": VERSION,
            "mode": self.mode.value,
            "began": _write(self.began),
            "mark": _write(self.mark),
            "link": self.link,
            "since": _write(self.since),
            "selects": self.selects,
            "listing": self.listing,
            "pages": self.pages,
            "fresh": self.fresh,
            "again": self.again,
        }
        return json.dumps({key: value for key, value in state.items() if value is not None}, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Cursor:
        """Read a stored cursor. Raises CursorLost when this version did not write it."""
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
        listing = state.get("listing")
        return cls(
            Mode(state["mode"]),
            _read(state.get("began")),
            _read(state.get("mark")),
            str(state["link"]),
            _read(state.get("since")),
            str(state["selects"]),
            None if listing is None else str(listing),
            int(state["pages"]),
            str(state["fresh"]),
            bool(state["again"]),
        )


def first(layout_selects: str, *, tracked: bool) -> Cursor:
    """Begin: with the whole table and a delta link at its end, or with its stamps."""
    return Cursor(Mode.FULL, selects=layout_selects) if tracked else Cursor(Mode.STAMPS)


def resumed(cursor: Cursor, rhythm: Rhythm, now: datetime, *, tracked: bool) -> Cursor:
    """Go on with the round under way, or begin one at `now` (aware UTC, the vendor's clock).

    Raises CursorLost for a full scan that the settings no longer allow.
    """
    if not tracked and cursor.mode is not Mode.STAMPS:
        cursor = _left_alone(cursor)
    if cursor.began is not None:
        return cursor
    cursor = replace(cursor, began=now)
    return replace(cursor, since=_since(cursor.mark, rhythm, now)) if cursor.mode is Mode.STAMPS else cursor


def after(cursor: Cursor, rows: Rows, youngest: datetime | None, rhythm: Rhythm) -> tuple[Cursor, bool]:
    """Return the cursor after a page, and whether the round goes on; `youngest` is the last row's stamp.

    `cursor` is one that `resumed` returned.
    """
    if cursor.mode is Mode.STAMPS:
        return _after_stamps(cursor, rows, youngest, rhythm)
    if cursor.mode is Mode.LISTING:
        return _after_ids(cursor, rows)
    if rows.next_link:
        return replace(cursor, link=rows.next_link, pages=cursor.pages + 1), True
    if not rows.delta_link:
        # The table was read, and the vendor gives no link to its changes.
        return Cursor(Mode.STAMPS, mark=_settled(cursor, rhythm)), False
    if cursor.pages:
        # Whether the link begins with the first page or the last is not told: what changed meanwhile is read again.
        return Cursor(Mode.STAMPS, mark=cursor.began, selects=cursor.selects, fresh=rows.delta_link), True
    return Cursor(Mode.DELTA, mark=cursor.began, link=rows.delta_link, selects=cursor.selects), False


def lost(cursor: Cursor) -> Cursor:
    """Go on after the vendor refused the link that `cursor` names.

    A delta link leaves a gap; any other reading begins anew, but only once. Raises Refused.
    """
    if cursor.mode is Mode.DELTA:
        return Cursor(Mode.STAMPS, mark=cursor.mark, listing="")
    if cursor.again:
        raise Refused("Dataverse refuses its own links to further pages: ask Microsoft's support.")
    if cursor.mode is Mode.LISTING:
        return replace(cursor, listing="", again=True)
    return replace(cursor, link="", pages=0, again=True)


def _after_stamps(cursor: Cursor, rows: Rows, youngest: datetime | None, rhythm: Rhythm) -> tuple[Cursor, bool]:
    overtaken = youngest is not None and cursor.began is not None and youngest > cursor.began
    if rows.next_link and not overtaken:
        return replace(cursor, link=rows.next_link), True
    done = replace(cursor, began=None, since=None, link="", mark=_settled(cursor, rhythm), again=False)
    if cursor.fresh:
        return Cursor(Mode.DELTA, mark=done.mark, link=cursor.fresh, selects=cursor.selects), False
    if cursor.listing is not None:
        return replace(done, mode=Mode.LISTING, began=cursor.began, pages=0), True
    return done, False


def _after_ids(cursor: Cursor, rows: Rows) -> tuple[Cursor, bool]:
    done = replace(cursor, mode=Mode.STAMPS, began=None, listing=None, pages=0, again=False)
    if rows.next_link and cursor.pages + 1 < LISTED_A_ROUND:
        return replace(cursor, listing=rows.next_link, pages=cursor.pages + 1), True
    if rows.next_link:
        return replace(done, listing=rows.next_link), False
    return replace(done, fresh=rows.delta_link), bool(rows.delta_link)


def _left_alone(cursor: Cursor) -> Cursor:
    if cursor.mode is Mode.FULL:
        raise CursorLost("The table is no longer read by change tracking: it is scanned again.")
    return Cursor(Mode.STAMPS, mark=cursor.mark)


def _since(mark: datetime | None, rhythm: Rhythm, now: datetime) -> datetime | None:
    if mark is None:
        return rhythm.start
    # The vendor cuts stamps to the second; a mark from a clock that ran ahead is not believed.
    since = (min(mark, now - rhythm.settle) - rhythm.overlap).replace(microsecond=0)
    return max(since, rhythm.start) if rhythm.start else since


def _settled(cursor: Cursor, rhythm: Rhythm) -> datetime | None:
    return cursor.began - rhythm.settle if cursor.began else cursor.mark


def _write(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None


def _read(text: str | None) -> datetime | None:
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without zone")
    return at.astimezone(UTC)
