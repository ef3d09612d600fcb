"""People of a company ask the robot why it told them: in chats of their own and in a group, by Stream and by HTTP."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
import requests

from tests.processes.installation import Installation, installation, until
from tests.processes.sender import event, signature
from worker.ledger.tables import AnswerState, NoticeState, SignalState, answer, signal

SALES = "cid-sales-hk"
LANGUAGES = {"u-amy": "zh_Hant_HK", "u-ben": "zh_Hans_CN", "u-chen": "en", "u-dora": "id"}
APPLICATION = "{client_id: CLIENT, client_secret: file:app.secret, site: SITE}"
BRIDGE = """
version: 1
classes: [finance]
applications:
  desk:
    connector: dingtalk
    locale: zh_Hant_HK
    settings: {application: APPLICATION, callbacks: {robot: ROBOT}}
sources:
  shop:
    connector: generic
    settings:
      kind: order
      id: id
      number: number
      time: at
      version: rev
      signature: {keys: [env:SHOP_KEY], prefix: "sha256="}
    kinds:
      order:
        fields:
          buyer: {path: buyer, type: text}
          margin: {path: margin, type: number, class: finance}
destinations:
  sales:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: group, conversation: cid-sales-hk, application: APPLICATION}
"""
PERSON = """  NAME:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: LOCALE
    settings: {kind: person, users: [NAME], application: APPLICATION}
"""
ROUTES = """
routes:
  group: {from: shop.order, equals: {buyer: Sales}, to: sales, title: Sales order, fields: [buyer, margin]}
  people:
    from: shop.order
    equals: {buyer: Everybody}
    when: is_new && low
    thresholds: {low: {margin: {at_most: 5}}}
    to: [u-amy, u-ben, u-chen, u-dora]
    title: Everybody's order
    fields: [buyer]
    merge: never
  amy: {from: shop.order, equals: {buyer: Amy}, to: u-amy, title: Amy's order, fields: [buyer]}
"""
NUMBERS = count(1)


def bridge(*, by_http: bool) -> str:
    people = "".join(PERSON.replace("NAME", name).replace("LOCALE", code) for name, code in LANGUAGES.items())
    text = BRIDGE + people + ROUTES
    return text.replace("ROBOT", str(by_http).lower()).replace("APPLICATION", APPLICATION)


@dataclass(frozen=True)
class Company:
    parts: Installation
    app: str

    def ask(self, method: str, path: str, **given: Any) -> Any:
        return self.parts.sink.ask(method, path, **given)

    def push(self, buyer: str, margin: str = "3") -> str:
        """Let an order happen and be told; returns its number."""
        number = f"SO-{1041 + next(NUMBERS)}"
        body = event("order", number, 1, buyer=buyer, margin=margin)
        url = f"http://127.0.0.1:{self.parts.port}/hooks/shop"
        assert requests.post(url, body, headers={"X-Signature": signature(body)}, timeout=10).status_code == 200
        wanted = {"Everybody": 4, "Nobody": 0}.get(buyer, 1)
        until(lambda: self.parts.books.numbers(NoticeState.SHOWN)[number] == wanted, f"{number} is told", 30)
        self.parts.await_settled(10)
        return number

    def say(self, user: str, text: str, group: str = "") -> None:
        place = {"group": group} if group else {}
        self.ask("POST", "say", json={"user": user, "text": text, "app": self.app, **place})

    def shown(self, place: str) -> list[dict[str, Any]]:
        """What the robot wrote in a group, or in its chat with a person."""
        found = place if place.startswith("cid-") else f"single:{self.app}:{place}"
        return [row for row in self.parts.sink.messages() if row["group"] == found and row["kind"] == "message"]

    def answer(self, user: str, text: str, group: str = "") -> str:
        """Say something to the robot; returns what it wrote in reply, once."""
        place = group or user
        before = len(self.shown(place))
        self.say(user, text, group)
        until(lambda: len(self.shown(place)) > before, f"{text} is answered", 20)
        self.await_answered()
        (given,) = self.shown(place)[before:]
        return str(given["text"])

    def await_answered(self) -> None:
        waiting = answer.select().where(answer.c.state < AnswerState.DELIVERED)
        unread = signal.select().where(signal.c.state == SignalState.NEW)
        rows = self.parts.books.rows
        until(lambda: not rows(waiting) and not rows(unread), "all is answered", 30)

    def answers(self) -> list[tuple[AnswerState, str]]:
        rows = self.parts.books.rows(answer.select().order_by(answer.c.id))
        return [(AnswerState(row.state), row.outcome) for row in rows]


@pytest.fixture(scope="module", params=["stream", "http"])
def company(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("answers")
    text = bridge(by_http=request.param == "http")
    with installation(folder, text, DINGBRIDGE_TICK_S="0.2") as parts:
        app = parts.sink.ask("GET", "")["apps"][0]
        text = text.replace("CLIENT", app["client_id"]).replace("SITE", parts.sink.base)
        (folder / "bridge.yaml").write_text(text)
        (folder / "app.secret").write_text(app["client_secret"])
        (folder / "app.secret").chmod(0o600)
        parts.start()
        if request.param == "http":
            address = f"http://127.0.0.1:{parts.port}/hooks/desk"
            parts.sink.ask("PATCH", f"apps/{app['client_id']}", json={"mode": "http", "robot_url": address})
        else:
            until(lambda: bool(parts.sink.ask("GET", "stream")["connections"]), "the relay listens", 30)
        yield Company(parts, app["client_id"])


def test_look(company: Company) -> None:
    a = company.push("Everybody")
    b = company.push("Sales")
    c = company.push("Amy")
    for who in LANGUAGES:
        print(who, company.answer(who, f"/why {a}"))
    print(company.answer("u-ben", f"@Bridge /why {b}", SALES))
    print(company.answer("u-ben", f"/why {b}"))
    print(company.answer("u-ben", "/why SO-9999"))
    print(company.answer("u-ben", "/why"))
    print(company.answer("u-amy", "/why"))
    print(company.answer("u-amy", "/help"))
    print(company.answer("u-amy", "/why", SALES))
    print(company.answers())
    assert 0
