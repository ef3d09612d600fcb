"""How soon somebody who presses a button is answered while the ledger is busy with other things."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Report
from tests.processes.installation import Installation, installation
from tests.processes.sender import Line, event, request
from worker.ledger.tables import signal

SECRET = "an-api-secret-of-this-test"
ADDRESS = """
version: 1
applications:
  desk:
    connector: dingtalk
    settings:
      application: {client_id: dingsandboxapp, client_secret: file:app.secret, site: SITE}
      stream: {events: false, presses: false, words: true}
      callbacks: {cards: [env:CARD_SECRET]}
sources:
  shop:
    connector: generic
    settings: {kind: order, id: id, version: rev, number: number, signature: {keys: [env:SHOP_KEY], prefix: "sha256="}}
    kinds:
      order: {fields: {buyer: {path: buyer, type: text}}}
destinations:
  sales:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: robot, webhook: env:HOOK_SALES_HK, secret: env:SECRET_SALES_HK}
routes:
  orders: {from: shop.order, to: sales, title: Order, fields: [buyer]}
"""
LINES, EVENTS_A_SECOND, PRESSES, PRESSES_A_SECOND = 8, 200, 240, 20
MOST_MS = 300.0

pytestmark = pytest.mark.faults


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, ADDRESS, CARD_SECRET=SECRET) as parts:
        app = parts.sink.ask("GET", "")["apps"][0]
        (tmp_path / "bridge.yaml").write_text(ADDRESS.replace("SITE", parts.sink.base))
        (tmp_path / "app.secret").write_text(app["client_secret"])
        (tmp_path / "app.secret").chmod(0o600)
        parts.start()
        yield parts


def press(number: int) -> bytes:
    stamp = str(int(time.time() * 1000))
    sign = base64.b64encode(hmac.digest(SECRET.encode(), stamp.encode(), "sha256")).decode()
    content = json.dumps({"cardPrivateData": {"actionIds": ["approve"], "params": {"n": str(number)}}})
    body = {
        "type": "actionCallback",
        "outTrackId": f"card-{number}",
        "corpId": "c",
        "userId": "u-amy",
        "content": content,
    }
    headers = {"x-ddpaas-signature-timestamp": stamp, "x-ddpaas-signature": sign, "content-type": "application/json"}
    return request(json.dumps(body).encode(), headers, "desk")


async def load(port: int, line: int, ended: asyncio.Event) -> int:
    """Push events at this line's share of the rate until the end; returns how many."""
    wire, number, began = Line(port), 0, time.monotonic()
    while not ended.is_set():
        body = event("order", f"SO-{line}-{number}", 1, buyer="Harbour Trading")
        assert (await wire.ask(request(body)))[0] == 200
        number += 1
        await asyncio.sleep(max(began + number * LINES / EVENTS_A_SECOND - time.monotonic(), 0))
    wire.close()
    return number


async def presses(port: int, ended: asyncio.Event) -> list[float]:
    """Press at a steady rate, each in its own time; returns how long each answer took, in seconds."""
    lines = [Line(port) for _ in range(4)]
    took: list[float] = []

    async def one(number: int) -> None:
        raw, begun = press(number), time.monotonic()
        assert (await lines[number % 4].ask(raw))[0] == 200
        took.append(time.monotonic() - begun)

    for first in range(0, PRESSES, 4):
        begun = time.monotonic()
        await asyncio.gather(*(one(first + n) for n in range(4)))
        await asyncio.sleep(max(begun + 4 / PRESSES_A_SECOND - time.monotonic(), 0))
    ended.set()
    for line in lines:
        line.close()
    return took


async def both(port: int) -> tuple[list[float], int]:
    ended = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        pressed = group.create_task(presses(port, ended))
        pushed = [group.create_task(load(port, line, ended)) for line in range(LINES)]
    return pressed.result(), sum(each.result() for each in pushed)


def test_who_presses_is_answered_while_the_ledger_is_under_load(parts: Installation, report: Report) -> None:
    took, pushed = asyncio.run(both(parts.port))
    took.sort()
    p50_ms, p99_ms = (round(took[int(len(took) * share)] * 1000, 1) for share in (0.5, 0.99))
    report({"pushed": pushed, "presses": len(took), "p50_ms": p50_ms, "p99_ms": p99_ms})
    assert p99_ms < MOST_MS
    assert len(parts.books.rows(signal.select())) == PRESSES
    assert pushed > EVENTS_A_SECOND * PRESSES / PRESSES_A_SECOND / 2
