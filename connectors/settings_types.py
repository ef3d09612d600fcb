"""Types that the settings of connectors and of the bridge share."""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_DURATION = r"^(\d{1,9})(ms|s|m|h|d)$"


def duration(value: Any) -> timedelta:
    """Turn text such as `90s`, `15m`, `2h`, `1d` or `500ms` into a timedelta; a timedelta passes.

    Raises ValueError for anything else: a bare number has no unit, so it is not guessed.
    """
    if isinstance(value, timedelta):
        return value
    match = re.match(_DURATION, value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("write a duration as a whole number with its unit: 500ms, 90s, 15m, 2h, 1d")
    return int(match[1]) * _UNITS[match[2]]


def duration_text(value: timedelta) -> str:
    """Write a timedelta in the largest unit that divides it: the inverse of `duration`."""
    unit = next((name for name, length in _UNITS.items() if value and value % length == timedelta(0)), "s")
    return f"{value // _UNITS[unit]}{unit}"


def is_loopback(host: str) -> bool:
    """Say whether a host name or address is this machine, without asking DNS."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def loopback_or_https(value: str) -> str:
    """Return the URL without its trailing slash. Raises ValueError unless it is https, or http to this machine."""
    url = urlsplit(value)
    host = url.hostname or ""
    if not host or url.username is not None or url.query or url.fragment:
        raise ValueError("write a plain address such as https://host, without user, query or fragment")
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(host)):
        raise ValueError("use https: http is accepted for this machine (127.0.0.1, localhost) only")
    return value.rstrip("/")


Duration = Annotated[
    timedelta,
    BeforeValidator(duration),
    PlainSerializer(duration_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _DURATION, "examples": ["90s", "15m", "2h", "1d"]}),
]
LoopbackOrHttps = Annotated[
    str,
    AfterValidator(loopback_or_https),
    WithJsonSchema({"type": "string", "format": "uri", "examples": ["https://erp.example.com"]}),
]


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (OSError, ValueError, LookupError) as error:
        raise ValueError(f"there is no time zone '{value}': write an IANA name such as Asia/Hong_Kong") from error
    return value


ZoneName = Annotated[str, AfterValidator(_zone)]
"""An IANA name of a time zone."""
