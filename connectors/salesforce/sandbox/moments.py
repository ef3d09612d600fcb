"""Dates and times as the vendor reads and writes them. All datetimes are aware UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def now(*, whole: bool = True) -> datetime:
    """Return the wall clock as the vendor stamps it: UTC, whole seconds unless told."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=0) if whole else moment


def render(moment: datetime) -> str:
    """Return the form of results, `2026-01-01T00:00:00.000+0000`."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def parse(text: str) -> datetime | None:
    """Read an ISO 8601 date and time of a body or a parameter; None when it is none or has no offset.

    See https://developer.salesforce.com/docs/platform/api-rest/guide/intro-valid-date-formats.html
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment.astimezone(UTC)


def parse_http(text: str) -> datetime | None:
    """Read an HTTP date such as `Tue, 23 Mar 2015 00:00:00 GMT`; None when it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
