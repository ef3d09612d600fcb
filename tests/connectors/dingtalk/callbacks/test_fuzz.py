"""Twenty thousand requests, half of them genuinely signed around bytes that were damaged."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

from connectors.contract import RawRequest
from tests.connectors.dingtalk.callbacks.posts import (
    EVENT,
    PRESS,
    SAID,
    doors,
    enveloped,
    event,
    press,
    request,
    said,
    sealed,
)

COUNT = 20_000
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 10**400, 1.5, float("inf"), "", " ", "\x00", "\ud7ff", "x" * 300, [], [[]], {}, {"a": {}}, "[1,", "[2,3]",
    [None], ["\x00"], [True], "1e999", 253402300800000, 9_999_999_999_999, "2023-11-14", "{", '{"cardPrivateData":[]}',
)  # fmt: skip


def _bytes(chance: random.Random, sample: dict[str, Any]) -> bytes:
    """Damage a genuine body: a value, a key, or its bytes."""
    changed = dict(sample)
    for _ in range(chance.randrange(4)):
        key = chance.choice([*changed, "EventType", "content", "errorCode", "x" * chance.randrange(400)])
        changed[key] = chance.choice(ODD)
    raw = bytearray(json.dumps(changed).encode())
    for _ in range(chance.choice((0, 0, 1, 8))):
        if raw:
            raw[chance.randrange(len(raw))] = chance.randrange(256)
    return bytes(raw[: chance.randrange(len(raw) + 1)] if chance.random() < 0.2 else raw)


def _signed(chance: random.Random) -> RawRequest:
    match chance.randrange(4):
        case 0:
            return sealed(_bytes(chance, EVENT))
        case 1:
            return enveloped(chance.choice(("", "AAAA", "é", "=" * 64, "A" * 64, chance.randbytes(48).hex())))
        case 2:
            return press(_bytes(chance, PRESS))
        case _:
            return said(_bytes(chance, SAID))


def _unsigned(chance: random.Random) -> RawRequest:
    genuine = chance.choice((event, press, said))()
    query, headers, body = genuine.query, dict(genuine.headers), bytearray(genuine.body)
    match chance.randrange(4):
        case 0:
            query = "".join(chance.choice("&=%;aZ09msg_signature\x00é") for _ in range(chance.randrange(60)))
        case 1:
            name = chance.choice([*headers, "sign", "timestamp", "x-ddpaas-signature"])
            headers[name] = "".join(chr(chance.randrange(1, 0x2FF)) for _ in range(chance.randrange(80)))
        case 2:
            body = bytearray(chance.randbytes(chance.randrange(200)))
        case _:
            query = query.replace("signature=", "signature=0") + "&" * chance.randrange(60)
            headers = {name: value[::-1] for name, value in headers.items()}
    return request(bytes(body), query=query, headers=headers)


def test_every_one_gets_a_4xx_or_is_taken() -> None:
    chance = random.Random(20_000)
    door = doors()
    seen: Counter[tuple[bool, object]] = Counter()
    for number in range(COUNT):
        signed = number % 2 == 0
        received = door.receive((_signed if signed else _unsigned)(chance))
        assert 400 <= received.reply.status < 500 if received.refusal else received.reply.status == 200
        assert bool(received.reason) is bool(received.refusal)
        assert bool(received.refusal) is not bool(received.changes or received.presses or received.words)
        for each in (*received.changes, *received.presses, *received.words):
            assert each.id.isprintable()  # type: ignore[attr-defined]  # all three have one
            assert each.at.tzinfo is not None  # type: ignore[attr-defined]
        seen[signed, received.refusal] += 1
    assert seen[True, None] > COUNT / 20
    assert len({refusal for _, refusal in seen}) >= 4
