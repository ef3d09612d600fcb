"""What was changed or deleted in a span of time.

See https://developer.salesforce.com/docs/platform/api-rest/guide/resources-getupdated.html
and https://developer.salesforce.com/docs/platform/api-rest/guide/resources-getdeleted.html
"""

from __future__ import annotations

from datetime import datetime, timedelta

from starlette.responses import Response

from connectors.salesforce.sandbox import moments
from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.gate import Call, answer
from connectors.salesforce.sandbox.schema import SObject
from connectors.salesforce.sandbox.store import Row

UPDATES_KEPT = timedelta(days=30)
DELETIONS_KEPT = timedelta(days=15)


async def updated(call: Call) -> Response:
    """Return the ids of records created or changed between `start` and `end`, both included."""
    start, end = _span(call, UPDATES_KEPT)
    found = [r.id for r in call.view.rows(_sobject(call)) if r.deleted_at is None and start <= _stamp(r) <= end]
    # A-SALESFORCE-70: what the limit's error looks like
    most = call.org.settings.updated_max
    if len(found) > most:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"more than {most} records were changed")
    return answer({"ids": sorted(found), "latestDateCovered": moments.render(_covered(call, end))})


async def deleted(call: Call) -> Response:
    """Return the ids of records deleted between `start` and `end`, both included, with when."""
    sobject = _sobject(call)
    start, end = _span(call, DELETIONS_KEPT)
    rows = [
        {"deletedDate": moments.render(r.deleted_at), "id": r.id}
        for r in call.org.store.log_of_deletions(sobject)
        if r.deleted_at is not None and start <= r.deleted_at <= end and call.org.access.sees(call.user_id, sobject, r)
    ]
    return answer(
        {
            "deletedRecords": rows,
            "earliestDateAvailable": moments.render(_earliest(DELETIONS_KEPT)),
            "latestDateCovered": moments.render(_covered(call, end)),
        }
    )


def _sobject(call: Call) -> SObject:
    sobject = call.sobject()
    if not sobject.replicateable:
        message = f"entity type {sobject.name} does not support replication"
        raise ApiError(400, "INVALID_TYPE_FOR_OPERATION", message, ())
    return sobject


def _span(call: Call, kept: timedelta) -> tuple[datetime, datetime]:
    """Return start and end in whole minutes. Raises `ApiError` 400 `INVALID_REPLICATION_DATE`."""
    start, end = (_parameter(call, name) for name in ("start", "end"))
    if start >= end:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate must be before endDate")
    # the codes are documented, these messages are not (A-SALESFORCE-55)
    if start < _earliest(kept):
        raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate before org replication enabled date")
    return start, end


def _parameter(call: Call, name: str) -> datetime:
    text = call.request.query_params.get(name, "")
    moment = moments.parse(text)
    if moment is None:
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"{name} is not a date and time with an offset: {text}")
    return _minute(moment)


def _covered(call: Call, end: datetime) -> datetime:
    """Return up to when the answer is complete: an open transaction may still commit older stamps.

    See https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_getupdated_getupdatedresult.htm
    """
    opened = call.org.store.oldest_open()
    return _minute(min([end, moments.now(), *([opened] if opened else [])]))


def _earliest(kept: timedelta) -> datetime:
    return _minute(moments.now() - kept)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _stamp(row: Row) -> datetime:
    stamp = row.values["SystemModstamp"]
    if not isinstance(stamp, datetime):
        raise TypeError(stamp)
    return stamp
