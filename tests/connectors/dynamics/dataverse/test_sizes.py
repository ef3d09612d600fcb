"""Fifty thousand changes by a delta link, and a cursor with the longest links: calls, memory, length."""

from __future__ import annotations

import resource
import sys
import tracemalloc
from urllib.parse import quote

from connectors.dynamics.dataverse.poll import Cursor, Mode
from tests.connectors.dynamics.dataverse.parts import NOW, Desk, cases, client
from tests.connectors.dynamics.dataverse.tables import gid
from tests.connectors.dynamics.dataverse.vendor import API, Asked, Said, Vendor, rows

CHANGED, PAGE = 50_000, 500
MOST_HELD = 8 * 1024 * 1024
MOST_GROWTH = 40 * 1024 * 1024
UNIT = 1 if sys.platform == "darwin" else 1024
"""Of ru_maxrss, in bytes."""
STORED = 4096
"""What the ledger keeps of a cursor."""


class Steady:
    """Changes that are answered by their number."""

    def __init__(self, base: str) -> None:
        self.where = f"{base}{API}incidents"
        self.calls = 0

    def __call__(self, asked: Asked) -> Said:
        self.calls += 1
        if "$orderby" in asked.params:
            return rows()
        first = int(asked.params.get("$skiptoken", "0"))
        found = ",".join(self._row(number) for number in range(first, first + PAGE))
        last = first + PAGE >= CHANGED
        name, token = ("deltaLink", "$deltatoken=2") if last else ("nextLink", f"$skiptoken={first + PAGE}")
        return Said(200, f'{{"value":[{found}],"@odata.{name}":"{self.where}?{token}"}}'.encode())

    def _row(self, number: int) -> str:
        return (
            f'{{"@odata.etag":"W/\\"{number}\\"","incidentid":"{gid(number)}","modifiedon":"2026-03-02T08:00:00Z",'
            f'"ticketnumber":"CAS-{number}","title":"A title of a usual length","prioritycode":1,'
            '"prioritycode@OData.Community.Display.V1.FormattedValue":"High",'
            '"_modifiedby_value":"1b4c2b1e-0d87-e711-80e5-00155db19e6d"}'
        )


def test_fifty_thousand_changes_cost_the_fewest_calls_in_flat_memory(vendor: Vendor, desk: Desk) -> None:
    cases(vendor)
    made = client(vendor, desk)
    cursor = made.pull("incident", None).cursor
    steady = Steady(vendor.base)
    vendor.on("incidents", steady)
    found, more, idle = 0, True, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    while more:
        page = made.pull("incident", cursor)
        cursor, more = page.cursor, page.more
        found += len(page.records)
        vendor.forget()
    _, held = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == CHANGED
    assert steady.calls == CHANGED // PAGE + 1
    assert held < MOST_HELD
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle) * UNIT < MOST_GROWTH


def test_a_cursor_of_a_wide_table_fits_the_ledger() -> None:
    """Typed from webapi/query-data-web-api: the cookie of a query in an order names each ordering value twice."""
    select = ",".join(f"new_columnofausuallength{number}" for number in range(40))
    row = quote(quote('<modifiedon last="2026-03-02T08:00:00" first="2026-03-02T08:00:00" />'))
    inner = quote(quote(f'<cookie page="1"><incidentid last="{{{gid(1)}}}" first="{{{gid(2)}}}" />')) + row
    cookie = f"%3Ccookie%20pagenumber=%222%22%20pagingcookie=%22{inner}%22%20istracking=%22False%22%20/%3E"
    where = "https://an-organization-with-a-long-name.crm5.dynamics.com/api/data/v9.2/new_tablesofausuallength"
    order = "$filter=modifiedon%20ge%202026-03-02T08:00:00Z&$orderby=modifiedon%20asc,new_tableofausuallengthid%20asc"
    link = f"{where}?$select={select}&{order}&$skiptoken={cookie}"
    listing = f"{where}?$select=new_tableofausuallengthid&$skiptoken={cookie}"
    whole = Cursor(Mode.STAMPS, NOW, NOW, link, NOW, "0123456789ab", listing, 19, "", again=True)
    assert len(whole.text()) < STORED
