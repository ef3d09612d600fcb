"""What is wrong is refused with the reply that its sender must get, counted, and kept nowhere; nothing is guessed."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from requests import Response

from tests.processes.installation import Installation, installation, listens, until
from tests.processes.process import environment, free_port, run
from tests.processes.sender import KEY, Line, Sender, Tally, event, request, signature
from worker.ledger.tables import NoticeState

MAX_BODY = 4096
BRIDGE = f"""
version: 1
sources:
  shop:
    connector: generic
    settings:
      kind: order
      signature: {{keys: [env:SHOP_KEY], prefix: "sha256="}}
      id: id
      number: number
      time: at
      version: rev
      max_body: {MAX_BODY}
      max_depth: 8
      reply: {{retry_after: 7s}}
    kinds:
      order:
        fields:
          total: {{path: total, type: money, currency_path: currency}}
          weight: {{path: weight, type: quantity, unit_path: unit}}
          buyer: {{path: buyer, type: text, required: true}}
destinations:
  sales-hk:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings:
      kind: robot
      webhook: env:HOOK_SALES_HK
      secret: env:SECRET_SALES_HK
      quota: {{limit: 1000, window: 1s, block: 2s}}
routes:
  orders: {{from: shop.order, to: sales-hk, title: Order, fields: [total, weight, buyer]}}
