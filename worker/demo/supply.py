"""What the company buys and sells in NetSuite: lines in units of their own, a decision that is waited for, a margin."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from worker.demo.erps import MARGIN, NetSuite
from worker.demo.report import Report
from worker.demo.telling import ZONE
from worker.ledger.decisions import Subject

MEI, IVO = "Mei Teasel", "Ivo Larch"
LINES = ("Total", "Items 1", "Items 2")


@dataclass
class Supply:
    """What happens in NetSuite. Each method is a story, in the order in which they are told."""

    erp: NetSuite
    report: Report
    orders: dict[str, str] = field(default_factory=dict)

    def asked(self) -> None:
        """A purchase order that waits for approval, each line in the unit of that line."""
        self.report.voice.happens(
            "Mei orders from Alloy Yard in NetSuite: PO-1044 over 100 Box of TS-20 and 100 Each of GW-4; Ivo has to approve"
        )
        values = {
            "tranId": "PO-1044",
            "entity": self.erp.named("vendor", "Alloy Yard"),
            "nextApprover": self.erp.named("employee", IVO),
        }
        lines = [self._line("TS-20", "Box", 100, "95.00"), self._line("GW-4", "Each", 100, "310.00")]
        self._create("purchaseOrder", values, lines)
        self.report.quote(self.report.follow(self._subject("purchaseOrder", "PO-1044")), LINES)

    def approved(self) -> None:
        """The decision."""
        subject = self._subject("purchaseOrder", "PO-1044")
        seen = self.report.watch.seen(subject)
        self.report.voice.happens("Ivo approves PO-1044")
        self.erp.change(IVO, "purchaseOrder", self.orders["PO-1044"], {"approvalStatus": "2"})
        self.report.quote(self.report.follow(subject, seen), ("Approval",))

    def sold(self) -> None:
        """An order whose margin not everybody may see."""
        self.report.voice.happens("Mei sells 40 Box of TS-20 to Lotus Foods: SO-2044, with a margin of 31.5 %")
        customer = self.erp.named("customer", "Lotus Foods")
        values = {"tranId": "SO-2044", "entity": customer, "approvalStatus": "2", MARGIN: "31.5"}
        self._create("salesOrder", values, [self._line("TS-20", "Box", 40, "950.00")])
        self.report.quote(self.report.follow(self._subject("salesOrder", "SO-2044")), (*LINES, "Margin %"))

    def shipped(self) -> None:
        """The goods leave, and the order's status says so."""
        subject = self._subject("salesOrder", "SO-2044")
        seen = self.report.watch.seen(subject)
        self.report.voice.happens("The warehouse ships all of SO-2044")
        self.erp.ship(self.orders["SO-2044"])
        self.report.quote(self.report.follow(subject, seen), ("Status",))

    def _create(self, record: str, values: dict[str, str], lines: list[dict[str, str]]) -> None:
        values = {"tranDate": f"{datetime.now(ZONE):%Y-%m-%d}", **values}
        self.orders[values["tranId"]] = self.erp.create(MEI, record, values, lines)

    def _line(self, item: str, unit: str, quantity: int, rate: str) -> dict[str, str]:
        return {
            "item": self.erp.named("inventoryItem", item),
            "units": self.erp.unit(unit),
            "quantity": f"{quantity}",
            "rate": rate,
            "location": self.erp.named("location", "Kwai Chung"),
        }

    def _subject(self, kind: str, number: str) -> Subject:
        return ("netsuite", kind, self.orders[number])
