"""Several questions in one call: the whole counts as one call towards the org's quota.

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

QUERIES = 5
"""Queries that one call may hold."""

Rows = Sequence[Mapping[str, Any]]


def queries(
    org: Calls, settings: SalesforceSettings, asked: Mapping[str, str], by: Identity | None = None
) -> Mapping[str, Rows | ConnectorError]:
    """Ask up to five queries by name; each answer is its rows or its own error. Nothing is changed.

    Raises the contract's errors for the call as a whole.
    """
    if len(asked) > QUERIES:
        raise ValueError("a call holds five queries")
    base = f"/services/data/v{settings.api_version}/query?q="
    parts = [{"method": "GET", "url": base + quote(soql), "referenceId": name} for name, soql in asked.items()]
    content = {"allOrNone": False, "compositeRequest": parts}
    body = org.call("composite", by=by, safe=True, method="POST", data=json.dumps(content))
    try:
        answers = {part["referenceId"]: part for part in body["compositeResponse"]}
        return {name: _rows(answers[name], settings.calls_key) for name in asked}
    except (TypeError, KeyError):
        raise Malformed("Salesforce answered a composite call without its parts.", body=b"") from None


def rows(
    org: Calls, settings: SalesforceSettings, asked: Mapping[str, str], by: Identity | None = None
) -> Mapping[str, Rows]:
    """Ask as `queries` does. Raises the first part's error as well."""
    found: dict[str, Rows] = {}
    for name, answer in queries(org, settings, asked, by).items():
        if isinstance(answer, ConnectorError):
            raise answer
        found[name] = answer
    return found


def _rows(part: Mapping[str, Any], scope: str) -> Rows | ConnectorError:
    status = int(part["httpStatusCode"])
    if status >= 400:
        # The call as a whole answers 200 however its parts went.
        return explain(Fault.read(status, part["body"]), scope)
    found: Rows = part["body"]["records"]
    return found
