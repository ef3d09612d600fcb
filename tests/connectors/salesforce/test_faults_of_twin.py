"""The connector with the twin over HTTP when sessions end, quotas are used up, and the network fails."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis

from connectors.contract import Malformed, Refused, Retryable, Throttled, Unknown
from connectors.salesforce.wire import Org
from tests.connectors.salesforce.parts import Desk, settings
from tests.connectors.salesforce.reader import Reader
from tests.connectors.salesforce.sandbox.served import Served
from tests.served import served_session
from worker.ledger.seal import Sealer
from worker.tokens import RedisTokens

QUERY = {"path": "/query"}
TOKEN = {"path": "oauth2/token"}
PAGE = "<!doctype html><html><body>Down for maintenance</body></html>"
LONG_AGO = "Mon, 01 Jan 2024 00:00:00 GMT"
HOUR = timedelta(hours=1)


@pytest.fixture
def reader(sf: Served) -> Reader:
    return Reader(sf, {"page_size": 3})


def org(sf: Served, **changes: Any) -> Org:
    credentials = {"client_id": sf.facts["client_id"], "client_secret": sf.facts["client_secret"]}
    desk = Desk(now=datetime.now(UTC), session=served_session())
    chosen = settings(**{"url": sf.base, "auth": {"client_credentials": credentials}, **changes})
    return Org(chosen, desk.services())


def arm(sf: Served, **fault: Any) -> None:
    sf.control("POST", "/faults", fault)


def test_a_session_that_ends_in_mid_round_is_renewed_once(sf: Served, reader: Reader) -> None:
    first = reader.page()
    sf.control("POST", "/expire-tokens")
    rest = [*reader.page(), *reader.page()]
    assert len({each.id for each in (*first, *rest)}) == 6
    assert not reader.more
    assert len(reader.desk.tokens.spoilt) == 1
    assert reader.tokens() == 2


def test_a_token_that_is_refused_at_once_is_renewed_once_and_no_more(sf: Served, reader: Reader) -> None:
    reader.page()
    refused = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    arm(sf, **QUERY, status=401, body=refused, count=9)
    with pytest.raises(Exception, match="fresh token"):
        reader.page()
    assert reader.tokens() == 2


@pytest.mark.parametrize("body", ["errors", "empty"])
def test_a_conditional_write_stays_conditional_over_the_renewal(sf: Served, body: str) -> None:
    sf.control("POST", "/switches", {"precondition_body": body})
    crm, deal = org(sf), sf.deal(1041)
    crm.call("limits")
    sf.control("POST", "/expire-tokens")
    with pytest.raises(Refused, match="changed since"):
        crm.call(
            f"sobjects/Opportunity/{deal}",
            method="PATCH",
            json={"NextStep": "mine"},
            headers={"If-Unmodified-Since": LONG_AGO},
        )
    sent = sf.control("GET", f"/received?path={deal}")["received"]
    assert [(each["status"], each["headers"]["if-unmodified-since"]) for each in sent] == [
        (401, LONG_AGO),
        (412, LONG_AGO),
    ]


def test_two_workers_that_renew_at_once_make_one_token_call(sf: Served, valkey: str) -> None:
    sealer = Sealer(bytes(range(32)))
    connections = [redis.Redis.from_url(valkey) for _worker in range(2)]
    readers = []
    for connection in connections:
        desk = Desk(now=datetime.now(UTC), session=served_session())
        desk.tokens = RedisTokens(connection, sealer, prefix=f"twin{sf.base}")  # type: ignore[assignment]  # same protocol
        readers.append(Reader(sf, desk=desk))
    arm(sf, **TOKEN, hang=0.3, count=2)
    with ThreadPoolExecutor(2) as pool:
        assert [len(records) for records in pool.map(Reader.page, readers)] == [6, 6]
        assert readers[0].tokens() == 1
        sf.control("POST", "/expire-tokens")
        for reader in readers:
            reader.cursor = None
        assert [len(records) for records in pool.map(Reader.page, readers)] == [6, 6]
    for connection in connections:
        connection.close()
    assert readers[0].tokens() == 2


def test_the_two_meanings_of_one_code_are_told_apart(sf: Served, reader: Reader) -> None:
    reader.page()
    sf.control("POST", "/throttle", {"kind": "daily"})
    with pytest.raises(Throttled) as daily:
        reader.page()
    assert (daily.value.scope, daily.value.after) == (reader.client.budgets()[0].key, HOUR)
    sf.control("POST", "/throttle", {"kind": "concurrent"})
    with pytest.raises(Throttled) as concurrent:
        reader.page()
    assert concurrent.value.scope == reader.client.budgets()[1].key
    assert concurrent.value.after is not None
    assert concurrent.value.after < timedelta(minutes=1)
    assert reader.page()


def test_the_daily_quota_is_observed_from_each_answer(sf: Served) -> None:
    reader = Reader(sf, {"share": 100})
    sf.control("POST", "/settings", {"daily_max": 7})

    def seen() -> list[tuple[int, int]]:
        return [(used, limit) for key, used, limit in reader.desk.seen if key.endswith(":daily")]

    reader.page()
    assert seen() == [(used + 1, 7) for used in range(len(seen()))]
    while seen()[-1][0] < 7:
        reader.page()
    with pytest.raises(Throttled):
        reader.page()
    assert seen()[-1] == (7, 7)


def test_the_share_is_never_exceeded_and_said(sf: Served) -> None:
    reader = Reader(sf, {"share": 50})
    sf.control("POST", "/settings", {"daily_max": 12})
    pages = iter(reader.page, None)
    with pytest.raises(Throttled, match=r"share \(50 %\)") as caught:
        list(pages)
    assert [used for key, used, _ in reader.desk.seen if key.endswith(":daily")][-1] == 6
    assert caught.value.scope == reader.client.budgets()[0].key
    # the oldest of these calls leaves the vendor's window a day later
    assert timedelta(hours=24) < (caught.value.after or timedelta(0)) <= timedelta(hours=25)


@pytest.mark.parametrize(
    "fault",
    [{"status": 503, "body": PAGE}, {"status": 503, "body": [{"errorCode": "SERVER_UNAVAILABLE"}]}, {"drop": True}],
    ids=str,
)
def test_a_short_fault_is_not_noticed(sf: Served, reader: Reader, fault: dict[str, Any]) -> None:
    arm(sf, **QUERY, **fault)
    assert len(reader.round()) == 6


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 500, "body": PAGE}, Retryable),
        ({"status": 500, "body": [{"errorCode": "UNKNOWN_EXCEPTION", "message": "An error"}]}, Retryable),
        ({"status": 502, "body": PAGE}, Retryable),
        ({"status": 420, "body": PAGE}, Retryable),
        ({"status": 429}, Retryable),
        ({"status": 200, "body": PAGE}, Malformed),
        ({"status": 200, "body": {"records": "none"}}, Malformed),
        ({"status": 418, "body": PAGE}, Refused),
        ({"drop": True}, Retryable),
    ],
    ids=str,
)
def test_a_lasting_fault_is_told_and_the_next_round_goes_on(
    sf: Served, reader: Reader, fault: dict[str, Any], error: type[Exception]
) -> None:
    arm(sf, **QUERY, **fault, count=9)
    with pytest.raises(error) as caught:
        reader.round()
    assert type(caught.value) is error
    sf.control("DELETE", "/faults")
    assert len(reader.round()) == 6


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 503, "body": PAGE}, Retryable),
        ({"drop": True}, Retryable),
        ({"status": 200, "body": PAGE}, Malformed),
        ({"status": 400, "body": {"error": "server_error"}}, Retryable),
    ],
    ids=str,
)
def test_a_token_endpoint_that_fails_is_told(
    sf: Served, reader: Reader, fault: dict[str, Any], error: type[Exception]
) -> None:
    arm(sf, **TOKEN, **fault)
    with pytest.raises(error):
        reader.round()
    assert len(reader.round()) == 6


def test_an_answer_that_does_not_come_is_waited_for_until_the_deadline(sf: Served) -> None:
    reader = Reader(sf, {"read_timeout": "300ms"})
    reader.page()
    arm(sf, **QUERY, hang=2.0, count=9)
    began = time.monotonic()
    with pytest.raises(Retryable):
        reader.page()
    assert time.monotonic() - began < 5
    sf.control("DELETE", "/faults")


def test_a_write_whose_answer_is_lost_is_unknown_and_not_repeated(sf: Served) -> None:
    crm, deal = org(sf), sf.deal(1041)
    crm.call("limits")
    arm(sf, path=deal, method="PATCH", after=True)
    with pytest.raises(Unknown):
        crm.call(f"sobjects/Opportunity/{deal}", method="PATCH", json={"NextStep": "mine"})
    assert len(sf.control("GET", f"/received?path={deal}")["received"]) == 1
    assert sf.names("WHERE NextStep = 'mine'") == ["OPP-1041"]
