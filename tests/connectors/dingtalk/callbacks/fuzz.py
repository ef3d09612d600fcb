"""Requests as nobody should send them: damaged bytes under a genuine signature, and anything else without one."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

from connectors.contract import RawRequest
from tests.connectors.dingtalk.callbacks.posts import (
    EVENT,
    PRESS,
    SAID,
    enveloped,
    event,
    press,
    request,
    said,
    sealed,
)

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


def _event(chance: random.Random) -> RawRequest:
    if chance.random() < 0.7:
        return sealed(_bytes(chance, EVENT))
    return enveloped(chance.choice(("", "AAAA", "é", "=" * 64, "A" * 64, chance.randbytes(48).hex())))


DOORS: Mapping[str, tuple[Callable[[random.Random], RawRequest], Callable[[], RawRequest]]] = {
    "events": (_event, event),
    "presses": (lambda chance: press(_bytes(chance, PRESS)), press),
    "words": (lambda chance: said(_bytes(chance, SAID)), said),
}
"""By the name of the door: what damages bytes and signs them, and what makes a genuine request."""


def signed(chance: random.Random, door: str) -> RawRequest:
    """A request with a genuine signature around damaged bytes."""
    return DOORS[door][0](chance)


def unsigned(chance: random.Random, door: str) -> RawRequest:
    """A genuine request whose query, headers or body were damaged."""
    genuine = DOORS[door][1]()
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
