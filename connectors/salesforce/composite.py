"""Several questions in one call: the whole counts as one call towards the org's quota (A-SALESFORCE-104).

https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-composite-post.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connectors.contract import ConnectorError, Malformed
from connectors.salesforce.errors import Fault, explain
from connectors.salesforce.identity import Identity
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.wire import Calls

PARTS = 25
QUERIES = 5
"""Queries that one call may hold, among its parts."""

Rows = Sequence[Mapping[str, Any]]


def query(soql: str) -> str:
    """Return the path of a query."""
    return f"query?q={quote(soql)}"


def ask(
    org: Calls, settings: SalesforceSettings, paths: Mapping[str, str], by: Identity | None = None
) -> Mapping[str, Any]:
    """Ask up to 25 paths by name, five of them queries; each answer is its body or its own ConnectorError.

    Nothing is changed. Raises the contract's errors for the call as a whole.
    """
    if len(paths) > PARTS:
        raise ValueError("a call holds 25 parts")
    base = f"/services/data/v{settings.api_version}/"
    parts = [{"method": "GET", "url": base + path, "referenceId": name} for name, path in paths.items()]
    content = {"allOrNone": False, "compositeRequest": parts}
    body = org.call("composite", by=by, safe=True, method="POST", data=json.dumps(content))
    try:
        answers = {part["referenceId"]: part for part in body["compositeResponse"]}
        return {name: _body(answers[name], settings.calls_key) for name in paths}
    except (TypeError, KeyError):
        raise Malformed("Salesforce answered a composite call without its parts.", body=b"") from None


def rows(
    org: Calls, settings: SalesforceSettings, asked: Mapping[str, str], by: Identity | None = None
) -> Mapping[str, Rows]:
    """Ask up to five queries by name and return their rows. Raises the first part's error as well."""
    answers = ask(org, settings, {name: query(soql) for name, soql in asked.items()}, by)
    return {name: records(good(answer)) for name, answer in answers.items()}


def good(answer: Any) -> Any:
    """Return a part's body. Raises its error."""
    if isinstance(answer, ConnectorError):
        raise answer
    return answer


def records(body: Any) -> Rows:
    """Return the rows of a query's body. Raises Malformed."""
    try:
        found: Rows = body["records"]
    except (TypeError, KeyError):
        raise Malformed("Salesforce answered a query without rows.", body=b"") from None
    return found


def _body(part: Mapping[str, Any], scope: str) -> Any:
    status = int(part["httpStatusCode"])
    # The call as a whole answers 200 however its parts went.
    return explain(Fault.read(status, part["body"]), scope) if status >= 400 else part["body"]
