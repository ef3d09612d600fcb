"""Twenty thousand frames, most of them damaged: each is told from the others, and none ends anything."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from connectors.contract import Refusal
from connectors.dingtalk.plain import NotPlain
from connectors.dingtalk.stream import frames
from tests.connectors.dingtalk.callbacks.posts import EVENT, PRESS, SAID

COUNT = 20_000
NOW = datetime(2026, 3, 2, tzinfo=UTC)
ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**400,
    1.5,
    "",
    "\x00",
    "\ud7ff",
    "x" * 300,
    [],
    [None],
    {},
    "[1,",
    "{",
    "1e999",
)
TOPICS = ("*", "/v1.0/im/bot/messages/get", "/v1.0/card/instances/callback", "ping", "", "/unknown")


def _damaged(chance: random.Random, value: dict[str, Any]) -> dict[str, Any]:
    changed = dict(value)
    for _ in range(chance.randrange(3)):
        changed[chance.choice([*changed, "eventType", "x" * chance.randrange(400)])] = chance.choice(ODD)
    return changed


def _frame(chance: random.Random) -> str | bytes:
    headers = {"topic": chance.choice(TOPICS), "messageId": "m1", "time": "1690362102194", "eventType": "chat_quit"}
    data = json.dumps(_damaged(chance, chance.choice((EVENT, PRESS, SAID))))
    kind = chance.choice(("EVENT", "CALLBACK", "CALLBACK", "SYSTEM"))
    frame = {"specVersion": "1.0", "type": kind, "headers": _damaged(chance, headers), "data": data}
    text = json.dumps(_damaged(chance, frame))
    raw = bytearray(text.encode())
    for _ in range(chance.choice((0, 0, 0, 1, 6))):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    return bytes(raw) if chance.random() < 0.5 else raw.decode("utf-8", "replace")


def test_every_frame_is_taken_or_put_aside() -> None:
    chance = random.Random(20_000)
    seen: Counter[object] = Counter()
    for _ in range(COUNT):
        try:
            frame = frames.read(_frame(chance))
        except NotPlain:
            seen["no frame"] += 1
            continue
        received = frames.received(frame, NOW)
        brought = (*received.changes, *received.presses, *received.words)
        assert bool(received.refusal) is not bool(brought)
        assert bool(received.reason) is bool(received.refusal)
        assert json.loads(frames.taken(frame, {"state": "x"}))["code"] == 200
        assert json.loads(frames.untaken(frame))["code"] == 500
        seen[received.refusal] += 1
    assert seen[None] > COUNT / 20
    assert set(seen) == {None, "no frame", Refusal.MALFORMED, Refusal.INCOMPLETE}
