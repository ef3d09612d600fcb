"""People of a company ask the robot why it told them: in chats of their own and in a group, by Stream and by HTTP."""

from __future__ import annotations

import json
import random
import re
import signal as signal_module
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
import requests

from tests.processes.application import sign_in
from tests.processes.installation import Installation, installation, until
from tests.processes.process import Process, run
from tests.processes.sender import event, signature
from worker.ledger.tables import AnswerState, NoticeState, SignalState, answer, signal

SALES = "cid-sales-hk"
SINGLE = "/v1.0/robot/oToMessages/batchSend"
KILLS = 3
pytestmark = pytest.mark.timeout(180)
LANGUAGES = {"u-amy": "zh_Hant_HK", "u-ben": "zh_Hans_CN", "u-chen": "en", "u-dora": "id"}
BRIDGE = """
version: 1
classes: [finance]
applications:
  desk:
    connector: dingtalk
    locale: zh_Hant_HK
    answers_a_minute: 25
    longest_mute: 3h
    settings: {application: APPLICATION, callbacks: {robot: ROBOT}}
sources:
  SHOP:
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
    return text.replace("ROBOT", str(by_http).lower())


@dataclass(frozen=True)
class Company:
    parts: Installation
    app: str

    def ask(self, method: str, path: str, **given: Any) -> Any:
        return self.parts.sink.ask(method, path, **given)

    def push(self, buyer: str, margin: str = "3", muted: int = 0) -> str:
        """Let an order happen and be told, not to those who muted it; returns its number."""
        number = f"SO-{1041 + next(NUMBERS)}"
        body = event("order", number, 1, buyer=buyer, margin=margin)
        url = f"http://127.0.0.1:{self.parts.port}/hooks/shop"
        assert requests.post(url, body, headers={"X-Signature": signature(body)}, timeout=10).status_code == 200
        wanted = {"Everybody": 4, "Nobody": 0}.get(buyer, 1) - muted
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
        until(lambda: not rows(waiting) and not rows(unread), "all is answered", 60)

    def answers(self) -> list[tuple[AnswerState, str]]:
        rows = self.parts.books.rows(answer.select().order_by(answer.c.id))
        return [(AnswerState(row.state), row.outcome) for row in rows]


@pytest.fixture(scope="module", params=["stream", "http"])
def company(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("answers")
    text = bridge(by_http=request.param == "http")
    with installation(folder, text, DINGBRIDGE_TICK_S="0.2", DINGBRIDGE_LEASE_S="20") as parts:
        app = sign_in(parts, folder, text)
        parts.start()
        if request.param == "http":
            address = f"http://127.0.0.1:{parts.port}/hooks/desk"
            parts.sink.ask("PATCH", f"apps/{app['client_id']}", json={"mode": "http", "robot_url": address})
        else:
            until(lambda: bool(parts.sink.ask("GET", "stream")["connections"]), "the relay listens", 30)
        yield Company(parts, app["client_id"])


def test_each_person_is_answered_in_the_language_they_are_told_in(company: Company) -> None:
    number = company.push("Everybody")
    said = {user: company.answer(user, f"/why {number}") for user in LANGUAGES}
    assert f"Everybody's order {number}" in said["u-amy"]
    assert "原因: buyer 為 Everybody；這是新記錄；另依據 1 個不在這裡顯示的值" in said["u-amy"]
    assert "原因: buyer 为 Everybody；这是新记录；另依据 1 个不在这里显示的值" in said["u-ben"]
    assert "Why: buyer was Everybody; the record was new; 1 value counted that is not shown here" in said["u-chen"]
    assert "Sebab: buyer adalah Everybody; catatan ini baru; 1 nilai yang tidak" in said["u-dora"]
    assert all("margin" not in each for each in said.values())


def test_the_commands_are_told_in_each_language(company: Company) -> None:
    said = {
        user: company.answer(user, text)
        for user, text in zip(LANGUAGES, ("/help", "嗯？", "hello", "、HELP"), strict=True)
    }
    for user, heading in zip(LANGUAGES, ("我會回答", "我会回答", "What I answer", "Yang saya jawab"), strict=True):
        assert heading in said[user]
        assert "/why SO-1042: " in said[user]
    # whom nobody tells anything is answered in the application's own language
    assert "我會回答" in company.answer("u-eli", "/help")


def test_a_group_is_answered_before_all_of_it(company: Company) -> None:
    number = company.push("Sales", margin="77")
    said = company.answer("u-ben", f"@Bridge\u2005/why　{number}？", SALES)
    assert f"Sales order {number}" in said
    assert "Why: buyer was Sales" in said
    assert "1 field withheld" in said
    assert "77" not in said
    assert "margin" not in said


def test_nobody_learns_what_was_told_to_others(company: Company) -> None:
    number = company.push("Amy")
    nowhere = company.answer("u-chen", "/why SO-999999")
    assert "nothing of SO-999999" in nowhere
    assert company.answer("u-chen", f"/why {number}") == nowhere.replace("SO-999999", number)
    assert company.answer("u-chen", f"/why {number}", SALES) == company.answer("u-amy", f"/why {number}", SALES)
    assert f"this group nothing of {number}" in company.answer("u-amy", f"/why {number}", SALES)
    assert f"Amy's order {number}" in company.answer("u-amy", f"/why {number}")
    assert f"Amy's order {number}" in company.answer("u-amy", "/why")


def test_what_one_person_mutes_is_told_to_the_others_and_later_on_request(company: Company) -> None:
    def came(user: str, number: str) -> bool:
        return any(f"Everybody's order {number}" in row["text"] for row in company.shown(user))

    assert "people: Everybody's order" in company.answer("u-dora", "/mute")
    assert "karena paling lama 3 jam" in company.answer("u-dora", "/mute people 9h")
    number = company.push("Everybody", muted=1)
    assert not came("u-dora", number)
    assert all(came(user, number) for user in LANGUAGES if user != "u-dora")
    assert f"Everybody's order {number}" in company.answer("u-dora", "/missed 2h")
    assert number not in company.answer("u-chen", "/missed 2h")
    assert "Anda mendengar tentang people lagi" in company.answer("u-dora", "/unmute people")
    assert came("u-dora", company.push("Everybody"))
    unknown = company.answer("u-chen", "/mute unheard 2h")
    assert company.answer("u-chen", "/mute amy 2h") == unknown.replace("unheard", "amy")
    assert "/mute" in company.answer("u-chen", "/mute people 2h", SALES)


def test_in_one_place_nothing_is_answered_that_was_asked_in_another(company: Company) -> None:
    before = len(company.shown(SALES))
    company.answer("u-amy", "/help")
    assert len(company.shown(SALES)) == before
    chats = {user: len(company.shown(user)) for user in LANGUAGES}
    company.answer("u-amy", "/help", SALES)
    assert {user: len(company.shown(user)) for user in LANGUAGES} == chats


def test_who_asks_too_much_is_told_once(company: Company) -> None:
    before = len(company.shown("u-fang"))
    for _ in range(29):
        company.say("u-fang", "/help")
    until(lambda: len(company.shown("u-fang")) >= before + 26, "26 answers", 30)
    company.await_answered()
    said = [row["text"] for row in company.shown("u-fang")[before:]]
    assert len(said) == 26
    assert "請一分鐘後再問" in said[-1]


def test_operators_see_what_became_of_answers(company: Company) -> None:
    company.answer("u-amy", "/help")
    said = json.loads(run(["status", "--json"], company.parts.settings).stdout)
    (desk,) = said["applications"]
    assert desk["answers"]["delivered"] >= 1
    scraped = requests.get(f"http://127.0.0.1:{company.parts.port}/metrics", timeout=10).text
    assert 'dingbridge_answers{application="desk",outcome="delivered"}' in scraped


def test_words_that_come_again_are_answered_once(company: Company) -> None:
    """The relay stands still until nobody waits for its acknowledgement, and then takes what was pushed twice."""
    before = len(company.shown("u-dora"))
    company.ask("POST", "switches", json={"words_come_again": True})
    company.ask("POST", "settings", json={"ack_timeout_s": 0.5, "event_retries_s": [0.5] * 10, "http_timeout_s": 0.5})
    with ThreadPoolExecutor(1) as pool:
        company.parts.relay.signal(signal_module.SIGSTOP)
        said = pool.submit(company.say, "u-dora", "/help")
        time.sleep(2.5)
        company.parts.relay.signal(signal_module.SIGCONT)
        said.result(30)
    until(lambda: len(company.shown("u-dora")) > before, "it is answered", 30)
    time.sleep(1.5)
    company.await_answered()
    assert len(company.shown("u-dora")) == before + 1


def test_an_answer_that_waits_survives_its_worker(company: Company) -> None:
    company.ask("POST", "settings", json={"ack_timeout_s": 3, "http_timeout_s": 2.5})
    before = len(company.shown("u-chen"))
    refused = {"path": SINGLE, "status": 400, "body": {"code": "systemBusy", "message": "busy"}, "seconds": 60}
    company.ask("POST", "faults", json=refused)
    company.say("u-chen", "/help")
    tried = answer.select().where(answer.c.state == AnswerState.DUE, answer.c.attempts > 0)
    until(lambda: bool(company.parts.books.rows(tried)), "it was tried", 20)
    company.parts.worker.kill()
    company.ask("DELETE", "faults")
    assert len(company.shown("u-chen")) == before
    company.parts.worker.start()
    until(lambda: len(company.shown("u-chen")) > before, "it is answered", 60)
    company.await_answered()
    assert len(company.shown("u-chen")) == before + 1


def test_killed_workers_answer_nothing_twice(company: Company) -> None:
    other = Process("worker-2", ["worker", "--name", "worker-2"], company.parts.settings, company.parts.folder)
    begun = len(company.answers())
    before = {user: len(company.shown(user)) for user in LANGUAGES}
    other.start()
    chance = random.Random(7)
    try:
        for turn in range(24):
            company.say(list(LANGUAGES)[turn % 4], f"/why SO-{turn}")
            time.sleep(chance.uniform(0.0, 0.15))
            if turn % 8 == 4:
                victim = (company.parts.worker, other)[turn // 8 % 2]
                victim.kill()
                victim.start()
        company.await_answered()
    finally:
        other.stop()
    ends = company.answers()[begun:]
    assert len(ends) == 24
    assert {outcome for _, outcome in ends} <= {"delivered", "unknown"}
    answered = sum(outcome == "delivered" for _, outcome in ends)
    texts = [row["text"] for user in LANGUAGES for row in company.shown(user)[before[user] :]]
    asked = Counter(re.findall(r"SO-\d+", " ".join(texts)))
    assert max(asked.values()) == 1, "nothing is answered twice"
    assert answered <= len(texts) <= 24
    assert answered >= 24 - KILLS, "what was not under way when its worker was killed is answered"
