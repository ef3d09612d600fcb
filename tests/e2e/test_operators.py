"""What operators get of a running installation: faults by every way, logs without payloads, an end without repetition."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.mailbox import Mailbox, mailbox
from tests.processes.installation import Installation, installation, until
from tests.processes.process import run
from tests.processes.sender import Sender, Tally, event, signature
from tests.processes.sink import Quota
from worker.ledger.tables import NoticeState

MARK = "a-text-that-must-stand-in-no-log-line"
HOOK_KEY = "the-key-that-signs-the-webhook"
SAID = ("relay listens on ", "worker: Warm shutdown")
"""What is said to a person who starts and stops a process; everything else is a log line."""

PACE_S = 0.03
BRIDGE = """
version: 1
sources:
  shop:
    connector: generic
    settings:
      kind: order
      signature: {keys: [env:SHOP_KEY], prefix: "sha256="}
      id: id
      number: number
      time: at
      version: rev
    kinds:
      order:
        fields:
          buyer: {path: buyer, type: text}
          total: {path: total, type: money, currency_path: currency}
destinations:
  sales-hk:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: robot, webhook: env:HOOK_SALES_HK, secret: env:SECRET_SALES_HK, quota: QUOTA}
  ops:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: robot, webhook: env:HOOK_MANAGEMENT, secret: env:SECRET_MANAGEMENT}
routes:
  orders: {from: shop.order, to: sales-hk, title: Order, fields: [buyer, total], merge: never}
"""
QUOTA = "{limit: 1000, window: 1s, block: 2s}"
ROOM = Quota(count=1000, window_s=1, block_s=2)
OPERATORS = """
operators:
  destination: ops
  zone: Asia/Hong_Kong
  smtp: {host: 127.0.0.1, port: PORT, security: none, from: bridge@example.com, to: ops@example.com}
  webhook: {url: "URL", secret: env:FAULTS_KEY}
"""


@pytest.fixture
def post() -> Iterator[Mailbox]:
    with mailbox() as one:
        yield one


def push(parts: Installation, number: str, **fields: Any) -> int:
    body = event("order", number, 1, buyer=MARK, **fields)
    url = f"http://127.0.0.1:{parts.port}/hooks/shop"
    return requests.post(url, body, headers={"X-Signature": signature(body)}, timeout=10).status_code


def ask(parts: Installation, *arguments: str) -> Any:
    answer = run([*arguments, "--json"], parts.worker._settings)
    assert answer.stdout, answer.stderr
    return answer.returncode, json.loads(answer.stdout)


def shown(parts: Installation) -> list[Any]:
    return [one for one in parts.sink.messages() if one["robot"] == "robot-management"]


def test_a_fault_reaches_operators_by_every_way_and_no_log_line_holds_a_payload(
    tmp_path: Path, post: Mailbox, httpserver: HTTPServer
) -> None:
    posted: list[Any] = []

    def take(request: Request) -> Response:
        posted.append(request.get_json())
        return Response(status=204)

    httpserver.expect_request("/faults").respond_with_handler(take)
    told = OPERATORS.replace("PORT", str(post.port)).replace("URL", httpserver.url_for("/faults"))
    bridge = (BRIDGE + told).replace("QUOTA", QUOTA)
    settings = {
        "DINGBRIDGE_TICK_S": "0.2",
        "DINGBRIDGE_MONITOR_S": "0.5",
        "DINGBRIDGE_LOG_LEVEL": "debug",
        "FAULTS_KEY": HOOK_KEY,
    }
    with installation(tmp_path, bridge, **settings) as parts:
        parts.sink.limit("robot-sales-hk", ROOM)
        parts.start()
        until(lambda: push(parts, "SO-1", total="1.50", currency="HKD") == 200, "a push is taken", 20)
        until(lambda: "SO-1" in parts.books.numbers(NoticeState.SHOWN), "it is shown", 20)
        # what cannot be trusted, what is refused, what is unsigned, what nobody can read
        push(parts, "SO-2", total="1.50")
        parts.sink.refuse(310000, robot="robot-sales-hk", seconds=600)
        push(parts, "SO-3", total="2.50", currency="HKD")
        requests.post(f"http://127.0.0.1:{parts.port}/hooks/shop", MARK.encode(), timeout=10)
        until(lambda: bool(post.mails) and bool(posted), "mail and webhook are told", 30)
        said = "takes no messages until somebody corrects it"
        until(lambda: said in json.dumps(shown(parts)), "the group of the operators is told", 30)
        assert b"destination misconfigured sales-hk" in post.mails[0]
        assert [fault["kind"] for fault in posted[0]["faults"]] == ["destination_misconfigured"]
        code, status = ask(parts, "status")
        assert (code, status["workers"]) == (1, ["worker-1"])
        assert [fault["key"] for fault in status["faults"]] == ["destination_misconfigured sales-hk"]
        scraped = requests.get(f"http://127.0.0.1:{parts.port}/metrics", timeout=10).text
        assert 'dingbridge_faults{kind="destination_misconfigured"} 1.0' in scraped
        code, checks = ask(parts, "doctor")
        assert {one["name"] for one in checks if one["state"] == "bad"} == set(), checks
        assert code == 0
        parts.kill_broker()
        time.sleep(2)
        parts.start_broker()
        time.sleep(1)
        parts.worker.stop()
        parts.relay.stop()
        lines = [line for process in (parts.relay, parts.worker) for line in process.said().splitlines()]
        tokens = [one["webhook"].partition("access_token=")[2] for one in parts.sink.robots.values()]
    secrets = [MARK, HOOK_KEY, *tokens, *(one["secret"] for one in parts.sink.robots.values())]
    assert len(lines) > 5
    assert [line for line in lines if any(secret in line for secret in secrets)] == []
    logged = [line for line in lines if line and not line.startswith(SAID)]
    assert [line for line in logged if "event" not in json.loads(line)] == []


def orders(_: Tally) -> Iterator[tuple[str, int, bytes]]:
    for n in count():
        number = f"D-{n}"
        yield number, 1, event("order", number, 1, buyer="x", total="1.50", currency="HKD")
        time.sleep(PACE_S)


def test_a_worker_and_a_relay_that_are_told_to_stop_end_without_repetition(tmp_path: Path) -> None:
    with installation(tmp_path, BRIDGE.replace("QUOTA", QUOTA), DINGBRIDGE_TICK_S="0.2") as parts:
        parts.sink.limit("robot-sales-hk", ROOM)
        parts.sink.fault(hang=0.05, seconds=600)
        parts.start()
        sender = Sender(parts.port, [orders])
        sender.start()
        for _ in range(2):
            until(lambda: len(parts.books.in_flight()) >= 2, "requests are on their way", 20, look_s=0.01)
            parts.worker.signal(signal.SIGTERM)
            parts.worker.running.wait(20)
            assert parts.books.in_flight() == set()
            parts.relay.signal(signal.SIGTERM)
            parts.relay.running.wait(20)
            parts.start_relay()
            parts.worker.start()
        sender.stop()
        tally = sender.join(60)
        parts.await_settled(60)
        sends = Counter(one["outcome"] for one in parts.sink.arrivals("robot-sales-hk"))
        numbers = parts.books.numbers(NoticeState.SHOWN)
        attempts = parts.books.attempts()
    assert set(numbers) == set(tally.acknowledged)
    assert len(numbers) > 10
    assert set(sends) == {"shown"}
    assert not any(name.startswith("unknown") for name in attempts), attempts
    assert tally.answers[503] > 0
