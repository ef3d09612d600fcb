"""A worker that calls a NetSuite account again and again, as a process of its own: `python -m tests.worker.caller`.

Its one argument is JSON: ledger and Redis by URL, the limiter's prefix, the source's settings, how many calls to make,
and on which of them it says "granted" and waits a moment before it calls.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import redis

from connectors.netsuite import CONNECTOR
from connectors.netsuite.client import Client
from pipelines.plan import Lane
from tests.contract.case import local_services
from tests.served import served_session
from tests.worker.stand_ins import SEALER
from worker.asking import Asking, Source
from worker.ledger.engine import Ledger
from worker.limiter import Limiter

PATIENCE_S = 30.0


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main() -> None:
    given = json.loads(sys.argv[1])
    services = replace(local_services(), session=served_session, now=lambda: datetime.now(UTC))
    client = CONNECTOR.build("erp", CONNECTOR.settings.model_validate(given["settings"]), services)
    assert isinstance(client, Client)
    ledger = Ledger(given["ledger"], SEALER)
    limiter = Limiter(redis.Redis.from_url(given["redis"]), prefix=given["prefix"])
    ask = Asking(ledger, limiter, Lane.NORMAL, PATIENCE_S)
    source = Source("erp", client, tuple(client.budgets()), {})

    def call(number: int) -> None:
        if number == given["waits_at"]:
            say("granted")
            time.sleep(0.3)
        client.read("customer", ["1"])

    for number in range(given["calls"]):
        ask(source, partial(call, number))
    say("done")


if __name__ == "__main__":
    main()
