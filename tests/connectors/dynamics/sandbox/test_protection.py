"""Dataverse: the three limits, how long one waits, and which server counts."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.connectors.dynamics.sandbox.served import Served, error
from tests.served import DEADLINE_S


@pytest.mark.parametrize(
    ("kind", "code", "says"),
    [
        ("requests", "0x80072322", "Number of requests exceeded the limit of 6000 over time window of 300 seconds."),
        ("execution", "0x80072321", "Combined execution time of incoming requests exceeded limit of 1,200,000"),
        ("concurrent", "0x80072326", "Number of concurrent requests exceeded the limit of 52."),
    ],
)
def test_each_limit_has_its_code_and_a_time_to_wait(d365: Served, kind: str, code: str, says: str) -> None:
    d365.token()
    d365.control("POST", "/dataverse/throttle", {"kind": kind})
    refused = d365.dv("GET", "/accounts")
    assert error(refused) == (429, code)
    assert refused.json()["error"]["message"].startswith(says)
    assert refused.headers["Retry-After"] == "5"


def test_requests_are_counted_and_whoever_goes_on_waits_longer(d365: Served) -> None:
    d365.settings(requests_max=2, retry_after=1)
    statuses = [d365.dv("GET", "/accounts").status_code for _ in range(2)]
    waits = [d365.dv("GET", "/accounts").headers["Retry-After"] for _ in range(3)]
    assert statuses == [200, 200]
    assert waits == ["1", "2", "4"]


def test_waiting_may_stay_the_same(d365: Served) -> None:
    d365.switch(retry_after_grows=False)
    d365.settings(requests_max=0, retry_after=3)
    assert [d365.dv("GET", "/accounts").headers["Retry-After"] for _ in range(2)] == ["3", "3"]


def test_a_window_passes(d365: Served) -> None:
    d365.token()
    d365.settings(requests_max=1, window_seconds=0.2, retry_after=0.1)
    assert [d365.dv("GET", "/accounts").status_code for _ in range(2)] == [200, 429]
    threading.Event().wait(0.5)
    assert d365.dv("GET", "/accounts").status_code == 200


def test_work_is_counted(d365: Served) -> None:
    d365.settings(execution_max=0.05)
    d365.control("POST", "/dataverse/slow", {"seconds": 0.1, "path": "accounts"})
    assert d365.dv("GET", "/accounts").status_code == 200
    assert error(d365.dv("GET", "/contacts")) == (429, "0x80072321")


def test_too_many_at_once(d365: Served) -> None:
    token = d365.token()
    d365.settings(concurrent_max=2)
    d365.control("POST", "/dataverse/slow", {"seconds": 0.4, "count": 10})

    def call(_n: int) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(
            f"{d365.facts['dataverse']['api']}/accounts", headers=headers, timeout=DEADLINE_S
        ).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(call, range(4)))
    assert statuses == [200, 200, 429, 429]


def test_a_cookie_keeps_one_at_one_server(d365: Served) -> None:
    token = d365.token()
    d365.settings(servers=2, requests_max=2)
    with_cookie = [d365.dv("GET", "/accounts").status_code for _ in range(3)]
    url, headers = f"{d365.facts['dataverse']['api']}/contacts", {"Authorization": f"Bearer {token}"}
    without = [requests.get(url, headers=headers, timeout=DEADLINE_S).status_code for _ in range(3)]
    assert "ARRAffinity" in d365.http.cookies
    assert with_cookie == [200, 200, 429]
    assert without.count(200) == 2


def test_what_is_left_stands_in_headers(d365: Served) -> None:
    d365.token()
    left = [d365.dv("GET", "/accounts").headers["x-ms-ratelimit-burst-remaining-xrm-requests"] for _ in range(2)]
    assert left == ["5999", "5998"]


def test_everything_can_be_forgotten(d365: Served) -> None:
    d365.settings(requests_max=1)
    d365.dv("GET", "/accounts")
    d365.control("DELETE", "/dataverse/throttle")
    assert d365.dv("GET", "/accounts").status_code == 200
