"""A source that announces its records, as users run it: processes, scheduler, tasks, a worker that is killed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.processes import Installation, Running
from tests.worker.stand_ins import within

BRIDGE = """
version: 1
connectors: [tests.worker.filed]
sources:
  erp:
    connector: filed
    settings: {folder: FOLDER}
    kinds: {order: {fields: {number: {path: id, type: text}}}}
destinations:
  sales:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: robot, webhook: env:ROBOT, secret: env:ROBOT_SECRET}
routes:
  orders: {from: erp.order, to: sales, title: Order, fields: [number]}
"""
NEW, OLD = "2026-11-22T09:30:00+00:00", "2026-11-22T09:29:00+00:00"


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    folder = tmp_path / "erp"
    folder.mkdir()
    return Installation(tmp_path, BRIDGE.replace("FOLDER", str(folder)), DINGBRIDGE_PUBLIC_URL="https://bridge.example")


@pytest.fixture
def up(here: Installation) -> Iterator[Running]:
    with here.running("up") as running:
        running.line("relay listens on ")
        yield running


def source(here: Installation) -> Path:
    return here.folder / "erp"


def lines(here: Installation, name: str) -> list[str]:
    book = source(here) / name
    return book.read_text().splitlines() if book.exists() else []


def asked(here: Installation, query: str) -> list[tuple[object, ...]]:
    ledger = sqlite3.connect(here.state / "ledger.sqlite3", timeout=20)
    try:
        return ledger.execute(query).fetchall()
    finally:
        ledger.close()


def push(up: Running, **stamps: str) -> int:
    port = int(up.line("relay listens on ").split("/hooks/")[0].rsplit(":", 1)[1])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        connection.request("POST", "/hooks/erp", json.dumps(stamps))
        return connection.getresponse().status
    finally:
        connection.close()


def test_what_is_announced_arrives_and_the_source_is_subscribed_to(here: Installation, up: Running) -> None:
    assert within(20, lambda: lines(here, "subscribed") == ["https://bridge.example/hooks/erp None"])
    (source(here) / "SO-1.json").write_text(json.dumps({"at": OLD}))
    assert push(up, **{"SO-1": NEW}) == 202
    assert within(20, lambda: asked(here, "SELECT version, pushed FROM inbox") == [(OLD, 1)])
    (source(here) / "SO-1.json").write_text(json.dumps({"at": NEW}))
    assert within(20, lambda: asked(here, "SELECT record_id FROM hint") == [])
    assert asked(here, "SELECT version FROM inbox ORDER BY seq") == [(OLD,), (NEW,)]
    told = here.run("status")
    assert "subscription: last renewed" in told.stdout
    assert any(
        "erp pushes to https://bridge.example/hooks/erp" in line for line in here.run("doctor").stdout.splitlines()
    )


def test_a_worker_that_is_killed_while_it_reads_goes_on_when_it_is_back(here: Installation, up: Running) -> None:
    (source(here) / "slow").touch()
    (source(here) / "SO-1.json").write_text(json.dumps({"at": NEW}))
    assert push(up, **{"SO-1": NEW}) == 202
    assert within(20, lambda: lines(here, "asked") == ["SO-1"])
    killed = here.pid("worker --name")
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    (source(here) / "slow").unlink()
    assert within(30, lambda: asked(here, "SELECT version FROM inbox") == [(NEW,)])
    assert within(10, lambda: asked(here, "SELECT record_id FROM hint") == [])
    assert lines(here, "asked") == ["SO-1", "SO-1"]


def test_check_says_that_the_address_is_missing(here: Installation) -> None:
    assert here.run("check").returncode == 0
    del here.environment["DINGBRIDGE_PUBLIC_URL"]
    told = here.run("check")
    assert told.returncode == 1
    assert "sources.erp: it is subscribed to and needs to know where the relay is" in told.stdout
    told = here.run("doctor")
    assert "erp cannot reach the relay: set DINGBRIDGE_PUBLIC_URL" in told.stdout
