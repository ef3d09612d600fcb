"""Orders and stock in Dynamics: a call that only names what changed, a threshold that is crossed once, deltas."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from worker.demo.erps import BusinessCentral, Dataverse
from worker.demo.report import Report
from worker.demo.telling import ZONE
from worker.ledger.decisions import Subject

TESSA, WILMOT = "tessa@harbour.example", "wilmot@harbour.example"
CRATE, CRATE_NUMBER = "Cold crate", "1000"


@dataclass
class Orders:
    """What happens in Business Central and in Dataverse. Each method is a story, in the order in which they are told."""

    central: BusinessCentral
    dataverse: Dataverse
    report: Report
    ids: dict[str, str] = field(default_factory=dict)

    def subscribed(self) -> None:
        """The bridge asks Business Central to be called."""
        self.report.voice.happens("The bridge subscribes to the sales orders of Business Central")
        called = self.report.watch.patience.until("the subscription", lambda: self.central.called() or None)
        self.report.voice.follows(f"Business Central will call {', '.join(called)}")

    def entered(self) -> None:
        """An order that a call names; its state is read."""
        self.report.voice.happens("Tessa enters S-ORD101044 in Business Central (Harbour Logistics, HKD 69,120.00)")
        self.ids["S-ORD101044"] = self.central.enter(
            {
                "number": "S-ORD101044",
                "customerNumber": "C01001",
                "orderDate": _day(),
                "requestedDeliveryDate": _day(9),
                "salesperson": "TESSA",
                "status": "Open",
                "totalAmountExcludingTax": "69120.00",
                "totalAmountIncludingTax": "69120.00",
            }
        )
        happened = self.report.follow(self._ordered("S-ORD101044"))
        self.report.brought(happened, "Business Central")

    def shipped(self) -> None:
        """The order leaves."""
        subject = self._ordered("S-ORD101044")
        seen = self.report.watch.seen(subject)
        self.report.voice.happens("S-ORD101044 is shipped as well")
        self.central.change("salesOrders", self.ids["S-ORD101044"], {"fullyShipped": True})
        happened = self.report.follow(subject, seen)
        self.report.quote(happened, ("Fully Shipped",))
        self.report.brought(happened, "Business Central")

    def stock_falls(self) -> None:
        """Stock has no stamp of change: the whole of it is read and compared, and one message tells the crossing."""
        self._stocked(
            "Business Central counts 96 cold crates of 640; Purchasing wants to know when they are fewer than 100", 96
        )

    def stock_falls_further(self) -> None:
        """What is low already is not told again."""
        self._stocked("Six more crates are taken: 90 are left", 90)
        told = self.report.watch.facts(CRATE_NUMBER)
        self.report.voice.follows(f"below 100 before as well (low && !was.low); facts in the chat {told}")

    def promised(self) -> None:
        """An order that change tracking brings."""
        self.report.voice.happens("Tessa enters ORD-1051 in Dynamics 365 Sales (Lotus tea stands, HKD 57,600.00)")
        customer = self.dataverse.customer("Lotus Foods")
        self.ids["ORD-1051"] = self.dataverse.create(
            TESSA,
            {
                "ordernumber": "ORD-1051",
                "name": "Lotus tea stands",
                "customerid_account@odata.bind": f"/accounts({customer})",
                "totalamount": "57600.00",
                "requestdeliveryby": _day(12),
            },
        )
        self.report.follow(self._sold("ORD-1051"))

    def submitted(self) -> None:
        """A status, told by its label."""
        subject = self._sold("ORD-1051")
        seen = self.report.watch.seen(subject)
        self.report.voice.happens("Wilmot submits ORD-1051")
        self.dataverse.change(WILMOT, self.ids["ORD-1051"], {"statecode": 1, "statuscode": 3})
        self.report.quote(self.report.follow(subject, seen), ("Status Reason",))

    def raised(self, amount: Decimal) -> None:
        """One of the small changes of a day that goes on."""
        subject = self._sold("ORD-1051")
        seen = self.report.watch.seen(subject)
        self.report.voice.happens(f"Tessa raises ORD-1051 to HKD {amount:,}")
        self.dataverse.change(TESSA, self.ids["ORD-1051"], {"totalamount": f"{amount}"})
        self.report.follow(subject, seen)

    def _stocked(self, sentence: str, left: int) -> None:
        item = self.central.items()[CRATE]
        subject = ("business-central", "stock", item)
        seen = self.report.watch.seen(subject)
        self.report.voice.happens(sentence)
        self.central.change("items", item, {"inventory": left})
        self.report.quote(self.report.follow(subject, seen), ("Inventory",))

    def _ordered(self, number: str) -> Subject:
        return ("business-central", "salesOrders", self.ids[number])

    def _sold(self, number: str) -> Subject:
        return ("dataverse", "salesorder", self.ids[number])


def _day(ahead: int = 0) -> str:
    return f"{datetime.now(ZONE) + timedelta(days=ahead):%Y-%m-%d}"
