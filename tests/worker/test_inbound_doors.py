"""Each door that DingTalk posts to, through the relay and over a ledger: nothing that comes makes it fail."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from connectors.contract import RawRequest, Refusal
from connectors.dingtalk.inbound import Inbound
from tests.connectors.dingtalk.callbacks import posts
from tests.connectors.dingtalk.callbacks.fuzz import DOORS, signed, unsigned
from tests.connectors.dingtalk.test_inbound import inbound
from worker.ledger import refusals
from worker.ledger.engine import Ledger
from worker.ledger.tables import signal
from worker.relay import Relay
from worker.writer import Writer

COUNT = 20_000
AT_ONCE = 250


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sign as of this minute, by which the relay judges."""
    monkeypatch.setattr(posts, "STAMP", str(int(time.time() * 1000)))


def client() -> Inbound:
    return inbound(
        application={
            "client_id": posts.OWNER,
            "client_secret": posts.APP_SECRET.decode(),
            "site": "http://127.0.0.1:9",
        },
        callbacks={
            "events": [{"token": posts.TOKEN, "aes_key": posts.AES_KEY}],
            "cards": [posts.API_SECRET.decode()],
            "robot": True,
        },
    )


async def post(relay: Relay, request: RawRequest) -> tuple[int, bytes]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in request.headers.items()]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/hooks/desk",
        "query_string": request.query.encode("latin-1", "replace"),
        "headers": headers,
        "client": ("127.0.0.1", 1),
    }
    await relay(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


async def post_all(relay: Relay, requests: Sequence[RawRequest]) -> list[int]:
    statuses: list[int] = []
    for first in range(0, len(requests), AT_ONCE):
        answers = await asyncio.gather(*(post(relay, each) for each in requests[first : first + AT_ONCE]))
        statuses += [status for status, _ in answers]
    return statuses


@pytest.mark.usefixtures("now")
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_whatever_comes_is_refused_with_a_4xx_or_stored(ledger: Ledger, door: str) -> None:
    chance = random.Random(door)
    requests = [(signed if number % 2 == 0 else unsigned)(chance, door) for number in range(COUNT)]
    writer = Writer(ledger, lambda: None, limit=AT_ONCE)
    relay = Relay({"desk": client()}, writer, ledger.sealer, lambda: True, lambda: True)
    try:
        statuses = Counter(asyncio.run(post_all(relay, requests)))
    finally:
        writer.close()
    assert set(statuses) <= {200, 400, 401, 413}
    assert statuses[200] > COUNT / 20
    with ledger.read() as connection:
        refused = refusals.counted(connection)
        stored = connection.execute(signal.select()).all()
    assert sum(refused.values()) == COUNT - statuses[200]
    assert len({reason for _, reason in refused}) >= 3
    assert 0 < len(stored) <= statuses[200]
    assert all(row.signal_id.isprintable() for row in stored)


@pytest.mark.usefixtures("now")
def test_who_presses_is_shown_what_the_ledger_knows(ledger: Ledger) -> None:
    writer = Writer(ledger, lambda: None, limit=4)

    async def shown(press: Any) -> dict[str, str]:
        return {"state": f"heard from {press.by}"}

    relay = Relay({"desk": client()}, writer, ledger.sealer, lambda: True, lambda: True, shown=shown)
    try:
        status, body = asyncio.run(post(relay, posts.press()))
    finally:
        writer.close()
    assert status == 200
    assert b"heard from manager4220" in body
    with ledger.read() as connection:
        assert [row.application for row in connection.execute(signal.select())] == ["desk"]


@pytest.mark.usefixtures("now")
def test_what_cannot_be_stored_is_not_acknowledged(ledger: Ledger) -> None:
    writer = Writer(ledger, lambda: None, limit=0)
    missed: list[str] = []
    relay = Relay({"desk": client()}, writer, ledger.sealer, lambda: True, lambda: True, unstored=missed.append)
    try:
        status, body = asyncio.run(post(relay, posts.event()))
    finally:
        writer.close()
    assert (status, body) == (503, Refusal.OVERLOADED.encode())
    assert missed == ["desk"]
