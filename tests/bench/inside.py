"""The product's parts inside this process, for figures that are CPU alone."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from config.bridge import load
from config.settings import Settings
from connectors.contract import RawRequest, Receives
from tests.bench.events import KEY, SECRET, request
from worker.embedded import EmbeddedValkey
from worker.ledger import arrivals, migrate
from worker.ledger.engine import now
from worker.wiring import Wiring

CHUNK = 500


@contextmanager
def inside(folder: Path, bridge: str, hooks: Mapping[str, str], database_url: str | None = None) -> Iterator[Wiring]:
    """The parts of one worker on a bridge file of its own; `hooks` are variables that the file names."""
    folder.mkdir(exist_ok=True)
    file = folder / "bridge.yaml"
    file.write_text(bridge)
    broker = EmbeddedValkey(folder / "broker")
    known = {"SHOP_KEY": KEY, "HOOK_SECRET": SECRET, **hooks}
    with mock.patch.dict(os.environ, known), broker:
        settings = Settings(config=file, state_dir=folder, redis_url=broker.url)
        if database_url:
            settings = settings.model_copy(update={"database_url": database_url})
        wiring = Wiring(settings, load(file), "bench")
        migrate.upgrade(wiring.ledger)
        # as a worker does when it starts
        gc.collect()
        gc.freeze()
        yield wiring
        wiring.ledger.close()


def receive(wiring: Wiring, bodies: list[bytes]) -> None:
    """Take events as the relay takes them: verified, parsed, sealed, stored."""
    receiver = wiring.receivers()["shop"]
    for start in range(0, len(bodies), CHUNK):
        rows = [row for body in bodies[start : start + CHUNK] for row in rows_of(wiring, receiver, body)]
        with wiring.ledger.write() as connection:
            arrivals.add(wiring.ledger, connection, rows)


def rows_of(wiring: Wiring, receiver: Receives, body: bytes) -> list[dict[str, object]]:
    head, _, _ = request(body).partition(b"\r\n\r\n")
    pairs = (line.partition(b": ") for line in head.split(b"\r\n")[1:])
    headers = {name.decode().lower(): value.decode() for name, _, value in pairs}
    received = receiver.receive(RawRequest("POST", headers, "", body, datetime.now(UTC)))
    if received.refusal is not None:
        raise ValueError(received.reason)
    return [
        arrivals.row(record, received_at=now(), pushed=True, baseline=False, sealer=wiring.ledger.sealer)
        for record in received.records
    ]


def decide_all(wiring: Wiring) -> None:
    """Decide until nothing is undecided."""
    decider = wiring.decider()
    while decider.step():
        continue
