"""Real HTTP against the relay, over a real ledger: the generic connector receives."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from connectors.contract import Receives
from connectors.generic.receiver import Receiver
from connectors.generic.settings import GenericSettings
from tests.worker.stand_ins import Broken, no_answer, rows, served, within
from worker import relay as relaying
from worker import storing
from worker.ledger import refusals
from worker.ledger.engine import Ledger
from worker.ledger.tables import inbox, metadata
from worker.relay import Relay
from worker.writer import Writer

KEY = "a-shared-key-of-the-shop"
LIMIT = 2000
SETTINGS: dict[str, Any] = {
    "signature": {"keys": [KEY]},
    "kind": "order",
    "id": "id",
    "version": "version",
    "max_body": LIMIT,
}
SHOP: Receives = Receiver("shop", GenericSettings.model_validate(SETTINGS))


def order(number: int, **other: Any) -> bytes:
    return json.dumps({"id": f"o{number}", "version": f"v{number}", **other}).encode()


def signed(body: bytes) -> dict[str, str]:
    return {"X-Signature": hmac.digest(KEY.encode(), body, hashlib.sha256).hex()}


@dataclass
class Door:
    """A relay that listens."""

    port: int
    ledger: Ledger
    broken: Broken
    writer: Writer
    draining: threading.Event
    state: dict[str, bool] = field(default_factory=lambda: {"overloaded": False})

    def ask(self, method: str, path: str, body: bytes = b"", headers: Any = None) -> tuple[int, bytes, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}
        finally:
            connection.close()

    def push(self, body: bytes) -> int:
        return self.ask("POST", "/hooks/shop", body, signed(body))[0]

    def stored(self) -> list[str]:
        return [row.record_id for row in rows(self.ledger, inbox)]

    def refused(self) -> dict[tuple[str, str], int]:
        with self.ledger.read() as connection:
            return refusals.counted(connection)

    @contextmanager
    def raw(self, head: str) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=15) as sock:
            sock.sendall(f"POST /hooks/shop HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())
            yield sock


@contextmanager
def door(ledger: Ledger, *, limit: int = 64, ready: bool = True) -> Iterator[Door]:
    broken = Broken(ledger)
    writer = Writer(ledger, lambda: None, limit=limit)
    state = {"overloaded": False}
    relay = Relay({"shop": SHOP}, writer, ledger.sealer, lambda: state["overloaded"], lambda: ready)
    try:
        with served(relay) as port:
            yield Door(port, ledger, broken, writer, relay.draining, state)
    finally:
        if broken.gate is not None:
            broken.gate.set()
        writer.close()


@pytest.fixture
def shop(ledger: Ledger) -> Iterator[Door]:
    with door(ledger) as one:
        yield one


def test_a_push_is_on_disk_when_it_is_acknowledged(shop: Door) -> None:
    shop.broken.gate = threading.Event()
    answers: list[int] = []
    pushing = threading.Thread(target=lambda: answers.append(shop.push(order(1))))
    pushing.start()
    pushing.join(0.3)
    assert not answers
    assert shop.stored() == []
    shop.broken.gate.set()
    pushing.join(10)
    assert answers == [200]
    assert shop.stored() == ["o1"]


def test_a_write_that_fails_is_not_acknowledged_and_leaves_nothing(shop: Door) -> None:
    shop.broken.failures.extend([no_answer(), no_answer()])
    status, body, headers = shop.ask("POST", "/hooks/shop", order(1), signed(order(1)))
    assert (status, headers["retry-after"]) == (503, "5")
    assert b"send it again" in body
    assert shop.stored() == []
    assert shop.push(order(1)) == 200
    assert shop.stored() == ["o1"]


def test_a_write_that_takes_too_long_is_answered_and_the_repetition_is_one_row(
    shop: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "STORE_S", 0.2)
    shop.broken.gate = threading.Event()
    assert shop.push(order(1)) == 503
    shop.broken.gate.set()
    assert shop.push(order(1)) == 200
    assert shop.stored() == ["o1"]


def test_the_same_event_is_acknowledged_again_and_stored_once(shop: Door) -> None:
    assert [shop.push(order(1)), shop.push(order(1)), shop.push(order(2))] == [200, 200, 200]
    assert shop.stored() == ["o1", "o2"]


def test_many_at_once_are_all_stored(shop: Door) -> None:
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda n=n: statuses.append(shop.push(order(n)))) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)
    assert statuses == [200] * 40
    assert sorted(shop.stored()) == sorted(f"o{n}" for n in range(40))


def test_a_full_queue_gets_the_vendors_overload_reply(ledger: Ledger) -> None:
    with door(ledger, limit=1) as shop:
        shop.broken.gate = threading.Event()
        held = threading.Thread(target=shop.push, args=(order(1),))
        held.start()
        assert within(5, lambda: len(shop.writer._entries) == 1)
        status, body, headers = shop.ask("POST", "/hooks/shop", order(2), signed(order(2)))
        assert (status, body, headers["retry-after"]) == (503, b"overloaded", "30")
        shop.broken.gate.set()
        held.join(10)
        assert within(5, lambda: shop.refused() == {("shop", "overloaded"): 1})
        assert shop.stored() == ["o1"]


def test_a_backlog_is_refused_before_the_body_is_read(shop: Door) -> None:
    shop.state["overloaded"] = True
    with shop.raw("Content-Length: 1000\r\nExpect: nothing") as sock:
        assert b" 503 " in sock.recv(1000).splitlines()[0]
    shop.state["overloaded"] = False
    assert shop.push(order(1)) == 200


def test_a_body_over_the_limit_is_refused(shop: Door) -> None:
    body = order(1, note="x" * LIMIT)
    assert shop.push(body) == 413
    assert within(5, lambda: shop.refused() == {("shop", "too_large"): 1})
    assert shop.stored() == []


def test_a_chunked_body_is_refused_while_it_comes(shop: Door) -> None:
    with shop.raw("Transfer-Encoding: chunked") as sock:
        for _ in range(3):
            sock.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")
        # the end of the body was never sent
        assert b" 413 " in sock.recv(1000).splitlines()[0]


def test_a_declared_length_over_the_limit_is_refused_before_the_body(shop: Door) -> None:
    with shop.raw(f"Content-Length: {LIMIT + 1}") as sock:
        assert b" 413 " in sock.recv(1000).splitlines()[0]


def test_a_lying_length_never_stores_a_piece(shop: Door) -> None:
    body = order(1)
    headers = "\r\n".join(f"{k}: {v}" for k, v in signed(body).items())
    with shop.raw(f"{headers}\r\nContent-Length: {len(body) - 5}") as sock:
        sock.sendall(body)
        # 401: the piece does not fit its signature; 400: what is left over is no request
        assert sock.recv(1000).split()[1] in {b"400", b"401"}
    with shop.raw(f"{headers}\r\nContent-Length: {len(body) + 5}") as sock:
        sock.sendall(body)
        sock.shutdown(socket.SHUT_WR)
        assert b" 200 " not in sock.recv(1000)
    assert shop.stored() == []


def test_a_slow_body_is_given_up(shop: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relaying, "READ_S", 0.2)
    with shop.raw("Content-Length: 100") as sock:
        sock.sendall(b"{")
        answer = sock.recv(1000)
        assert b" 408 " in answer.splitlines()[0]
        # the connection is closed as well: otherwise the slow sender would keep it
        assert sock.recv(1000) == b""


def test_whoever_leaves_early_disturbs_nobody(shop: Door, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        with shop.raw("Content-Length: 100") as sock:
            sock.sendall(b"{")
        with shop.raw("Transfer-Encoding: chunked") as sock:
            sock.sendall(b"5\r\n{")
        assert shop.push(order(1)) == 200
    assert shop.stored() == ["o1"]
    assert caplog.records == []


def test_what_is_no_push_is_told(shop: Door) -> None:
    body = order(1)
    assert shop.ask("POST", "/hooks/unknown", body, signed(body))[0] == 404
    assert shop.ask("POST", "/", body)[0] == 404
    assert shop.ask("POST", "/shop", body)[0] == 404
    assert shop.ask("POST", "/hooks/shop/", body)[0] == 404
    status, _, headers = shop.ask("GET", "/hooks/shop")
    assert (status, headers["allow"]) == (405, "POST")
    assert shop.stored() == []


def test_a_refusal_is_counted_and_nothing_of_it_is_kept(shop: Door, ledger: Ledger) -> None:
    secret = b'{"id": "o1", "version": "v1", "note": "a-very-secret-note"}'
    assert shop.ask("POST", "/hooks/shop", secret)[0] == 401
    assert shop.ask("POST", "/hooks/shop", secret, signed(b"other"))[0] == 401
    assert shop.ask("POST", "/hooks/shop", secret, signed(b"else"))[0] == 401
    assert shop.push(b"{" + secret) == 400
    counted = {("shop", "unsigned"): 1, ("shop", "bad_signature"): 2, ("shop", "malformed"): 1}
    assert within(5, lambda: shop.refused() == counted)
    assert shop.stored() == []
    assert "secret-note" not in str([rows(ledger, table) for table in metadata.sorted_tables])


def test_what_was_taken_is_sealed(shop: Door, ledger: Ledger) -> None:
    assert shop.push(order(1, note="a-very-secret-note")) == 200
    (row,) = rows(ledger, inbox)
    assert b"secret-note" not in row.payload
    assert row.pushed
    assert not row.baseline


def test_health_and_readiness(ledger: Ledger) -> None:
    with door(ledger) as shop:
        assert shop.ask("GET", "/healthz")[:2] == (200, b'{"ok":true}')
        assert shop.ask("GET", "/readyz")[:2] == (200, b'{"ready":true}')
    with door(ledger, ready=False) as shop:
        assert shop.ask("GET", "/healthz")[0] == 200
        assert shop.ask("GET", "/readyz")[:2] == (503, b'{"ready":false}')


def scraping(ledger: Ledger, token: str = "") -> Relay:
    return Relay(
        {}, Writer(ledger, lambda: None, limit=1), ledger.sealer, lambda: False, lambda: True, lambda: b"m 1\n", token
    )


def scrape(relay: Relay, **headers: str) -> int:
    with served(relay) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
        connection.request("GET", "/metrics", headers=headers)
        status = connection.getresponse().status
        connection.close()
    relay.writer.close()
    return status


def test_metrics_are_for_this_machine_and_not_for_who_comes_through_a_proxy(ledger: Ledger) -> None:
    assert scrape(scraping(ledger)) == 200
    assert scrape(scraping(ledger), **{"X-Forwarded-For": "203.0.113.9"}) == 403


def test_metrics_with_a_token_are_for_who_has_it(ledger: Ledger) -> None:
    assert scrape(scraping(ledger, "a-token")) == 403
    assert scrape(scraping(ledger, "a-token"), Authorization="Bearer another") == 403
    assert scrape(scraping(ledger, "a-token"), Authorization="Bearer a-token") == 200


def test_a_relay_that_drains_takes_nothing_new_and_says_so(shop: Door) -> None:
    assert shop.push(order(1)) == 200
    shop.draining.set()
    status, _, headers = shop.ask("POST", "/hooks/shop", order(2), signed(order(2)))
    assert (status, headers["connection"]) == (503, "close")
    assert "retry-after" in headers
    assert shop.ask("GET", "/readyz")[0] == 503
    assert shop.ask("GET", "/healthz")[0] == 200
    assert shop.stored() == ["o1"]
