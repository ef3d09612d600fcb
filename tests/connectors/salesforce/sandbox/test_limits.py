"""The quota's header and the two refusals that look alike."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.connectors.salesforce.sandbox.served import Served

DAILY = [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
CONCURRENT = [
    {
        "message": "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
        "errorCode": "REQUEST_LIMIT_EXCEEDED",
    }
]


def told(response: requests.Response) -> tuple[int, object, str]:
    return response.status_code, response.json(), response.headers["Sforce-Limit-Info"]


def test_every_answer_counts_and_says_so(sf: Served) -> None:
    first = sf.call("GET", "/limits")
    second = sf.call("GET", "/nothing")
    assert first.json()["DailyApiRequests"] == {"Max": 15000, "Remaining": 14999}
    assert first.headers["Sforce-Limit-Info"] == "api-usage=1/15000"
    assert second.headers["Sforce-Limit-Info"] == "api-usage=2/15000"


def test_the_day_can_be_used_up(sf: Served) -> None:
    sf.control("POST", "/settings", {"daily_max": 2})
    ok = [sf.call("GET", "/limits").status_code for _ in range(2)]
    assert ok == [200, 200]
    assert told(sf.call("GET", "/limits")) == (403, DAILY, "api-usage=2/2")
    assert sf.client_credentials()["token_type"] == "Bearer"
    sf.control("POST", "/settings", {"daily_max": 3})
    assert sf.call("GET", "/limits").status_code == 200


def test_the_concurrent_refusal_passes(sf: Served) -> None:
    sf.control("POST", "/throttle", {"kind": "concurrent", "count": 2})
    answers = [sf.call("GET", "/limits") for _ in range(3)]
    assert [a.status_code for a in answers] == [403, 403, 200]
    assert answers[0].json() == CONCURRENT


def test_a_refusal_can_last_for_seconds(sf: Served) -> None:
    sf.control("POST", "/throttle", {"kind": "daily", "seconds": 0.2})
    assert sf.call("GET", "/limits").json() == DAILY
    time.sleep(0.25)
    assert sf.call("GET", "/limits").status_code == 200
    sf.control("POST", "/throttle", {"kind": "daily", "seconds": 60})
    sf.control("DELETE", "/throttle")
    assert sf.call("GET", "/limits").status_code == 200


def test_calls_that_run_for_long_shut_the_door(sf: Served) -> None:
    sf.control("POST", "/settings", {"long_seconds": 0.1, "concurrent_max": 2})
    sf.control("POST", "/slow", {"seconds": 2.0, "path": "/query", "count": 2})
    url = f"{sf.base}/services/data/v59.0/query?q=SELECT+Id+FROM+Account"
    headers = {"Authorization": f"Bearer {sf.token()}"}
    with ThreadPoolExecutor(2) as pool:
        slow = [pool.submit(requests.get, url, headers=headers, timeout=10) for _ in range(2)]
        deadline = time.monotonic() + 1.5
        while (refused := sf.call("GET", "/limits")).status_code == 200 and time.monotonic() < deadline:
            time.sleep(0.05)
        answers = [one.result().status_code for one in slow]
    assert (refused.status_code, refused.json()) == (403, CONCURRENT)
    assert answers == [200, 200]
    assert sf.call("GET", "/limits").status_code == 200
