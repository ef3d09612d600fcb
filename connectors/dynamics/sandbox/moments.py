"""Points in time as the vendor keeps and writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present, in UTC and milliseconds."""
    present = datetime.now(UTC)
    return present.replace(microsecond=present.microsecond // 1000 * 1000)


def whole(moment: datetime) -> datetime:
    """Return a moment cut to its second."""
    return moment.replace(microsecond=0)


def parse(text: str) -> datetime:
    """Read ISO 8601 with an offset and return UTC. Raises `ValueError`."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"not a date and time: {text}") from error
    if found.tzinfo is None:
        raise ValueError(f"a date and time without an offset: {text}")
    return found.astimezone(UTC)


def in_seconds(moment: datetime) -> str:
    """Write a moment as Dataverse does: whole seconds, `Z`."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def in_milliseconds(moment: datetime, *, trimmed: bool = False) -> str:
    """Write a moment with its milliseconds and `Z`; `trimmed` leaves out zeros at the end."""
    if moment.year == 1:
        # an empty time has no fraction, and a year of four digits
        return "0001-01-01T00:00:00Z"
    fraction = f".{moment.microsecond // 1000:03d}"
    if trimmed:
        fraction = fraction.rstrip("0").rstrip(".")
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"
