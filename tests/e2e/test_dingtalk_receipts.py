"""An application of DingTalk tells person by person: who gets it later, whom it cannot reach, what is taken back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update

from tests.processes.application import application, push
from tests.processes.installation import Installation, until
from tests.processes.process import run
from worker.ledger.engine import Ledger, now
from worker.ledger.seal import KEY_BYTES, Sealer
from worker.ledger.tables import MessageState, NoticeState, message

PLACES = {
    "board": "{kind: person, users: [u-amy, u-ben, u-nobody], application: APPLICATION}",
    "duty": "{kind: work, agent_id: AGENT, users: [u-amy, u-ben], application: APPLICATION}",
}


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with application(tmp_path_factory.mktemp("people"), PLACES, {}) as parts:
        yield parts


def hasten(parts: Installation) -> None:
    """Let the hour come for what waits for one: rests that are due later, questions that are asked later."""
    ledger = Ledger(f"sqlite:///{parts.folder / 'state' / 'ledger.sqlite3'}", Sealer(bytes(KEY_BYTES)))
    with ledger.write() as connection:
        connection.execute(update(message).where(message.c.state == MessageState.DUE).values(due_at=now()))
        connection.execute(update(message).where(message.c.ask_at.is_not(None)).values(ask_at=now()))
    ledger.close()


def chats(parts: Installation, number: str) -> Counter[str]:
    """Count in whose chats of which kind a record stands."""
    rows: list[dict[str, Any]] = [row for row in parts.sink.messages() if number in row["text"] and not row["recalled"]]
    return Counter(f"{row['group'].split(':')[0]} {row['group'].split(':')[-1]}" for row in rows)


def told(parts: Installation, *command: str) -> str:
    return run(list(command), parts.settings).stdout


def test_who_was_held_up_gets_it_once_and_who_is_unknown_is_told(parts: Installation) -> None:
    parts.sink.ask("POST", "settings", json={"flow_controlled": ["u-ben"]})
    push(parts, "SO-1")
    until(lambda: chats(parts, "SO-1")["single u-amy"] == 1, "amy has it", 30)
    until(lambda: parts.books.numbers(NoticeState.SHOWN)["SO-1"] == 1, "one of two destinations has it", 30)
    parts.sink.ask("POST", "settings", json={"flow_controlled": []})
    hasten(parts)
    until(lambda: parts.books.numbers(NoticeState.SHOWN)["SO-1"] == 2, "all have it", 30)
    assert chats(parts, "SO-1") == {"single u-amy": 1, "single u-ben": 1, "work u-amy": 1, "work u-ben": 1}
    story = told(parts, "explain", "SO-1")
    assert "kept from u-ben by flow control" in story
    assert "not known there: u-nobody" in story
    assert "taken for u-ben" in story
    until(lambda: "board does not know u-nobody" in told(parts, "status"), "the fault is found", 30, look_s=1.0)
    assert "not known there: u-nobody (message " in told(parts, "status")


def test_a_notification_that_did_not_come_is_seen_when_it_is_asked(parts: Installation) -> None:
    parts.sink.ask("POST", "notices/trouble", json={"fate": "forbidden", "user": "u-ben", "code": 143105, "count": 1})
    push(parts, "SO-2")
    parts.await_settled(30)
    assert "work u-ben" not in chats(parts, "SO-2")
    until(lambda: _asked(parts), "it was asked", 60, look_s=1.0)
    story = told(parts, "explain", "SO-2")
    assert "not to u-ben, who got as many as one may get in a day" in story
    assert "came to u-amy, not read yet" in story


def _asked(parts: Installation) -> bool:
    hasten(parts)
    return "as many as one may get" in told(parts, "explain", "SO-2")


def test_what_was_sent_is_taken_back(parts: Installation) -> None:
    push(parts, "SO-3")
    parts.await_settled(30)
    assert chats(parts, "SO-3")["single u-amy"] == 1
    done = run(["recall", "SO-3", "--by", "the head of sales", "--json"], parts.settings)
    assert done.returncode == 0, done.stderr
    assert [one["became"] for one in json.loads(done.stdout)] == ["recalled", "recalled"]
    assert chats(parts, "SO-3") == {}
    assert "was taken back from board by the head of sales" in told(parts, "explain", "SO-3")
    again = told(parts, "recall", "SO-3", "--by", "the head of sales")
    assert again.count("It was taken back before.") == 2
    assert run(["recall", "SO-99", "--by", "somebody"], parts.settings).returncode == 1
