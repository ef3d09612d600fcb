"""A whole installation that tells by an application of DingTalk: its robot, work notifications and cards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.processes.application import application, push
from tests.processes.installation import Installation, until
from tests.processes.process import run
from worker.ledger.tables import NoticeState

PLACES = {
    "management": "{kind: group, conversation: cid-management, application: APPLICATION}",
    "people": "{kind: person, users: [u-amy, u-ben], application: APPLICATION}",
    "notices": "{kind: work, agent_id: AGENT, users: [u-amy], application: APPLICATION}",
    "cards": "{kind: card, template: sandbox-approval.schema, text: body, conversation: cid-sales-hk, "
    "application: APPLICATION}",
}
SENDS = (
    "/v1.0/robot/groupMessages/send",
    "/v1.0/robot/oToMessages/batchSend",
    "/topapi/message/corpconversation/asyncsend_v2",
    "/v1.0/card/instances/createAndDeliver",
)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with application(tmp_path_factory.mktemp("application"), PLACES, {"people": ", when_unknown: hold"}) as parts:
        yield parts


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


def test_after_a_lost_answer_nobody_sees_it_twice_unawares(parts: Installation) -> None:
    for path in SENDS:
        parts.sink.ask("POST", "faults", json={"path": path, "drop": True, "after": True, "count": 1})
    push(parts, "SO-2")
    parts.await_settled(60)
    # what takes no key comes again with a mark, or is left to a person: as its route says
    assert shown(parts, "SO-2") == {"cid-management": 2, "single": 2, "work": 1, "cid-sales-hk": 1}
    group = [row["text"] for row in parts.sink.messages() if row["group"] == "cid-management" and "SO-2" in row["text"]]
    assert ["may be a repetition" in text for text in group] == [False, True]
    assert parts.books.numbers(NoticeState.SHOWN)["SO-2"] == 3
    assert parts.books.held()["SO-2"] == ("unanswered", "")
