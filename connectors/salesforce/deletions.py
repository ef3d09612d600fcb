"""The vendor's log of deletions: it tells what no query shows, because it was purged or merged away, or kept its stamp.

https://developer.salesforce.com/docs/platform/api-rest/guide/resources-getdeleted.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract import Malformed, Refused
from connectors.salesforce.errors import LogLost
from connectors.salesforce.records import id18, moment

EVERY = timedelta(minutes=10)
"""The log counts in minutes, and most deletions are told by the query already: it need not be asked in each round."""


@dataclass(frozen=True, slots=True)
class Deletions:
    """Deleted ids with the vendor's text of when, and up to when (aware UTC) the log is read."""

    found: Mapping[str, str]
    covered: datetime


def deletions(call: Callable[..., Any], kind: str, since: datetime, until: datetime) -> Deletions:
    """Read the log between two aware times.

    What lies before the vendor's horizon of 15 days, or beyond 600,000 ids, cannot be had: then nothing is found and
    the log counts as read. Raises the contract's errors.
    """
    span = {"start": _written(since), "end": _written(until)}
    try:
        body = call(f"sobjects/{kind}/deleted", params=span)
    except LogLost:
        return Deletions({}, until)
    try:
        found = {id18(row["id"]): str(row["deletedDate"]) for row in body["deletedRecords"]}
        # The vendor asks to go on from here: a transaction may still be running.
        return Deletions(found, moment(body["latestDateCovered"]))
    except (TypeError, KeyError, ValueError, Refused):
        raise Malformed("Salesforce's log of deletions is not readable.", body=str(body).encode()) from None


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
