"""Conditional requests on single records: dates of whole seconds, and entity tags of accounts.

See https://developer.salesforce.com/docs/platform/api-rest/guide/intro-rest-conditional-requests.html
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime

from starlette.responses import Response

from connectors.salesforce.sandbox import moments
from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.gate import Call, answer
from connectors.salesforce.sandbox.schema import SObject
from connectors.salesforce.sandbox.store import Row

TAGGED = "Account"
_TAGS = re.compile(r'\s*(?:\*|(?:W/)?"[^"]*"(?:\s*,\s*(?:W/)?"[^"]*")*)\s*')


def stopped(call: Call, sobject: SObject, row: Row) -> Response | None:
    """Return the answer to a request whose condition does not hold: 412, or 304 to reading what is known.

    Raises `ApiError` 400 for a PATCH with a value that is no date or no tag.
    """
    writes = call.request.method == "PATCH"
    if _changed_since(call, row, "if-unmodified-since", otherwise=False, writes=writes):
        return _precondition_failed(call)
    if not writes and not _changed_since(call, row, "if-modified-since", otherwise=True, writes=False):
        return Response(status_code=304)
    if sobject.name != TAGGED:
        return None
    matched, unmatched = (_tags(call, name, writes=writes) for name in ("if-match", "if-none-match"))
    own = {etag(row), "*"}
    if matched and own.isdisjoint(matched):
        return _precondition_failed(call)
    if unmatched and not own.isdisjoint(unmatched):
        return _precondition_failed(call) if writes else Response(status_code=304)
    return None


def tag(response: Response, sobject: SObject, row: Row | None) -> Response:
    """Put the entity tag of an account on an answer."""
    if row is not None and sobject.name == TAGGED:
        response.headers["etag"] = etag(row)
    return response


def etag(row: Row) -> str:
    """Return the entity tag of a record in its present state."""
    digest = hashlib.sha256(repr(sorted(row.values.items())).encode()).digest()
    return f'"{base64.b64encode(digest).decode()}--gzip"'


def _changed_since(call: Call, row: Row, header: str, *, otherwise: bool, writes: bool) -> bool:
    given = call.request.headers.get(header)
    if given is None:
        return otherwise
    since = moments.parse_http(given)
    if since is None:
        if writes:
            raise ApiError(400, "INVALID_HEADER_VALUE", f"Invalid value for {header.title()}: {given}")
        return otherwise
    return _last_modified(row) > since


def _tags(call: Call, header: str, *, writes: bool) -> set[str]:
    given = call.request.headers.get(header)
    if given is None:
        return set()
    if not _TAGS.fullmatch(given):
        if writes:
            raise ApiError(400, "INVALID_HEADER_VALUE", f"Invalid value for {header.title()}: {given}")
        return set()
    return set(re.findall(r'"[^"]*"|\*', given))


def _precondition_failed(call: Call) -> Response:
    # A-SALESFORCE-52: the documentation gives the status alone
    if call.org.switches.precondition_body == "empty":
        return Response(status_code=412)
    message = "The record has been modified since the given date"
    return answer(ApiError(412, "PRECONDITION_FAILED", message).body(), 412)


def _last_modified(row: Row) -> datetime:
    stamp = row.values.get("LastModifiedDate") or row.values["SystemModstamp"]
    if not isinstance(stamp, datetime):
        raise TypeError(stamp)
    return stamp.replace(microsecond=0)
