"""The deals that partners sell, in Zoho CRM: labels for what is stored, rows that come again, rows that come late."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from worker.demo.outside import ZohoCrm
from worker.demo.report import Report
from worker.demo.telling import ZONE
from worker.ledger.decisions import Subject
from worker.ledger.history import Happening

ABEL, WILMOT = "abel@harbour.example", "wilmot@harbour.example"
SHOWN = ("Amount", "Stage")
AGAIN = 2
"""How many times more a row must have come before the demo speaks of it."""

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass
class Partners:
    """What happens in Zoho CRM. Each method is a story, in the order in which they are told."""

    crm: ZohoCrm
    report: Report
    deals: dict[str, str] = field(default_factory=dict)
    told_at: datetime = NEVER
    """When the last change of ZD-301 had been read and told."""
    upload: str = ""
    """The transaction that is not yet committed."""
    uploaded_at: datetime = NEVER
    """When its row was written."""

    def subscribed(self) -> None:
        """The bridge asks to be called."""
        self.report.voice.happens(
            "The bridge asks Zoho CRM to be called when a deal changes; it goes on polling as well"
        )
        called = self.report.watch.patience.until("Zoho CRM's channel", lambda: self.crm.called() or None)
        self.report.voice.follows(f"Zoho CRM will call {', '.join(called)}")

    def entered(self) -> None:
        """A new deal, whose stage people know by another name than the one that is stored."""
        self.report.voice.happens(
            "Abel enters ZD-301 in Zoho CRM (Kite night market, USD 48,000.00, stage stored as 'Qualification')"
        )
        values = self._values("ZD-301", "Kite night market", "Kite & Lantern Retail", "48000.00")
        self.deals["ZD-301"] = self.crm.create(ABEL, values)
        self._read(self.report.follow(self._deal("ZD-301")))

    def upload_begins(self) -> None:
        """A row that is stamped and not yet seen."""
        self.report.voice.happens("Abel uploads ZD-302 to Zoho CRM (Lotus tea stands); the upload is slow to commit")
        self.upload = self.crm.begin()
        values = self._values("ZD-302", "Lotus tea stands", "Lotus Foods", "17500.00")
        self.deals["ZD-302"] = self.crm.create(ABEL, values, self.upload)
        self.uploaded_at = datetime.now(UTC)
        self.report.voice.follows("its row has its stamp already, and nobody can see it")

    def moved(self) -> None:
        """A deal that is moved to another stage."""
        self.report.voice.happens("Wilmot moves ZD-301 on, for USD 52,400.50")
        deal = self._deal("ZD-301")
        seen = self.report.watch.seen(deal)
        self.crm.change(WILMOT, self.deals["ZD-301"], {"Stage": "Proposal/Price Quote", "Amount": "52400.50"})
        self._read(self.report.follow(deal, seen))
        self.told_at = datetime.now(UTC)

    def read_again(self) -> None:
        """What is read over and over is told once."""
        self.report.voice.happens("Zoho CRM is asked again and again, each time for five minutes that were read before")
        changed = self.crm.deals()[self.deals["ZD-301"]]

        def look() -> int | None:
            again = sum(begins <= changed for begins in self.crm.readings(self.told_at))
            return again if again >= AGAIN else None

        again = self.report.watch.patience.until("Zoho CRM to be read again", look)
        states, facts = self.report.watch.seen(self._deal("ZD-301")), self.report.watch.facts("ZD-301")
        self.report.voice.follows(
            f"ZD-301 came {again} more times, unchanged; states in the ledger {states}, facts in the chat {facts}"
        )

    def upload_ends(self) -> None:
        """A row that is seen long after its stamp was read past is told all the same."""
        between = len(self.crm.readings(self.uploaded_at))
        self.report.voice.happens(
            "The upload commits: Zoho CRM shows ZD-302, with its old stamp; its call to us is lost"
        )
        self.crm.lose_next_call()
        self.crm.commit(self.upload)
        self.report.brought(self.report.follow(self._deal("ZD-302")), "Zoho CRM")
        stamp = self.crm.deals()[self.deals["ZD-302"]]
        self.report.voice.follows(
            f"stamped {stamp.astimezone(ZONE):%H:%M:%S}; asked {between} times in between, Zoho CRM did not have it"
        )

    def raised(self, amount: Decimal) -> None:
        """One of the small changes of a day that goes on."""
        self.report.voice.happens(f"Abel raises ZD-301 to USD {amount:,}")
        deal = self._deal("ZD-301")
        seen = self.report.watch.seen(deal)
        self.crm.change(ABEL, self.deals["ZD-301"], {"Amount": f"{amount}"})
        self.report.follow(deal, seen)

    def _read(self, happened: Happening) -> None:
        self.report.quote(happened, SHOWN)
        self.report.brought(happened, "Zoho CRM")

    def _values(self, number: str, name: str, customer: str, amount: str) -> dict[str, Any]:
        return {
            "Deal_Number": number,
            "Deal_Name": name,
            "Account_Name": self.crm.customer(customer),
            "Stage": "Qualification",
            "Amount": amount,
            "Currency": "USD",
            "Exchange_Rate": "7.8",
            "Closing_Date": (datetime.now(UTC) + timedelta(days=30)).date().isoformat(),
        }

    def _deal(self, number: str) -> Subject:
        return ("partners", "Deals", self.deals[number])