"""
MARK = "a-text-that-stands-only-in-refused-bodies"
FUZZED = 400
ANSWER_S = 10


def order(number: str, **fields: Any) -> bytes:
    sound = {"total": "10.50", "currency": "HKD", "weight": "3", "unit": "KGM", "buyer": "Harbour Trading"}
    return event("order", number, 1, **{**sound, **fields})


def without(number: str, field: str) -> bytes:
    whole = json.loads(order(number))
    del whole[field]
    return json.dumps(whole).encode()


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("bad-input"), BRIDGE, DINGBRIDGE_TICK_S="0.2") as parts:
        parts.sink.ask("PATCH", "robots/robot-sales-hk", json={"limits": {"count": 1000, "window": 1, "block": 2}})
        parts.start()
        yield parts


def push(parts: Installation, body: bytes | Iterator[bytes], **headers: str) -> Response:
    url = f"http://127.0.0.1:{parts.port}/hooks/shop"
    return requests.post(url, body, headers=headers, timeout=ANSWER_S)


def signed(parts: Installation, body: bytes) -> Response:
    return push(parts, body, **{"X-Signature": signature(body)})


def unsigned(parts: Installation) -> Response:
    return push(parts, order("SO-1", buyer=MARK))


def signed_by_another(parts: Installation) -> Response:
    return push(parts, order("SO-1", buyer=MARK), **{"X-Signature": signature(b"another body")})


def signed_too_short(parts: Installation) -> Response:
    body = order("SO-1", buyer=MARK)
    return push(parts, body, **{"X-Signature": signature(body)[:-2]})


def too_large(parts: Installation) -> Response:
    return signed(parts, order("SO-1", buyer=MARK * MAX_BODY))


def too_large_without_a_length(parts: Installation) -> Response:
    body = order("SO-1", buyer=MARK * MAX_BODY)
    return push(parts, (body[at : at + 1000] for at in range(0, len(body), 1000)), **{"X-Signature": signature(body)})


def broken_json(parts: Installation) -> Response:
    return signed(parts, order("SO-1", buyer=MARK)[:-1])


def deep_document(parts: Installation) -> Response:
    return signed(parts, order("SO-1", buyer=MARK)[:-1] + b', "x": ' + b"[" * 1500 + b"]" * 1500 + b"}")


def no_id(parts: Installation) -> Response:
    return signed(parts, order("", buyer=MARK))


REFUSED: list[tuple[Callable[[Installation], Response], int, str]] = [
    (unsigned, 401, "unsigned"),
    (signed_by_another, 401, "bad_signature"),
    (signed_too_short, 401, "bad_signature"),
    (too_large, 413, "too_large"),
    (too_large_without_a_length, 413, "too_large"),
    (broken_json, 400, "malformed"),
    (deep_document, 400, "too_deep"),
    (no_id, 400, "incomplete"),
]


@pytest.mark.parametrize(("sent", "status", "reason"), REFUSED, ids=[sent.__name__ for sent, _, _ in REFUSED])
def test_a_bad_push_gets_its_reply_is_counted_and_kept_nowhere(
    bridge: Installation, sent: Callable[[Installation], Response], status: int, reason: str
) -> None:
    counted, stored = bridge.books.refused().get(reason, 0), bridge.books.inbox_rows()

    reply = sent(bridge)

    assert (reply.status_code, reply.text) == (status, reason)
    until(lambda: bridge.books.refused().get(reason, 0) == counted + 1, "the refusal is counted", 5)
    assert bridge.books.inbox_rows() == stored
    kept = [file for file in bridge.folder.rglob("*") if file.is_file() and MARK.encode() in file.read_bytes()]
    assert kept == []


def test_what_a_record_lacks_is_never_guessed(bridge: Installation) -> None:
    lacking = {
        "NO-CURRENCY": without("NO-CURRENCY", "currency"),
        "NO-UNIT": without("NO-UNIT", "unit"),
        "NO-BUYER": without("NO-BUYER", "buyer"),
        "EMPTY-BUYER": order("EMPTY-BUYER", buyer=None),
        "BARE-SIGN": order("BARE-SIGN", currency="$"),
        "NO-NUMBER": order("NO-NUMBER", total="10,50"),
    }
    for body in (*lacking.values(), order("SOUND")):
        assert signed(bridge, body).status_code == 200
    until(lambda: bridge.books.numbers(NoticeState.SHOWN)["SOUND"] == 1, "the sound record is shown", 20)

    held = bridge.books.held()
    assert {number: held.get(number) for number in lacking} == {
        "NO-CURRENCY": ("no_currency", "total"),
        "NO-UNIT": ("no_unit", "weight"),
        "NO-BUYER": ("required_missing", "buyer"),
        "EMPTY-BUYER": ("required_missing", "buyer"),
        "BARE-SIGN": ("no_currency", "total"),
        "NO-NUMBER": ("wrong_type", "total"),
    }
    texts = [row["text"] for row in bridge.sink.messages()]
    assert any("SOUND" in text for text in texts)
    assert not [text for text in texts if any(number in text for number in lacking)]


def test_fuzzed_bodies_half_of_them_signed(bridge: Installation) -> None:
    chance = random.Random(20261122)
    stored, before = bridge.books.inbox_rows(), sum(bridge.books.refused().values())
    replies: Counter[tuple[bool, int]] = Counter()
    bodies = [_fuzzed(chance, number) for number in range(FUZZED)]

    async def send(line: Line) -> None:
        for number, body in enumerate(bodies):
            genuine = number % 2 == 0
            headers = {"X-Signature": signature(body if genuine else body + b" ")}
            status, _ = await line.ask(request(body, headers))
            replies[genuine, status] += 1

    _on_one_line(bridge, send)

    assert {status for genuine, status in replies if genuine} <= {200, 400, 413}
    assert {status for genuine, status in replies if not genuine} <= {401, 413}
    taken = replies[True, 200]
    assert taken > FUZZED // 20
    assert sum(count for (_, status), count in replies.items() if status == 400) > FUZZED // 20
    until(lambda: sum(bridge.books.refused().values()) == before + FUZZED - taken, "each refusal is counted", 5)
    assert 0 < bridge.books.inbox_rows() - stored <= taken
    bridge.await_settled(30)
    assert bridge.books.unreadable() == 0
    assert "Traceback" not in bridge.relay.said() + bridge.worker.said()
    assert signed(bridge, order("AFTER-THE-FUZZ")).status_code == 200


def test_a_flood_is_told_to_come_again_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    numbers = iter(range(10**6))
    most = 1500

    def flood(_tally: Tally) -> Iterator[tuple[str, int, bytes]]:
        while (number := next(numbers)) < most:
            yield f"SO-{number}", 1, order(f"SO-{number}")

    with installation(tmp_path, BRIDGE, DINGBRIDGE_TICK_S="0.1", DINGBRIDGE_MAX_BACKLOG="50") as parts:
        parts.sink.ask("PATCH", "robots/robot-sales-hk", json={"limits": {"count": 1000, "window": 1, "block": 2}})
        parts.start_broker()
        parts.start_relay()
        sender = Sender(parts.port, [flood] * 32)
        sender.start()
        until(lambda: sender.tally.answers[503] > 50, "the relay says that it is overloaded", 20)
        reply = signed(parts, order("SO-ONE-MORE"))
        assert (reply.status_code, reply.headers["retry-after"]) == (503, "7")
        parts.worker.start()
        tally = sender.join(60)
        parts.await_settled(60)
        told = parts.books.numbers(NoticeState.SHOWN)
        refused = parts.books.refused()

    assert len(tally.acknowledged) == most
    assert told == Counter(tally.acknowledged)
    assert refused == {"overloaded": tally.answers[503] + 1}


@pytest.mark.parametrize("command", [["up"], ["relay"], ["relay", "--with-scheduler"], ["worker"], ["scheduler"]])
def test_a_configuration_error_starts_nothing(command: list[str], tmp_path: Path) -> None:
    state, port = tmp_path / "state", free_port()
    (tmp_path / "bridge.yaml").write_text(BRIDGE.replace("to: sales-hk", "to: sales-hq"))
    settings = environment(
        SHOP_KEY=KEY,
        HOOK_SALES_HK="http://127.0.0.1:9/robot/send?access_token=x",
        SECRET_SALES_HK="SECx",
        DINGBRIDGE_STATE_DIR=str(state),
        DINGBRIDGE_CONFIG=str(tmp_path / "bridge.yaml"),
        DINGBRIDGE_RELAY_PORT=str(port),
    )

    ended = run(command, settings)

    assert ended.returncode == 1
    assert "nothing was started" in ended.stderr
    assert "bridge.yaml:" in ended.stderr
    assert "sales-hq" in ended.stderr
    assert not state.exists()
    assert not listens(port)


def _on_one_line(parts: Installation, send: Callable[[Line], Awaitable[None]]) -> None:
    async def with_line() -> None:
        line = Line(parts.port)
        try:
            await send(line)
        finally:
            line.close()

    asyncio.run(with_line())


def _fuzzed(chance: random.Random, number: int) -> bytes:
    """A body that began as a sound order."""
    body = order(f"FZ-{number}")
    return chance.choice(_DAMAGE)(chance, body)


def _flipped(chance: random.Random, body: bytes) -> bytes:
    damaged = bytearray(body)
    for _ in range(chance.randint(1, 6)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def _cut(chance: random.Random, body: bytes) -> bytes:
    return body[: chance.randrange(len(body))]


def _noise(chance: random.Random, _body: bytes) -> bytes:
    return chance.randbytes(chance.randrange(600))


def _strange_value(chance: random.Random, body: bytes) -> bytes:
    whole = json.loads(body)
    whole[chance.choice(list(whole))] = chance.choice(_VALUES)
    return json.dumps(whole).encode()


def _strange_token(chance: random.Random, body: bytes) -> bytes:
    return body[:-1] + b', "total": ' + chance.choice(_TOKENS) + b"}"


def _repeated(chance: random.Random, body: bytes) -> bytes:
    return body * chance.choice([2, 100])


_DAMAGE = (_flipped, _cut, _noise, _strange_value, _strange_token, _repeated)
_VALUES: list[Any] = [
    None, True, -1, 0.1, 10**120, "", " ", "\x00", "\ud800", "\u202e", "x" * 600, [], {}, [[]], [{"a": [{}]}],
    {"a": {"b": {}}}, ["", None, 1], "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "NaN", "1e999999999",
]  # fmt: skip
_TOKENS = [b"NaN", b"Infinity", b"1e999999", b"-0", b"1" * 300, b'"\\ud800"', b"\xff", b"{" * 200, b"[" * 9 + b"]" * 9]
