"""The day: what people and shop do, each followed by what the ledger and the chat say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from worker.demo.opening import DIRECTOR, LIMIT, Opened
from worker.demo.orders import Orders
from worker.demo.outside import event, worth
from worker.demo.partners import Partners
from worker.demo.patience import Patience
from worker.demo.peace import Peace
from worker.demo.promises import STATUS
from worker.demo.report import Report
from worker.demo.seller import Seller
from worker.demo.supply import Supply
from worker.demo.telling import Voice
from worker.demo.watch import Watch
from worker.ledger.decisions import Subject
from worker.ledger.history import Happening

TESSA, WILMOT = "tessa@harbour.example", "wilmot@harbour.example"
EVERY_S = 6.0
READING_S = 1.5
"""How long a person who watches has for each story."""

BURST = tuple(f"SO-{number}" for number in range(1044, 1051))


@dataclass
class Day:
    """One day of the company. Each method is a story; `play` is their order."""

    opened: Opened
    voice: Voice
    patience: Patience
    deals: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.watch = Watch(self.opened.ledger, self.opened.chat, self.patience)
        self.report = Report(self.watch, self.voice)
        self.partners = Partners(self.opened.partners, self.report)
        self.supply = Supply(self.opened.netsuite, self.report)
        self.orders = Orders(self.opened.central, self.opened.dataverse, self.report)
        self.peace = Peace(self.opened.shop, self.opened.central, self.report, self.opened.morning)
        self.seller = Seller(self.opened.shop, self.report)

    def play(self, *, slowly: bool) -> None:
        """Play the stories of the day, `slowly` with time to read."""
        for story in (
            self.peace.night,
            self.baseline,
            self.people_read,
            self.partners.subscribed,
            self.orders.subscribed,
            self.created,
            self.edited,
            self.filtered,
            self.unmapped_field,
            self.won_below_the_threshold,
            self.won_above_the_threshold,
            self.on_trial,
            self.partners.entered,
            self.partners.upload_begins,
            self.supply.asked,
            self.orders.entered,
            self.supply.sold,
            self.orders.promised,
            self.supply.approved,
            self.supply.shipped,
            self.orders.shipped,
            self.orders.stock_falls,
            self.orders.submitted,
            self.orders.stock_falls_further,
            self.order_sent_twice,
            self.forged_order,
            self.order_without_currency,
            self.unmapped_kind,
            self.seller.asked,
            self.peace.count_begins,
            self.partners.moved,
            self.throttled_while_orders_burst,
            self.peace.count_ends,
            self.seller.answered_by_nobody,
            self.partners.read_again,
            self.partners.upload_ends,
            self.shipped_and_refused_inside_http_200,
            self.peace.morning_comes,
        ):
            story()
            self.patience.pause(READING_S if slowly else 0.0)

    def baseline(self) -> None:
        """What is there at first is told to nobody."""
        self.deals |= self.opened.crm.deals()
        theirs = len(self.opened.partners.deals())
        orders = [len(erp.orders()) for erp in (self.opened.netsuite, self.opened.central, self.opened.dataverse)]
        items = len(self.opened.central.items())
        self.voice.happens(
            f"All is read for the first time: {len(self.deals)} opportunities in Salesforce, {theirs} deals in Zoho CRM, "
            f"orders in NetSuite ({orders[0]}), Business Central ({orders[1]}) and Dataverse ({orders[2]}), stock ({items})"
        )
        counted = self.watch.arrived(self.opened.shop.taken + len(self.deals) + theirs + sum(orders) + items)
        silent = counted.suppressed.get("baseline", 0)
        shown = len(self.opened.chat.messages())
        self.voice.follows(
            f"{silent} of them known from now on and told to nobody (baseline); messages so far: {shown}"
        )

    def people_read(self) -> None:
        """Who may see what is known from DingTalk."""
        self.voice.happens("The bridge reads at DingTalk who works here, in which roles, and who is whose manager")
        chat = self.opened.chat
        self.voice.follows(f"{self.watch.people('office')} people; as one of them sees it: {chat.page}?as={DIRECTOR}")

    def created(self) -> None:
        """A new opportunity."""
        self._create(
            "Tessa creates OPP-1047 (Lotus bottling hall, HKD 1,250,000.00)",
            {
                "Deal_Number__c": "OPP-1047",
                "Name": "Lotus bottling hall",
                "AccountId": self.opened.crm.customer("Lotus Foods"),
                "StageName": "Prospecting",
                "Amount": "1250000.00",
            },
        )

    def edited(self) -> None:
        """An amount changes."""
        self._change(
            "Tessa lowers OPP-1041 (Harbour cold chain) so that it ends one cent short of a million",
            TESSA,
            "OPP-1041",
            {"Amount": "999999.99"},
        )

    def filtered(self) -> None:
        """A mapped field that no route asks for."""
        self._change("Tessa notes the next step of OPP-1042", TESSA, "OPP-1042", {"NextStep": "Send the contract"})

    def unmapped_field(self) -> None:
        """A field that is not mapped."""
        self._change(
            "Tessa edits the description of OPP-1043", TESSA, "OPP-1043", {"Description": "Two shops, later 5"}
        )

    def won_below_the_threshold(self) -> None:
        """Won, one cent below what the management asks for."""
        won = self._change(
            "Tessa wins OPP-1041 (HKD 999,999.99; Management asks for HKD 1,000,000 or more)",
            TESSA,
            "OPP-1041",
            {"StageName": "Closed Won"},
        )
        self._verdict(won, "big-deal-won", "Management")

    def won_above_the_threshold(self) -> None:
        """Won, above it: who may see the discount reads it, in a group of such people or one to one."""
        self._change(
            "Tessa wins OPP-1042 (Lotus packaging line, HKD 1,250,000.50, discount 7.5 %: of the sales group only Amy, the "
            "sales director, may see it)",
            TESSA,
            "OPP-1042",
            {"StageName": "Closed Won"},
        )

    def on_trial(self) -> None:
        """A shadow route."""
        self._change("Wilmot gives OPP-1047 a discount", WILMOT, "OPP-1047", {"Discount__c": "5"})

    def order_sent_twice(self) -> None:
        """A signed push, delivered twice."""
        self.voice.happens("The shop sends order SO-1042, and as it got no answer in time, the same once more")
        order = event("order", "SO-1042", customer="Kite & Lantern Retail", status="paid", **worth("8640.00", 24))
        status = self.opened.shop.push(order, times=2)
        self.report.follow(_order("SO-1042"))
        seen, shown = self.watch.seen(_order("SO-1042")), self.watch.facts("SO-1042")
        self.voice.follows(
            f"pushes 2 (the last answered with HTTP {status}), events in the ledger {seen}, facts in the chat {shown}"
        )

    def forged_order(self) -> None:
        """A push with a wrong signature."""
        self.voice.happens("Somebody else sends an order, with a signature of their own")
        status = self.opened.shop.push(event("order", "SO-6666", status="paid", **worth("1.00", 1)), key="guessed" * 3)
        refused = self.watch.refused("bad_signature", 1)
        self.voice.follows(f"answered with HTTP {status}; counted as bad_signature: {refused}; nothing else is kept")

    def order_without_currency(self) -> None:
        """An amount that nobody may guess the currency of."""
        self.voice.happens("The shop sends order SO-1043 with a total of 1,280.50 and no currency")
        total = {**worth("1280.50", 3), "currency": None}
        self.opened.shop.push(event("order", "SO-1043", customer="Lotus Foods", status="paid", **total))
        self.report.follow(_order("SO-1043"))

    def unmapped_kind(self) -> None:
        """A kind that the bridge file does not know."""
        self.voice.happens("The shop sends a stock level, of which the bridge file says nothing")
        self.opened.shop.push(event("stock", "SKU-77", level=12))
        self.report.follow(("shop", "stock", "SKU-77"))

    def throttled_while_orders_burst(self) -> None:
        """One source is throttled, while another brings more than a robot may send."""
        crm = self.opened.crm
        self.voice.happens("Salesforce refuses one call: too many at once")
        crm.refuse_next_call()
        self.voice.follows(f"the CRM waits, the shop does not: {self.watch.failure('crm')}")
        deal = self._deal("OPP-1045")
        seen = self.watch.seen(deal)
        self.voice.happens("Wilmot moves OPP-1045 (Harbour fleet tracking) to Qualification meanwhile")
        crm.change(WILMOT, self.deals["OPP-1045"], {"StageName": "Qualification"})
        self._burst()
        happened = self.watch.outcome(deal, seen)
        self.voice.happens(f"Salesforce answers again; calls that it refused: {crm.refused_calls()}")
        self.report.say(happened)

    def _burst(self) -> None:
        allowed = f"{LIMIT['count']:g} messages in {LIMIT['window']:g} s"
        self.voice.happens(f"The shop sells {len(BURST)} orders at once; this robot may send {allowed}")
        self.voice.follows("(so small here that you can watch it: DingTalk allows a robot 20 a minute)")
        for place, number in enumerate(BURST):
            total = worth(f"{1200 + 75 * place}.80", 2 + place)
            self.opened.shop.push(event("order", number, customer="Granite Works", status="paid", **total))
        happened = [self.watch.outcome(_order(number)) for number in BURST]
        self.report.together([telling for one in happened for telling in one.tellings])

    def shipped_and_refused_inside_http_200(self) -> None:
        """A change that shows what it was before; DingTalk answers HTTP 200 and has not taken the message."""
        subject = _order("SO-1042")
        seen = self.watch.seen(subject)
        self.opened.chat.refuse_next("robot-operations", -1)
        self.voice.happens("The shop ships SO-1042; DingTalk is busy and refuses the message inside HTTP 200")
        total = worth("8640.00", 24)
        self.opened.shop.push(event("order", "SO-1042", customer="Kite & Lantern Retail", status="shipped", **total))
        shipped = self.report.follow(subject, seen)
        self.report.quote(shipped, (STATUS,))
        for sending in (sending for telling in shipped.tellings for sending in telling.messages):
            tries = ", then ".join(f"{one.reason} {one.detail.partition(' ')[0]}".strip() for one in sending.tries)
            carried = self.opened.chat.requests_with(sending.key)
            shown = sum(message.key == sending.key for message in self.opened.chat.messages())
            self.voice.follows(f"attempts: {tries}")
            self.voice.follows(f"requests with msgUuid {sending.key[:8]}…: {carried}, shown: {shown}")

    def live(self) -> None:
        """Go on with small changes until somebody ends the demo."""
        amount = Decimal("1250000.00")
        for turn in count():
            self.patience.pause(EVERY_S)
            if turn % 4 == 1:
                self.partners.raised(Decimal("52400.50") + 500 * turn)
            elif turn % 4 == 2:
                self.orders.raised(Decimal("57600.00") + 240 * turn)
            elif turn % 4 == 3:
                amount += Decimal("2500.50")
                self._change(f"Tessa raises OPP-1047 to HKD {amount:,}", TESSA, "OPP-1047", {"Amount": f"{amount}"})
            else:
                number = f"SO-{1051 + turn // 4}"
                self.voice.happens(f"The shop sells order {number}")
                total = worth(f"{960 + turn}.40", 2)
                self.opened.shop.push(event("order", number, customer="Harbour Trading", status="paid", **total))
                self.report.follow(_order(number))

    def _create(self, sentence: str, values: Mapping[str, Any]) -> Happening:
        self.voice.happens(sentence)
        closes = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
        number = values["Deal_Number__c"]
        self.deals[number] = self.opened.crm.create(TESSA, {"CloseDate": closes, "CurrencyIsoCode": "HKD", **values})
        return self.report.follow(self._deal(number))

    def _change(self, sentence: str, user: str, number: str, values: Mapping[str, Any]) -> Happening:
        seen = self.watch.seen(self._deal(number))
        self.voice.happens(sentence)
        self.opened.crm.change(user, self.deals[number], values)
        return self.report.follow(self._deal(number), seen)

    def _verdict(self, happened: Happening, route: str, name: str) -> None:
        verdicts = happened.ruling.verdicts if happened.ruling else ()
        for verdict in (verdict for verdict in verdicts if verdict.route == route):
            self.voice.follows(f"{name}: {verdict.reason} by route {route}, {verdict.detail}")

    def _deal(self, number: str) -> Subject:
        return ("crm", "Opportunity", self.deals[number])


def _order(number: str) -> Subject:
    return ("shop", "order", number)
