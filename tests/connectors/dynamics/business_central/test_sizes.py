"""A hundred thousand changes: calls and memory."""

from __future__ import annotations

import re
import resource
import sys
from datetime import datetime, timedelta

from tests.connectors.dynamics.business_central.books import gid, stamp
from tests.connectors.dynamics.business_central.parts import NOW, Desk, client, drained
from tests.connectors.dynamics.business_central.vendor import BELOW, Asked, Said, Vendor, rows

CHANGED = 100_000
PAGE = 1000
CELLS = '"number":"SO-1","status":"Open","totalAmountIncludingTax":1250.5,"currencyCode":"HKD"'
MOST_GROWTH = 60 * 1024 * 1024
UNIT = 1 if sys.platform == "darwin" else 1024
"""Of ru_maxrss, in bytes."""
BEGAN = NOW - timedelta(seconds=60)


class Steady:
    """Rows of the last minute, two a millisecond, answered by their number."""

    def __init__(self, base: str) -> None:
        self.calls = 0
        self._base = base

    def __call__(self, asked: Asked) -> Said:
        self.calls += 1
        since = datetime.fromisoformat(re.findall(r"ge (\S+)", asked.params["$filter"])[0])
        first = max(0, round((since - BEGAN) / timedelta(milliseconds=1)) * 2)
        numbers = range(first, min(first + PAGE, CHANGED))
        found = ",".join(self._row(number) for number in numbers)
        link = f'"@odata.nextLink":"{self._base}{BELOW}salesOrders?$skiptoken={numbers.stop}",'
        more = link if numbers.stop < CHANGED else ""
        return Said(200, f'{{{more}"value":[{found}]}}'.encode())

    def _row(self, number: int) -> str:
        at = BEGAN + timedelta(milliseconds=number // 2)
        return f'{{"id":"{gid(number)}","lastModifiedDateTime":"{stamp(at)}",{CELLS}}}'


def test_a_hundred_thousand_changes_cost_hardly_more_than_the_fewest_calls_in_flat_memory(
    vendor: Vendor, desk: Desk
) -> None:
    vendor.on("GET", "salesOrders", rows())
    made = client(vendor, desk, kinds={"salesOrders": {"fields": ["status", "totalAmountIncludingTax"]}})
    cursor = drained(made, "salesOrders")[-1].cursor
    steady = Steady(vendor.base)
    vendor.on("GET", "salesOrders", steady)
    desk.later(seconds=30)
    found, more, idle = set[str](), True, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while more:
        page = made.pull("salesOrders", cursor)
        cursor, more = page.cursor, page.more
        found |= {record.id for record in page.records}
        vendor.forget()
    assert len(found) == CHANGED
    assert steady.calls <= 1.2 * CHANGED / PAGE
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (peak - idle) * UNIT < MOST_GROWTH
