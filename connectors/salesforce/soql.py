"""Query text: https://developer.salesforce.com/docs/platform/soql-sosl/guide/sforce-api-calls-soql.html."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from connectors.contract import Misconfigured
from connectors.salesforce.layout import Layout
from connectors.salesforce.poll import Place, Scan

MAX_QUERY = 12_000
"""Characters. The vendor takes 16,384 bytes of address and headers, and the address is longer than the query."""


def literal(moment: datetime) -> str:
    """Write an aware time as the vendor reads it: UTC with Z, unquoted, whole seconds unless it has more.

    https://developer.salesforce.com/docs/platform/soql-sosl/guide/sforce-api-calls-soql-select-dateformats.html
    """
    utc = moment.astimezone(UTC)
    precision = "milliseconds" if utc.microsecond else "seconds"
    return utc.isoformat(timespec=precision).replace("+00:00", "Z")


def page_query(layout: Layout, scan: Scan, limit: int) -> str:
    """Ask for the next rows of a round in the order of (stamp, id).

    The vendor's own order of ids is used in both places, whatever it is (A-SALESFORCE-4).
    """
    stamp = layout.stamp
    where = f" WHERE {stamp} >= {literal(scan.since)}" if scan.since else ""
    if scan.last is not None:
        at, record_id = literal(scan.last[0]), scan.last[1]
        where = f" WHERE ({stamp} = {at} AND Id > '{record_id}') OR {stamp} > {at}"
    return _checked(f"{_select(layout)}{where} ORDER BY {stamp} ASC, Id ASC LIMIT {limit}")


def versions_query(layout: Layout, since: datetime, until: datetime, last: Place | None, limit: int) -> str:
    """Ask for the next ids and stamps of [since, until), in the order of (stamp, id); `last` is the row before."""
    stamp = layout.stamp
    begins = f"{stamp} >= {literal(since)}"
    if last is not None:
        at, record_id = literal(last[0]), last[1]
        begins = f"(({stamp} = {at} AND Id > '{record_id}') OR {stamp} > {at})"
    where = f"WHERE {begins} AND {stamp} < {literal(until)}"
    return _checked(f"SELECT Id,{stamp} FROM {layout.kind} {where} ORDER BY {stamp} ASC, Id ASC LIMIT {limit}")  # noqa: S608 - names are held to \w by the settings


def ids_query(layout: Layout, ids: Sequence[str]) -> str:
    """Ask for the present state of some ids (18 letters and digits each)."""
    listed = ",".join(f"'{each}'" for each in ids)
    return _checked(f"{_select(layout)} WHERE Id IN ({listed})")


def _select(layout: Layout) -> str:
    return f"SELECT {','.join(layout.select)} FROM {layout.kind}"  # noqa: S608 - names are held to \w by the settings


def _checked(query: str) -> str:
    if len(query) > MAX_QUERY:
        raise Misconfigured("The query is too long for Salesforce: configure fewer fields.")
    return query
