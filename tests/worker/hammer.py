"""One process that calls a pretended vendor as fast as a budget lets it. Writes when its calls arrived, as JSON."""

from __future__ import annotations

import json
import random
import sys
import time

import redis

from connectors.contract import Budget, Window
from pipelines.plan import Lane
from worker.limiter import Limiter

BUDGET = Budget("vendor", (Window(40, 1.0), Window(150, 5.0)))


def hammer(limiter: Limiter, lane: Lane, seconds: float) -> list[float]:
    """Call for so long, each call late on its way and late to be answered."""
    arrivals = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        grant = limiter.acquire([BUDGET], lane, random.randint(1, 5), lease_s=10.0)
        for call in grant.calls:
            time.sleep(random.uniform(0, 0.02))
            arrivals.append(time.time())
            time.sleep(random.uniform(0, 0.005))
            limiter.settle([call])
        if grant.wait_s is not None:
            time.sleep(min(grant.wait_s, 0.1))
    return arrivals


if __name__ == "__main__":
    url, prefix, lane, seconds = sys.argv[1:]
    limiter = Limiter(redis.Redis.from_url(url), prefix=prefix)
    json.dump(hammer(limiter, Lane(lane), float(seconds)), sys.stdout)
