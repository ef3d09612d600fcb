"""Credits, concurrency, and how 429 looks."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest
import requests

from tests.connectors.zoho.sandbox.served import Served, query

HEADER = "X-API-CREDITS-REMAINING"


def used(crm: Served) -> int:
    return int(crm.control("POST", "/credits", {"credits": 0})["used"])


def test_the_header_comes_with_the_second_half(crm: Served) -> None:
    crm.set(credits=10)
    assert HEADER not in crm.call("GET", "/org").headers
    crm.control("POST", "/credits", {"credits": 4})
    assert crm.call("GET", "/org").headers[HEADER] == "4"


def test_credits_used_up_and_given_back(crm: Served) -> None:
    crm.set(credits=1)
    assert crm.call("GET", "/org").status_code == 200
    refused = crm.call("GET", "/org")
    assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_REQUESTS")
    assert "retry-after" not in refused.headers
    assert refused.headers[HEADER] == "0"
    assert "access_token" in crm.renew().json()
    crm.control("DELETE", "/credits")
    assert crm.call("GET", "/org").status_code == 200


@pytest.mark.parametrize(("limit", "cost"), [("", 1), ("limit 200", 1), ("limit 201", 2), ("limit 1000", 2),
                                             ("limit 0, 1001", 3), ("limit 2000", 3)])  # fmt: skip
def test_what_a_query_costs(crm: Served, limit: str, cost: int) -> None:
    assert crm.coql(query("id", f"Deals where id is not null {limit}")).status_code in {200, 204}
    assert used(crm) == cost


@pytest.mark.parametrize(("rows", "cost"), [(1, 1), (10, 1), (11, 2), (100, 10)])
def test_what_a_write_costs(crm: Served, rows: int, cost: int) -> None:
    crm.call("POST", "/Tasks", json={"data": [{"Subject": "x"}] * rows})
    assert used(crm) == cost


@pytest.mark.parametrize("cost", [1, 2])
def test_what_the_deleted_cost(crm: Served, cost: int) -> None:
    crm.switch(deleted_cost=cost)
    crm.call("GET", "/Deals/deleted")
    assert used(crm) == cost


@pytest.mark.parametrize(("counted", "cost"), [(True, 1), (False, 0)])
def test_what_a_refused_call_costs(crm: Served, counted: bool, cost: int) -> None:
    crm.switch(errors_cost=counted)
    assert crm.call("GET", "/Leads").status_code == 400
    assert used(crm) == cost


def statuses(crm: Served, count: int, method: str, path: str, **more: Any) -> Counter[int]:
    token, found = crm.token(), []
    url = f"{crm.facts['api_domain']}/crm/v8{path}"

    def one() -> None:
        headers = {"Authorization": f"Zoho-oauthtoken {token}"}
        found.append(requests.request(method, url, headers=headers, timeout=10, **more).status_code)

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    return Counter(found)


def test_calls_at_once(crm: Served) -> None:
    crm.set(concurrency=2, answer_seconds=0.5)
    assert statuses(crm, 4, "GET", "/org") == {200: 2, 429: 2}


@pytest.mark.parametrize(("kind", "passed"), [("costly", 1), ("none", 3)])
def test_costly_calls_at_once(crm: Served, kind: str, passed: int) -> None:
    crm.switch(sub_concurrency=kind)
    crm.set(sub_concurrency=1, answer_seconds=0.5)
    query = {"select_query": "select id from Deals where id is not null limit 2000"}
    assert statuses(crm, 3, "POST", "/coql", json=query)[200] == passed


def test_a_refusal_can_be_armed(crm: Served) -> None:
    crm.control("POST", "/throttle", {"count": 2})
    assert [crm.call("GET", "/org").status_code for _ in range(3)] == [429, 429, 200]
    crm.control("POST", "/throttle", {"seconds": 60})
    assert crm.call("GET", "/org").status_code == 429
    crm.control("DELETE", "/credits")
    assert crm.call("GET", "/org").status_code == 200
