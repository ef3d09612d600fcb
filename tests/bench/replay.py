"""`python -m tests.bench.replay [FACTS]`: approvals beside a long replay (100,000 facts); prints one JSON object."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import msgspec
import redis

from tests.worker.replaying import WINDOW_S, measure
from worker.embedded import EmbeddedValkey
from worker.ledger import migrate
from worker.ledger.engine import Ledger
from worker.ledger.seal import Sealer
from worker.limiter import Limiter

SAMPLES = 60


def main() -> int:
    facts = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory(prefix="dingbridge-bench-", dir=os.environ.get("BENCH_DIR")) as home:
        ledger = Ledger(f"sqlite:///{Path(home, 'ledger.sqlite3')}", Sealer(b"k" * 32))
        migrate.upgrade(ledger)
        with EmbeddedValkey(Path(home, "broker")) as server, redis.Redis.from_url(server.url) as client:
            figures = measure(ledger, Limiter(client), facts, SAMPLES)
        ledger.close()
    sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")
    return 0 if figures.delay_s <= WINDOW_S else 1


if __name__ == "__main__":
    sys.exit(main())
