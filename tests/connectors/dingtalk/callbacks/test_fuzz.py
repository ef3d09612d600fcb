"""Twenty thousand requests, half of them genuinely signed around bytes that were damaged."""

from __future__ import annotations

import random
from collections import Counter

from tests.connectors.dingtalk.callbacks.fuzz import DOORS, signed, unsigned
from tests.connectors.dingtalk.callbacks.posts import doors

COUNT = 20_000


def test_every_one_gets_a_4xx_or_is_taken() -> None:
    chance = random.Random(20_000)
    door = doors()
    seen: Counter[tuple[bool, object]] = Counter()
    for number in range(COUNT):
        genuine = number % 2 == 0
        received = door.receive((signed if genuine else unsigned)(chance, chance.choice([*DOORS])))
        assert 400 <= received.reply.status < 500 if received.refusal else received.reply.status == 200
        assert bool(received.reason) is bool(received.refusal)
        assert bool(received.refusal) is not bool(received.changes or received.presses or received.words)
        for each in (*received.changes, *received.presses, *received.words):
            assert each.id.isprintable()  # type: ignore[attr-defined]  # all three have one
            assert each.at.tzinfo is not None  # type: ignore[attr-defined]
        seen[genuine, received.refusal] += 1
    assert seen[True, None] > COUNT / 20
    assert len({refusal for _, refusal in seen}) >= 4
