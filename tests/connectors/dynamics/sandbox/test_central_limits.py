"""Business Central: what is refused when it is too much."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.connectors.dynamics.sandbox.served import Served
from tests.served import DEADLINE_S


def together(d365: Served, count: int) -> list[int]:
    headers = {"Authorization": f"Bearer {d365.token('businesscentral')}"}
    url = f"{d365.facts['businesscentral']['api']}/companies"
    with ThreadPoolExecutor(count) as pool:
        answers = pool.map(lambda _n: requests.get(url, headers=headers, timeout=DEADLINE_S).status_code, range(count))
        return sorted(answers)


def slow(d365: Served, seconds: float, count: int = 1) -> None:
    d365.control("POST", "/businesscentral/slow", {"seconds": seconds, "count": count})


def test_calls_in_a_window(d365: Served) -> None:
    d365.settings(central_requests_max=2)
    answers = [d365.bc("GET", "/companies") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[2].json()["error"]["code"] == "Application_TooManyRequests"
    assert "Retry-After" not in answers[2].headers
    d365.switch(throttled_with_retry_after=True)
    assert d365.bc("GET", "/companies").headers["Retry-After"] == "10"


def test_five_run_others_wait_and_the_rest_is_refused(d365: Served) -> None:
    d365.token("businesscentral")
    d365.settings(central_concurrent_max=1, central_queue_max=2)
    slow(d365, 0.2, 10)
    assert together(d365, 5) == [200, 200, 200, 429, 429]


def test_whoever_waits_too_long_is_refused(d365: Served) -> None:
    d365.token("businesscentral")
    d365.settings(central_concurrent_max=1, central_queue_seconds=0.1)
    slow(d365, 0.5, 2)
    assert together(d365, 2) == [200, 503]


@pytest.mark.parametrize(
    ("settings", "status"),
    [({"central_operation_seconds": 0.1}, 408), ({"central_gateway_seconds": 0.1}, 504)],
)
def test_work_that_takes_too_long_is_cut(d365: Served, settings: dict[str, float], status: int) -> None:
    d365.settings(**settings)
    slow(d365, 5)
    assert d365.bc("GET", "/companies").status_code == status


@pytest.mark.parametrize(
    ("kind", "status"), [("requests", 429), ("queue", 429), ("queue_time", 503), ("operation", 408), ("gateway", 504)]
)
def test_each_refusal_can_be_ordered(d365: Served, kind: str, status: int) -> None:
    d365.control("POST", "/businesscentral/throttle", {"kind": kind, "count": 2})
    statuses = [d365.bc("GET", "/companies").status_code for _ in range(3)]
    assert statuses == [status, status, 200]


def test_the_surfaces_are_counted_apart(d365: Served) -> None:
    d365.settings(central_requests_max=0)
    assert d365.bc("GET", "/companies").status_code == 429
    assert d365.dv("GET", "/accounts").status_code == 200
    d365.settings(central_requests_max=1)
    d365.control("DELETE", "/businesscentral/throttle")
    assert d365.bc("GET", "/companies").status_code == 200
