"""The vendor's logs of what was changed and deleted.

The one of deletions tells what no query shows, because it was purged or merged away, or kept its stamp; of the one of
changes only its end is used, up to which it is complete.
https://developer.salesforce.com/docs/platform/api-rest/guide/resources-getdeleted.html
https://developer.salesforce.com/docs/platform/api-rest/guide/resources-getupdated.html
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

SHORTEST = timedelta(minutes=2)
RUNNING = timedelta(seconds=10)
FURTHEST = timedelta(days=29)


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


def complete(call: Callable[..., Any], kind: str, since: datetime, now: datetime) -> datetime | None:
    """Return up to when everything that changed since `since` can be read, both aware; None where the log cannot tell.

    The log counts in minutes and reaches back 30 days; its ids are not needed, because a query gives the rows.
    """
    start = max(min(since, now - SHORTEST), now - FURTHEST)
    try:
        body = call(f"sobjects/{kind}/updated", params={"start": _written(start), "end": _written(now)})
    except LogLost:
        return None
    try:
        # A transaction of some seconds need not be a long one to the vendor (A-SALESFORCE-101).
        return min(moment(body["latestDateCovered"]), now - RUNNING)
    except (TypeError, KeyError, ValueError):
        raise Malformed("Salesforce's log of changes is not readable.", body=str(body)[:4000].encode()) from None


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
