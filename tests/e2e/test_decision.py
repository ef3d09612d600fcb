"""A whole installation: a purchase request by webhook becomes a card, is decided by Stream, and is written back once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import insert, select

from connectors.generic.sandbox import create
from tests.connectors.generic.sandbox.served import ADA, LIN, Served, fresh
from tests.processes.installation import Installation, installation, until
from tests.processes.process import run
from tests.served import serving
from tests.worker.approvals.hall import TEMPLATE
from worker.ledger.engine import now
from worker.ledger.tables import ActionState, action, match

AMY, DORA = "u-amy", "u-dora"
BRIDGE = """version: 1
sources:
  erp:
    connector: generic
    settings:
      signature: {prefix: "sha256=", signed: timestamp.body, timestamp_header: X-Signed-At, keys: [env:PUSH_KEY]}
      kind_path: type
      id: id
      version: revision
      time: changed_at
      number: request.number
      changed_by: changed_by
      deleted: deleted
      write_back: {url: BACK, key: env:BACK_KEY, key_id: dingbridge}
    kinds:
      purchase_request:
        fields:
          approvers: {path: request.note, type: text}
          subject: {path: request.subject, type: text}
          amount: {path: request.amount, type: money, currency_path: request.currency}
          state: {path: request.state, type: text}
applications:
  robot: {connector: dingtalk, settings: {application: APPLICATION}}
destinations:
  management:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: card, template: approval.schema, conversation: cid-management, application: APPLICATION}
routes:
  asks:
    from: erp.purchase_request
    equals: {state: submitted}
    to: management
    title: Purchase request
    fields: [subject, amount, approvers]
    lane: approval
    merge: never
    decide: {by: approvers}
"""


class House:
    """The installation between a system that can be written back to and people in DingTalk."""

    def __init__(self, parts: Installation, erp: Served) -> None:
        self.parts = parts
        self.erp = erp

    def ask(self, request: str) -> str:
        """Push a purchase request of two approvers; returns the key of its card."""
        self.erp.control("PATCH", f"/records/{request}", {"values": {"note": f"{ADA},{LIN}"}, "by": ADA})
        known = len(self.cards)
        hook = f"http://127.0.0.1:{self.parts.port}/hooks/erp"
        self.erp.control("POST", f"/push/{request}", {"to": hook})
        until(lambda: len(self.cards) > known, "the card is there", 20)
        return str(self.cards[-1]["outTrackId"])

    @property
    def cards(self) -> list[dict[str, Any]]:
        cards: list[dict[str, Any]] = self.parts.sink.ask("GET", "cards")["cards"]
        return sorted(cards, key=lambda card: card["deliveries"][0]["index"] if card["deliveries"] else 0)

    def press(self, key: str, user: str, action_: str = "approve", times: int = 1) -> dict[str, Any]:
        """Press in DingTalk, and say what came back."""
        asked = {"user": user, "card": key, "action": action_, "times": times}
        answer: dict[str, Any] = self.parts.sink.ask("POST", "press", json=asked)
        return answer

    def seen(self, key: str, user: str) -> dict[str, Any]:
        seen: dict[str, Any] = self.parts.sink.ask("GET", f"cards/{key}?as={user}")
        return seen

    def standing(self, key: str) -> str:
        return str(self.seen(key, AMY)["data"]["standing"])

    def states(self, key: str) -> list[ActionState]:
        rows = self.parts.books.rows(select(action.c.state).where(action.c.card == key).order_by(action.c.id))
        return [ActionState(row.state) for row in rows]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("decision")
    with serving(create) as host, fresh(host) as erp:
        keys = erp.settings
        secrets = {"PUSH_KEY": keys["signature"]["keys"][0], "BACK_KEY": keys["write_back"]["key"]}
        bridge = BRIDGE.replace("BACK,", f"{keys['write_back']['url']},", 1)
        with installation(folder, bridge, DINGBRIDGE_TICK_S="0.2", **secrets) as parts:
            app = parts.sink.ask("GET", "")["apps"][0]
            parts.sink.ask("POST", "templates", json=dict(TEMPLATE))
            secret = f"{{client_id: {app['client_id']}, client_secret: file:app.secret, site: '{parts.sink.base}'}}"
            (folder / "bridge.yaml").write_text(bridge.replace("APPLICATION", secret))
            (folder / "app.secret").write_text(app["client_secret"])
            (folder / "app.secret").chmod(0o600)
            parts.start()
            with parts.books._ledger.write() as connection:
                for source_user, user in ((ADA, AMY), (LIN, DORA)):
                    of = {"source": "erp", "source_user": source_user, "application": "robot", "user": user}
                    connection.execute(insert(match).values(**of, state="matched", matched_at=now()))
            until(lambda: bool(parts.sink.ask("GET", "stream")["connections"]), "the relay listens by Stream", 20)
            yield House(parts, erp)


def test_ten_presses_of_two_approvers_are_one_write_and_the_card_tells_all(house: House) -> None:
    before = house.erp.writes()
    key = house.ask("501")
    assert [button["label"] for button in house.seen(key, AMY)["buttons"]] == ["Approve", "Reject"]
    assert house.seen(key, "u-ben")["buttons"] == []
    with ThreadPoolExecutor(2) as hands:
        answers = list(hands.map(lambda user: house.press(key, user, times=5), (AMY, DORA)))
    assert all(answer["outcome"] == "answered" for answer in answers), "not within the two seconds that DingTalk waits"
    until(lambda: house.standing(key).startswith("Approved by "), "everybody sees it", 20)
    assert house.erp.writes() == before + 1
    states = house.states(key)
    assert (states.count(ActionState.DONE), states.count(ActionState.LATE)) == (1, len(states) - 1)
    assert house.seen(key, AMY)["buttons"] == []
    assert house.seen(key, AMY)["updated_in_callback"] == 0


def test_a_worker_that_is_killed_while_the_source_writes(house: House) -> None:
    before = house.erp.writes()
    key = house.ask("502")
    house.erp.control("POST", "/pace", {"seconds": 2})
    assert house.press(key, DORA)["outcome"] == "answered"
    until(lambda: house.states(key) == [ActionState.WRITING], "the source is asked", 20, 0.02)
    house.parts.worker.kill()
    house.erp.control("POST", "/pace", {"seconds": 0})
    house.parts.worker.start()
    until(lambda: house.standing(key).startswith("Approved by "), "everybody sees it", 30)
    assert house.erp.writes() == before + 1
    assert house.states(key) == [ActionState.DONE]


def test_the_way_of_the_decision_is_told_to_operators(house: House) -> None:
    told = run(["explain", "PR-1042"], house.parts.settings)
    assert told.returncode == 0, told.stderr
    assert "pressed approve on the card." in told.stdout
    assert "erp carried it out as" in told.stdout
    listed = run(["actions"], house.parts.settings)
    assert "late" in listed.stdout, "presses that came too late are recorded"
