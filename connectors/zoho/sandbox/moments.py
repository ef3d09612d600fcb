"""Times as the vendor reads and writes them: whole seconds with an offset. All datetimes are aware UTC."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def now() -> datetime:
    """Return the wall clock as the vendor stamps it."""
    return datetime.now(UTC).replace(microsecond=0)


def render(moment: datetime, zone: tzinfo) -> str:
    """Return the form of answers, `2026-01-01T08:00:00+08:00`."""
    return moment.astimezone(zone).isoformat(timespec="seconds")


def parse(text: object) -> datetime | None:
    """Read an ISO 8601 date and time with an offset; None when it is none. Fractions of a second are cut."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment.astimezone(UTC).replace(microsecond=0)
