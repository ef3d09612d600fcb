"""An order that somebody has to confirm: who is asked, and who is told when nobody acts."""

from __future__ import annotations

from dataclasses import dataclass

from worker.demo.opening import SELLER_ADDRESS
from worker.demo.outside import Shop, event, worth
from worker.demo.promises import UNCONFIRMED
from worker.demo.report import Report
from worker.ledger.decisions import Subject

ORDER: Subject = ("shop", "order", UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class Seller:
    """Ben, who has to confirm an order. Each method is a story, in the order in which they are told."""

    shop: Shop
    report: Report

    def asked(self) -> None:
        """The shop names its seller by an address; DingTalk knows whose it is."""
        self.report.voice.happens(
            f"The shop takes order {UNCONFIRMED}, which its seller {SELLER_ADDRESS} has to confirm"
        )
        total = worth("96000.00", 240)
        order = event("order", UNCONFIRMED, customer="Lotus Foods", seller=SELLER_ADDRESS, status="to confirm", **total)
        self.shop.push(order)
        self.report.follow(ORDER)

    def answered_by_nobody(self) -> None:
        """Whoever is the seller's manager at DingTalk is told."""
        self.report.voice.happens("Nobody confirms it in 4 s (hours are usual): the seller's manager is told")
        for telling in self.report.watch.newest(ORDER, tellings=2).tellings[1:]:
            self.report.voice.follows(self.report.watch.told(telling))
