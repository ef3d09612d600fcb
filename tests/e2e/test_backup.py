"""Back up while it runs, go on sending, lose the ledger, restore, run: the chat shows nothing twice."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from tests.processes.installation import Installation, installation, until
from tests.processes.process import run
from tests.processes.sender import ask, event, request
from worker.ledger.tables import NoticeState

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
destinations:
  sales-hk:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings:
      kind: robot
      webhook: env:HOOK_SALES_HK
      secret: env:SECRET_SALES_HK
      quota: {limit: 1000, window: 1s, block: 2s}
routes:
  orders: {from: shop.order, to: sales-hk, title: Order, fields: [buyer]}
"""


def push(parts: Installation, bodies: list[bytes]) -> None:
    assert {status for status, _ in ask(parts.port, [request(body) for body in bodies])} == {200}


def shown(parts: Installation, numbers: list[str]) -> dict[str, int]:
    """How often the chat shows each number."""
    text = "\n".join(row["text"] for row in parts.sink.messages())
    return {number: text.count(number) for number in numbers}


def said(parts: Installation, *command: str) -> str:
    done = run([*command, "--json"], parts.worker._settings)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_may_have_been_sent_is_held_and_the_rest_goes_on(tmp_path: Path) -> None:
    early, window, late = (
        {f"{name}-{n:03}-X": event("order", f"{name}-{n:03}-X", 1, buyer="Harbour") for n in range(20)}
        for name in ("EARLY", "WINDOW", "LATE")
    )
    file = tmp_path / "ledger.backup"
    with installation(tmp_path, BRIDGE, DINGBRIDGE_TICK_S="0.2") as parts:
        parts.sink.ask("PATCH", "robots/robot-sales-hk", json={"limits": {"count": 1000, "window": 1, "block": 2}})
        parts.start()
        push(parts, list(early.values()))
        parts.await_settled(30)

        assert msgspec.json.decode(said(parts, "backup", str(file)))["size"] > 0
        push(parts, list(window.values()))
        parts.await_settled(30)
        in_use = run(["restore", str(file)], parts.worker._settings)
        assert (in_use.returncode, "is in use" in in_use.stderr) == (1, True)

        for process in (parts.worker, parts.relay):
            process.kill()
        parts.books.close()
        shutil.move(tmp_path / "state" / "ledger.sqlite3", tmp_path / "lost")
        said(parts, "restore", str(file))
        parts.start_relay()
        parts.worker.start()

        soon = (datetime.now(UTC) + timedelta(minutes=6)).isoformat()
        push(parts, [*early.values(), *window.values()])
        push(parts, [json.dumps({**json.loads(body), "at": soon}).encode() for body in late.values()])
        parts.await_settled(30)

        everything = [*early, *window, *late]
        once = dict.fromkeys(everything, 1)
        assert shown(parts, everything) == once
        assert parts.books.numbers(NoticeState.HELD) == Counter(list(window))

        missing = next(iter(window))
        ((number,),) = (one["ids"] for one in json.loads(said(parts, "held", "list")) if one["number"] == missing)
        said(parts, "held", "release", str(number))
        until(lambda: shown(parts, [missing])[missing] == 2, "what was released is shown", 20)
