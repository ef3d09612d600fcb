"""A whole installation that tells by an application of DingTalk: its robot, work notifications and cards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.processes.installation import Installation, installation, until
from tests.processes.process import run
from tests.processes.sender import event, signature
from worker.ledger.tables import NoticeState

APPLICATION = "{client_id: CLIENT, client_secret: file:app.secret, site: SITE}"
PLACES = {
    "management": "{kind: group, conversation: cid-management, application: APPLICATION}",
    "people": "{kind: person, users: [u-amy, u-ben], application: APPLICATION}",
    "notices": "{kind: work, agent_id: AGENT, users: [u-amy], application: APPLICATION}",
    "cards": "{kind: card, template: sandbox-approval.schema, text: body, conversation: cid-sales-hk, "
    "application: APPLICATION}",
}
SOURCE = """
version: 1
sources:
  shop:
    connector: generic
    settings:
      kind: order
      signature: {keys: [env:SHOP_KEY], prefix: "sha256="}
      id: id
      number: number
      time: at
      version: rev
    kinds:
      order: {fields: {buyer: {path: buyer, type: text}}}
"""
DESTINATION = "  NAME: {connector: dingtalk, zone: Asia/Hong_Kong, locale: en, settings: SETTINGS}\n"
ROUTE = "  to-NAME: {from: shop.order, to: NAME, title: Order, fields: [buyer], merge: never}\n"
BRIDGE = (
    SOURCE
    + "destinations:\n"
    + "".join(DESTINATION.replace("NAME", name).replace("SETTINGS", settings) for name, settings in PLACES.items())
    + "routes:\n"
    + "".join(ROUTE.replace("NAME", name) for name in PLACES)
).replace("APPLICATION", APPLICATION)
SENDS = (
    "/v1.0/robot/groupMessages/send",
    "/v1.0/robot/oToMessages/batchSend",
    "/topapi/message/corpconversation/asyncsend_v2",
    "/v1.0/card/instances/createAndDeliver",
)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("application")
    with installation(folder, BRIDGE, DINGBRIDGE_TICK_S="0.2") as parts:
        app = parts.sink.ask("GET", "")["apps"][0]
        known = {"CLIENT": app["client_id"], "AGENT": str(app["agent_id"]), "SITE": parts.sink.base}
        text = BRIDGE
        for word, value in known.items():
            text = text.replace(word, value)
        (folder / "bridge.yaml").write_text(text)
        (folder / "app.secret").write_text(app["client_secret"])
        (folder / "app.secret").chmod(0o600)
        parts.start()
        yield parts


def push(parts: Installation, number: str) -> None:
    body = event("order", number, 1, buyer="Harbour Trading")
    url = f"http://127.0.0.1:{parts.port}/hooks/shop"
    assert requests.post(url, body, headers={"X-Signature": signature(body)}, timeout=10).status_code == 200


def shown(parts: Installation, number: str) -> Counter[str]:
    """Count in which conversations of the twin a record stands, and how often."""
    rows: list[dict[str, Any]] = [row for row in parts.sink.messages() if number in row["text"]]
    cards = [card for card in parts.sink.ask("GET", "cards")["cards"] if number in card["title"]]
    places = [row["group"] for row in rows] + [sent["conversation"] for card in cards for sent in card["deliveries"]]
    return Counter(place.split(":")[0] for place in places)


def test_check_finds_each_destination_well(parts: Installation) -> None:
    found = run(["check", "--live"], parts.settings)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "no problems" in found.stdout


def test_a_fact_reaches_people_by_every_kind(parts: Installation) -> None:
    push(parts, "SO-1")
    until(lambda: parts.books.numbers(NoticeState.SHOWN)["SO-1"] == len(PLACES), "each destination has it", 30)
    assert shown(parts, "SO-1") == {"cid-management": 1, "single": 2, "work": 1, "cid-sales-hk": 1}


def test_after_a_lost_answer_nobody_sees_it_twice(parts: Installation) -> None:
    for path in SENDS:
        parts.sink.ask("POST", "faults", json={"path": path, "drop": True, "after": True, "count": 1})
    push(parts, "SO-2")
    parts.await_settled(60)
    assert shown(parts, "SO-2") == {"cid-management": 1, "single": 2, "work": 1, "cid-sales-hk": 1}
    # what takes no key was not sent again: an operator decides
    assert parts.books.numbers(NoticeState.DEAD)["SO-2"] == 2
    assert parts.books.numbers(NoticeState.SHOWN)["SO-2"] == 2
