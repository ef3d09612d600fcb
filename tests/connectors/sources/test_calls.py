"""How all connectors meet ended sessions, used-up quotas, lost answers and refused rows at their twins."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis

from connectors.contract import (
    ConnectorError,
    Effect,
    Misconfigured,
    RawRequest,
    Retryable,
    Throttled,
)
from tests.connectors.sources.desk import Desk
from tests.connectors.sources.vendor import Lack, Vendor
from tests.contract.common import whole
from worker.ledger.seal import Sealer
from worker.tokens import RedisTokens

FAULTS: tuple[dict[str, Any], ...] = (
    {"status": 400, "body": {"message": "odd"}},
    {"status": 401},
    {"status": 403, "body": "no"},
    {"status": 429},
    {"status": 500, "body": "<html/>"},
    {"status": 200, "body": "<html/>"},
    {"status": 302, "headers": {"location": "https://elsewhere.example.test/"}},
    {"drop": True},
)


def test_a_401_in_the_middle_of_a_conditional_write_keeps_the_condition(vendor: Vendor) -> None:
    client, deal = vendor.client(Desk()), vendor.deals[0]
    decision = vendor.set_text(client, deal, "mine")
    vendor.arm(write=deal, status=401, body=vendor.refused_token())
    assert client.act(decision).effect is Effect.DONE
    (first, refused), (second, repeated) = ((condition, status) for status, condition in vendor.writes(deal))
    assert (refused, repeated // 100) == (401, 2)
    assert first == second
    assert (first == "") is (Lack.CONDITION in vendor.lacks)


def test_a_decision_on_an_older_state_is_not_written(vendor: Vendor) -> None:
    client, deal = vendor.client(Desk()), vendor.deals[0]
    decision = vendor.set_text(client, deal, "mine")
    vendor.change(deal, "theirs", stamp=datetime.now(UTC) + timedelta(seconds=2))
    assert client.act(decision).effect is Effect.MOVED
    assert [status for status, _ in vendor.writes(deal) if status < 300] == []


def test_two_workers_renew_at_once_with_one_token_call(vendor: Vendor, valkey: str) -> None:
    with ExitStack() as stack:
        connections = [stack.enter_context(redis.Redis.from_url(valkey)) for _worker in range(2)]
        prefix, sealer = f"crm{id(vendor)}", Sealer(bytes(range(32)))
        clients = [vendor.client(Desk(RedisTokens(each, sealer, prefix=prefix))) for each in connections]
        pool = stack.enter_context(ThreadPoolExecutor(2))
        vendor.arm(token=True, hang=0.3, count=2)
        for expected in (1, 2):
            pages = list(pool.map(lambda client: client.pull(vendor.kind, None), clients))
            assert all(page.records for page in pages)
            assert vendor.renewals() == (0 if Lack.TOKEN in vendor.lacks else expected)
            vendor.expire_tokens()


@pytest.mark.parametrize("dies", [True, False])
def test_a_lost_renewal_is_recovered_or_reported(vendor: Vendor, dies: bool) -> None:
    vendor.rotate(dies=dies)
    client = vendor.client(Desk())
    for _time in range(2):
        assert client.pull(vendor.kind, None).records
        vendor.expire_tokens()
    vendor.arm(token=True, drop=True, after=True)
    with suppress(Retryable):
        client.pull(vendor.kind, None)
    if vendor.mend:
        with pytest.raises(Misconfigured, match=vendor.mend):
            client.pull(vendor.kind, None)
    else:
        assert client.pull(vendor.kind, None).records


def test_a_used_up_day_and_too_many_calls_at_once_differ(vendor: Vendor) -> None:
    waits = {}
    for day in (False,) if Lack.WINDOW in vendor.lacks else (False, True):
        desk = Desk()
        client = vendor.client(desk)
        vendor.exhaust(client, day=day)
        with pytest.raises(Throttled) as caught:
            client.pull(vendor.kind, None)
        assert caught.value.after is not None
        waits[day] = caught.value
    assert waits[False].after < timedelta(minutes=1)  # type: ignore[operator]  # looked at above
    if Lack.DAY not in vendor.lacks:
        assert waits[True].after > timedelta(minutes=10)  # type: ignore[operator]  # looked at above
    if not vendor.lacks.keys() & {Lack.WINDOW, Lack.WHICH}:
        assert str(waits[False]) != str(waits[True])


def test_a_row_that_failed_inside_http_200_is_no_success(vendor: Vendor) -> None:
    client = vendor.client(Desk())
    decision = vendor.refused_inside_200(client)
    acted = client.act(decision)
    assert acted.effect is Effect.REFUSED
    assert acted.reason
    (record,) = whole(client.read(vendor.kind, [decision.id]))
    assert record.version == decision.version


def test_what_a_vendor_lacks_is_said_with_its_page(vendor: Vendor) -> None:
    assert vendor.lacks
    assert [why for why in vendor.lacks.values() if "https://" not in why] == []


def test_no_secret_is_in_any_name_error_or_log(vendor: Vendor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    desk = Desk()
    client, deal = vendor.client(desk), vendor.deals[0]
    shown = [repr(client), str(client)]
    decision = vendor.set_text(client, deal, "mine")
    calls: tuple[Callable[[], object], ...] = (
        lambda: client.pull(vendor.kind, None),
        lambda: client.read(vendor.kind, [deal]),
        lambda: client.act(decision),
        lambda: client.receive(RawRequest("POST", {}, "key=wrong", b"{}", datetime.now(UTC))),
    )
    for token in (False, True):
        for fault in FAULTS:
            vendor.expire_tokens()
            vendor.arm(token=token, count=9, **fault)
            shown += [_said(call) for call in calls]
            vendor.disarm()
    assert len(shown) > 50
    shown.append(caplog.text)
    assert vendor.sessions()
    assert [secret for secret in (*vendor.secrets(), *vendor.sessions()) for text in shown if secret in text] == []


def _said(call: Callable[[], object]) -> str:
    """What an operator could see of a call: its outcome, or its error with all that it was raised from."""
    try:
        return repr(call())
    except ConnectorError as error:
        return "".join(traceback.format_exception(error)) + repr(error) + error.detail
