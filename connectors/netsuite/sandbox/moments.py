"""Times: stored as Unix milliseconds, written and read by the format models of SuiteQL.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157305090645.html (datetime fields) and
https://docs.oracle.com/en/database/oracle/oracle-database/19/sqlrf/Format-Models.html (format models)
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1000
MINUTE = 60 * SECOND

_MODEL = re.compile(r'"([^"]*)"|(YYYY|MM|DD|HH24|HH12|HH|MI|SS|FF\d?|AM|PM|TZH|TZM|MON|.)', re.IGNORECASE | re.DOTALL)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WRITE: dict[str, Callable[[datetime], str]] = {
    "YYYY": lambda at: f"{at.year:04d}",
    "MM": lambda at: f"{at.month:02d}",
    "MON": lambda at: _MONTHS[at.month - 1],
    "DD": lambda at: f"{at.day:02d}",
    "HH24": lambda at: f"{at.hour:02d}",
    "HH12": lambda at: f"{at.hour % 12 or 12:02d}",
    "HH": lambda at: f"{at.hour % 12 or 12:02d}",
    "MI": lambda at: f"{at.minute:02d}",
    "SS": lambda at: f"{at.second:02d}",
    "AM": lambda at: "AM" if at.hour < 12 else "PM",
    "PM": lambda at: "AM" if at.hour < 12 else "PM",
    "FF": lambda at: f"{at.microsecond // 1000:03d}",
    "TZH": lambda at: f"{at:%z}"[:3],
    "TZM": lambda at: f"{at:%z}"[3:5],
}
_READ = {
    "YYYY": r"(?P<year>\d{4})",
    "MM": r"(?P<month>\d{1,2})",
    "MON": rf"(?P<mon>{'|'.join(_MONTHS)})",
    "DD": r"(?P<day>\d{1,2})",
    "HH24": r"(?P<hour>\d{1,2})",
    "HH12": r"(?P<hour>\d{1,2})",
    "HH": r"(?P<hour>\d{1,2})",
    "MI": r"(?P<minute>\d{1,2})",
    "SS": r"(?P<second>\d{1,2})",
    "AM": r"(?P<half>[AP]M)",
    "PM": r"(?P<half>[AP]M)",
    "FF": r"(?P<fraction>\d{1,9})",
    "TZH": r"(?P<zone_hour>[+-]\d{1,2})",
    "TZM": r"(?P<zone_minute>\d{2})",
}


def now() -> int:
    """Return the clock's time in Unix milliseconds."""
    return time.time_ns() // 1_000_000


def of(at: datetime) -> int:
    """Return the Unix milliseconds of an aware time."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def at(stamp: int, zone: tzinfo = UTC) -> datetime:
    """Return the aware time of Unix milliseconds."""
    return (EPOCH + timedelta(milliseconds=stamp)).astimezone(zone)


def iso(stamp: int) -> str:
    """Return a time as records show it: UTC, whole seconds."""
    return f"{at(stamp):%Y-%m-%dT%H:%M:%SZ}"


def instant(text: str) -> int:
    """Read an ISO 8601 time with an offset. Raises `ValueError`."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError(f"not a date and time with an offset: {text}")
    return of(read)


def day(text: str) -> str:
    """Read the day of an ISO 8601 date or time, which no zone moves. Raises `ValueError`."""
    return date.fromisoformat(text[:10]).isoformat()


def write(moment: datetime, model: str) -> str:
    """Return a time by a format model; what the model does not know stands for itself."""
    return "".join(_part(moment, *found.groups()) for found in _MODEL.finditer(model))


def read(text: str, model: str, zone: tzinfo = UTC) -> datetime:
    """Read a time by a format model, in `zone` where the model has no offset. Raises `ValueError`."""
    pattern = "".join(_pattern(*found.groups()) for found in _MODEL.finditer(model))
    found = re.fullmatch(pattern, text.strip(), re.IGNORECASE)
    if found is None:
        raise ValueError(f"'{text}' is not written as {model}")
    return _moment({name: value for name, value in found.groupdict().items() if value is not None}, zone)


def _part(moment: datetime, quoted: str | None, word: str | None) -> str:
    if word is None:
        return quoted or ""
    known = _WRITE.get("FF" if word.upper().startswith("FF") else word.upper())
    return known(moment) if known else word


def _pattern(quoted: str | None, word: str | None) -> str:
    if word is None:
        return re.escape(quoted or "")
    return _READ.get("FF" if word.upper().startswith("FF") else word.upper(), re.escape(word))


def _moment(parts: dict[str, str], zone: tzinfo) -> datetime:
    hour = int(parts.get("hour", 0))
    if "half" in parts:
        hour = hour % 12 + (12 if parts["half"].upper() == "PM" else 0)
    month = _MONTHS.index(parts["mon"].upper()) + 1 if "mon" in parts else int(parts.get("month", 1))
    return datetime(
        int(parts.get("year", at(now()).year)),
        month,
        int(parts.get("day", 1)),
        hour,
        int(parts.get("minute", 0)),
        int(parts.get("second", 0)),
        int(f"{parts.get('fraction', ''):0<6.6}"),
        _offset(parts) if "zone_hour" in parts else zone,
    )


def _offset(parts: dict[str, str]) -> tzinfo:
    hours = int(parts["zone_hour"])
    minutes = int(parts.get("zone_minute", 0)) * (-1 if hours < 0 else 1)
    return timezone(timedelta(hours=hours, minutes=minutes))
