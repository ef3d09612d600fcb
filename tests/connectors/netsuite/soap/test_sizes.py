"""What reading by SOAP costs: memory once in a process, and time for a thousand records."""

from __future__ import annotations

import subprocess
import sys
import time

from tests.connectors.netsuite.soap.orders import cells, line, order
from tests.connectors.netsuite.soap.parts import Desk, drained, ids, reading
from tests.connectors.netsuite.soap.schema import WSDL
from tests.connectors.netsuite.soap.vendor import Asked, Said, Sheet, Vendor, found

ROWS, PAGE = 1000, 200
MOST_SECONDS = 2.5
MOST_GROWTH = 40 * 1024 * 1024

GROWTH = """
import resource, sys
from pathlib import Path

def used():
    # Linux lets a child begin with its parent's peak, so there it is the present size
    here = Path("/proc/self/statm")
    if here.exists():
        return int(here.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

import connectors.netsuite.client
before = used()
from connectors.netsuite.soap import by_soap
from connectors.soap import definition
definition(Path(sys.argv[1]))
print(used() - before)
"""


def test_the_library_and_the_wsdl_take_forty_megabytes_of_a_worker_at_most() -> None:
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, str(WSDL)], check=True, capture_output=True, text=True, timeout=60
    )
    assert 0 < int(done.stdout) <= MOST_GROWTH


def test_a_thousand_orders_of_five_lines_are_read_in_time(vendor: Vendor, desk: Desk) -> None:
    lines = [line()] * 5
    bodies = [
        "".join(order(number, cells(lines=lines)) for number in range(page * PAGE, (page + 1) * PAGE))
        for page in range(ROWS // PAGE)
    ]

    def script(asked: Asked) -> Said:
        index = int((asked.text("pageIndex") or ["1"])[0])
        more = asked.operation == "searchMoreWithId"
        return found([bodies[index - 1]], Sheet(ROWS, len(bodies), index), more=more)

    vendor.checks = False
    vendor.on("search", script)
    vendor.on("searchMoreWithId", script)
    # units are not searched here, whose time is not measured
    kinds = {"salesOrder": {"fields": ["total", "item.item", "item.rate", "item.amount"], "reading": "soap"}}
    source = reading(vendor, desk, kinds=kinds)
    source.pull("salesOrder", None)
    begun = time.perf_counter()
    pages = drained(source, "salesOrder")
    took = time.perf_counter() - begun
    assert len(set(ids(pages))) == ROWS
    assert took <= MOST_SECONDS
