"""A hundred thousand changes: calls, credits and memory."""

from __future__ import annotations

import re
import resource
import sys
from datetime import timedelta

from tests.connectors.zoho.parts import NOW, Desk, client
from tests.connectors.zoho.table import EARLY
from tests.connectors.zoho.vendor import Asked, Said, Vendor, rows

CHANGED = 100_000
CELLS = (
    '"Deal_Name":"Deal of a usual length","Amount":1250.5,"Currency":"HKD","Stage":"Negotiation",'
    '"Closing_Date":"2026-04-30","Account_Name":{"id":"554023000000512009"},"Owner":null'
)
FIRST_ID = 554023000000600000
BEGIN_S = int((NOW - EARLY).total_seconds()) - 60
MOST_GROWTH = 60 * 1024 * 1024
UNIT = 1 if sys.platform == "darwin" else 1024
"""Of ru_maxrss, in bytes."""


class Steady:
    """Rows of the last minute, many a second, answered by their number."""

    def __init__(self) -> None:
        self.calls = 0
        self.credits = 0

    def __call__(self, asked: Asked) -> Said:
        limit = int(re.findall(r"limit (\d+)$", asked.query)[0])
        self.calls += 1
        self.credits += 1 if limit <= 200 else 2 if limit <= 1000 else 3
        behind = re.search(r"id > '(\d+)'", asked.query)
        first = int(behind[1]) + 1 - FIRST_ID if behind else 0
        numbers = range(first, min(first + limit, CHANGED))
        more = str(numbers.stop < CHANGED).lower()
        found = ",".join(self._row(number) for number in numbers)
        return Said(200, f'{{"data":[{found}],"info":{{"count":{len(numbers)},"more_records":{more}}}}}'.encode())

    def _row(self, number: int) -> str:
        stamp = EARLY + timedelta(seconds=BEGIN_S + number // 2500)
        return f'{{"id":"{FIRST_ID + number}","Modified_Time":"{stamp.isoformat()}",{CELLS}}}'


def test_a_hundred_thousand_changes_cost_hardly_more_than_the_fewest_calls_in_flat_memory(
    vendor: Vendor, desk: Desk
) -> None:
    vendor.on("POST", "coql", rows())
    made = client(vendor, desk)
    cursor = made.pull("Deals", None).cursor
    steady = Steady()
    vendor.on("POST", "coql", steady)
    vendor.forget()
    desk.later(seconds=30)
    found, more, idle = 0, True, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while more:
        page = made.pull("Deals", cursor)
        cursor, more = page.cursor, page.more
        found += len(page.records)
        vendor.forget()
    fewest_calls, fewest_credits = CHANGED // 2000, CHANGED // 2000 * 3
    assert found == CHANGED
    assert steady.calls <= 1.2 * fewest_calls
    assert steady.credits <= 1.2 * fewest_credits
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (peak - idle) * UNIT < MOST_GROWTH
