"""A hundred thousand changes: calls and memory."""

from __future__ import annotations

import resource
import sys
from datetime import timedelta

from tests.connectors.salesforce import parts
from tests.connectors.salesforce.test_poll import Puller, Table, client

CHANGED, PAGE = 100_000, 2000
MOST_GROWTH = 60 * 1024 * 1024
UNIT = 1 if sys.platform == "darwin" else 1024
"""Of ru_maxrss, in bytes."""


def test_a_hundred_thousand_changes_cost_hardly_more_than_the_fewest_calls_in_flat_memory() -> None:
    table = Table(parts.Desk(), logged=True)
    puller = Puller(client(table, PAGE))
    puller.round()
    table.desk.now += timedelta(minutes=1)
    for number in range(CHANGED):
        table.write(number, 0)
    table.calls = 0
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while len(puller.seen) < CHANGED:
        puller.round()
        table.desk.now += timedelta(minutes=1)
    assert table.calls <= 1.2 * CHANGED / PAGE
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle) * UNIT < MOST_GROWTH
