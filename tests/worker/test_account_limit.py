"""The calls that an account allows at once are never exceeded, whichever processes make them, and however they stand still."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.netsuite.sandbox import create
from tests.connectors.netsuite.sandbox.served import Served, fresh
from tests.contract.test_netsuite import token
from tests.served import serving
from worker.ledger.engine import Ledger

ROOT = Path(__file__).parents[2]
PROCESSES = 4
CALLS = 15
CONCURRENCY, HEADROOM = 5, 2
STOPPED_S = 3.0


@pytest.fixture
def account() -> Iterator[Served]:
    with serving(create) as host, fresh(host) as served:
        served.control("POST", "/settings", {"account_concurrency": CONCURRENCY})
        yield served


def settings(account: Served) -> dict[str, Any]:
    return {
        "account": account.facts["account"],
        "zone": account.facts["company_zone"],
        "base_url": account.base,
        "auth": {"tba": token(account.facts, "integration")},
        "kinds": {"customer": {"fields": ["companyName"]}},
        "concurrency": CONCURRENCY,
        "headroom": HEADROOM,
    }


def test_four_processes_of_which_one_stands_still_between_grant_and_call(
    ledger: Ledger, valkey: str, prefix: str, account: Served
) -> None:
    account.control("POST", "/slow", {"seconds": 0.05, "count": 10_000})
    given = {"ledger": ledger.url, "redis": valkey, "prefix": prefix, "settings": settings(account), "calls": CALLS}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.worker.caller", json.dumps({**given, "waits_at": 3 if number == 0 else -1})],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    try:
        assert processes[0].stdout is not None
        assert processes[0].stdout.readline() == "granted\n"
        os.kill(processes[0].pid, signal.SIGSTOP)
        time.sleep(STOPPED_S)
        os.kill(processes[0].pid, signal.SIGCONT)
        said = [process.communicate(timeout=60)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait(10)
    assert said == ["done\n"] * PROCESSES
    counted = account.control("GET", "/governance")
    assert counted["refused"] == 0
    assert 1 < counted["highest"] <= CONCURRENCY - HEADROOM
