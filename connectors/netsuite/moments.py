"""Times as SuiteQL gives them: the wall clock of the account's zone, to the second, without an offset.

That it is the account's zone, and not the user's, and that there are no parts of a second is A-NETSUITE-103.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SQL_MOMENT = "YYYY-MM-DD HH24:MI:SS"
SQL_DATE = "YYYY-MM-DD"
SKEW = timedelta(minutes=5)
"""How far the vendor's clock may be ahead of ours when an hour that comes twice is told apart."""

_WALL = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)


def wall(at: datetime, zone: ZoneInfo) -> str:
    """Write an aware time as the account's clock on the wall showed it."""
    return _written(at.astimezone(zone))


def earliest_wall(since: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return a wall time that nothing stamped in [since, now] (aware) lies before.

    Where the clock was set back in between, what came after shows earlier times again.
    """
    shift = now.astimezone(zone).utcoffset() or timedelta(0)
    there = since.astimezone(zone).replace(tzinfo=None)
    return _written(min(there, since.astimezone(UTC).replace(tzinfo=None) + shift))


def moment(text: object, zone: ZoneInfo, now: datetime) -> datetime:
    """Read a wall time as aware UTC. Raises ValueError for anything else.

    Of an hour that comes twice it is the later one, unless that lies ahead of `now` (aware): so a state never looks
    older than one that was read before it.
    """
    if not isinstance(text, str) or not _WALL.fullmatch(text):
        raise ValueError("not a time of the account's clock")
    there = datetime.fromisoformat(text)
    first, second = (there.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return second if first < second <= now + SKEW else first


def _written(at: datetime) -> str:
    return at.replace(microsecond=0, tzinfo=None).isoformat(sep=" ")
