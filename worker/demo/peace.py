"""When people are left in peace: orders of the night that wait for the morning, and a count that comes as one message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from worker.demo.erps import BusinessCentral
from worker.demo.opening import ITEMS
from worker.demo.outside import Shop, event, worth
from worker.demo.promises import NIGHT
from worker.demo.report import Report
from worker.ledger.decisions import Subject

COUNTED = 480
"""So many tins of the first item are counted; of each further item one less."""

BASELINE = 1
"""So many states of an item are known before it is counted."""


@dataclass(frozen=True, slots=True)
class Peace:
    """What Export and the Warehouse are not disturbed with. Each method is a story, in the order in which they are told."""

    shop: Shop
    central: BusinessCentral
    report: Report
    morning: datetime

    def night(self) -> None:
        """Orders in quiet hours wait, also when one of them changes."""
        self.report.voice.happens(
            f"In Export's quiet hours, until {self.morning:%H:%M}, the shop sells {', '.join(NIGHT)} to Europe"
        )
        first = next(iter(NIGHT))
        for number in NIGHT:
            self._push(number, "paid")
        self._push(first, NIGHT[first])
        states = {_order(number): 1 + (number == first) for number in NIGHT}
        waiting = sum(self.report.watch.waits(order, count) for order, count in states.items())
        self.report.voice.follows(
            f"{waiting} orders wait for the morning ({first} is {NIGHT[first]} by now): nobody is told"
        )

    def count_begins(self) -> None:
        """The first is told at once."""
        items = self.central.items()
        first, *others = ITEMS
        self.report.voice.happens(
            f"The warehouse counts {first}; right after that a burst of {len(others)} more items. Warehouse wants one "
            "message in 8 s at most (an hour is usual)"
        )
        subject = _item(items[first])
        seen = self.report.watch.seen(subject)
        self.central.change("items", items[first], {"inventory": COUNTED})
        self.report.follow(subject, seen)
        for place, name in enumerate(others, 1):
            self.central.change("items", items[name], {"inventory": COUNTED - place})

    def count_ends(self) -> None:
        """What was more than Warehouse wants to hear in a while shares one message."""
        self.report.voice.happens("8 s are over, and Warehouse is told of what was counted meanwhile")
        items = self.central.items()
        counted = [self.report.watch.outcome(_item(items[name]), BASELINE) for name in ITEMS[1:]]
        self.report.together([telling for one in counted for telling in one.tellings])

    def morning_comes(self) -> None:
        """What waited comes as one, each order as it is now."""
        self.report.voice.happens(f"{self.morning:%H:%M} comes, and the quiet hours of Export end")
        tellings = [telling for number in NIGHT for telling in self.report.watch.newest(_order(number)).tellings]
        self.report.together(tellings)

    def _push(self, number: str, status: str) -> None:
        order = event("order", number, customer="Granite Works", market="EU", status=status, **worth("3120.00", 8))
        self.shop.push(order)


def _order(number: str) -> Subject:
    return ("shop", "order", number)


def _item(item: str) -> Subject:
    return ("business-central", "stock", item)
