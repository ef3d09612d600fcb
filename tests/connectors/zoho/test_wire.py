from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import (
    ConnectorError,
    Malformed,
    Misconfigured,
    Refused,
    Retryable,
    Throttled,
    Unknown,
)
from connectors.zoho.people import People
from connectors.zoho.wire import Account, Call, rows_of
from tests.connectors.zoho.parts import REFRESH, SECRET, Desk, settings
from tests.connectors.zoho.vendor import TOKEN, Said, Vendor, error, rows

LIST = Call("GET", "Deals", "ZohoCRM.modules.Deals.READ")
WRITE = Call(
    "PUT",
    "Deals/1",
    "ZohoCRM.modules.Deals.UPDATE",
    body={"data": [{"Amount": Decimal("0.10")}]},
    headers={"If-Unmodified-Since": "2026-03-02T08:40:00+00:00"},
    repeatable=False,
    refusable=True,
)


def account(vendor: Vendor, desk: Desk, **changes: Any) -> Account:
    found = People(settings(vendor, **changes), desk.services()).integration
    found._sleep = lambda _seconds: None
    return found


def failing(vendor: Vendor, desk: Desk, *answers: Said, call: Call = LIST) -> ConnectorError:
    vendor.on(call.method, call.path, *answers)
    with pytest.raises(ConnectorError) as raised:
        account(vendor, desk).call(call)
    shown = f"{raised.value} {raised.value!r} {raised.value.detail} {raised.value.__context__}"
    assert not [text for text in (SECRET, REFRESH, "1000.access") if text in shown]
    return raised.value


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_body_has_no_rows(vendor: Vendor, desk: Desk, status: int) -> None:
    vendor.on("GET", "Deals", Said(status))
    assert rows_of(account(vendor, desk).call(LIST)) == []


def test_numbers_keep_their_digits(vendor: Vendor, desk: Desk) -> None:
    vendor.on("GET", "Deals", Said(200, b'{"data":[{"Amount":12345678901234567.89,"n":9007199254740993}]}'))
    assert rows_of(account(vendor, desk).call(LIST)) == [
        {"Amount": Decimal("12345678901234567.89"), "n": 9007199254740993}
    ]
    vendor.on("PUT", "Deals/1", rows({"status": "success"}))
    account(vendor, desk).call(WRITE)
    assert '"Amount":0.10' in vendor.calls("Deals/1")[-1].text


def test_a_refused_token_is_renewed_and_the_condition_kept(vendor: Vendor, desk: Desk) -> None:
    vendor.on("PUT", "Deals/1", error("INVALID_TOKEN", 401), rows({"status": "success", "code": "SUCCESS"}))
    assert account(vendor, desk).call(WRITE).status == 200
    first, second = vendor.calls("Deals/1")
    assert first.headers["if-unmodified-since"] == second.headers["if-unmodified-since"] == "2026-03-02T08:40:00+00:00"
    assert first.text == second.text
    assert first.headers["authorization"] != second.headers["authorization"]
    assert len(vendor.calls(TOKEN)) == 2


def test_two_workers_renew_a_refused_token_once(vendor: Vendor, desk: Desk) -> None:
    vendor.on(
        "GET",
        "Deals",
        lambda asked: rows() if asked.headers["authorization"].endswith("-2") else error("INVALID_TOKEN", 401),
    )
    workers = [account(vendor, desk) for _ in range(2)]
    threads = [threading.Thread(target=one.call, args=(LIST,)) for one in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(vendor.calls(TOKEN)) == 2, "one at first, one renewal"


def test_a_fresh_token_that_is_refused_speaks_of_the_region_and_spares_the_ten(vendor: Vendor, desk: Desk) -> None:
    vendor.on("GET", "Deals", error("INVALID_TOKEN", 401))
    worker = account(vendor, desk)
    for _ in range(20):
        with pytest.raises(Misconfigured, match="region"):
            worker.call(LIST)
    assert len(vendor.calls(TOKEN)) == 2
    desk.later(minutes=11)
    with pytest.raises(Misconfigured):
        worker.call(LIST)
    assert len(vendor.calls(TOKEN)) == 3


def test_a_missing_scope_is_named(vendor: Vendor, desk: Desk) -> None:
    found = failing(vendor, desk, error("OAUTH_SCOPE_MISMATCH", 401))
    assert isinstance(found, Misconfigured)
    assert "ZohoCRM.modules.Deals.READ" in str(found)
    assert len(vendor.calls(TOKEN)) == 1, "another token would lack it too"


@pytest.mark.parametrize(
    ("said", "kind", "word"),
    [
        (error("NO_PERMISSION", 403, permissions=["Crm_Implied_View_Deals"]), Misconfigured, "Crm_Implied_View_Deals"),
        (error("INVALID_MODULE"), Misconfigured, "module"),
        (error("INVALID_QUERY", column_name="Margin"), Misconfigured, "Margin"),
        (error("SYNTAX_ERROR", near="where"), Misconfigured, "query"),
        (error("SOMETHING_NEW"), Refused, "SOMETHING_NEW"),
        (Said(302, headers={"Location": "https://elsewhere.example"}), Misconfigured, "region"),
        (Said(500, {"code": "INTERNAL_ERROR", "details": {}, "status": "error"}), Retryable, "fault"),
        (Said(502, b"<html>bad gateway</html>"), Retryable, "not available"),
        (Said(200, b"<html>"), Malformed, "documentation"),
        (Said(200, b'{"data":[{"Amount":NaN}]}'), Malformed, "documentation"),
        (Said(200, {"data": {}}), Malformed, "documentation"),
    ],
)
def test_each_refusal_says_what_to_do(
    vendor: Vendor, desk: Desk, said: Said, kind: type[ConnectorError], word: str
) -> None:
    vendor.on("GET", "Deals", said)
    with pytest.raises(kind, match=word):
        rows_of(account(vendor, desk).call(LIST))


def test_a_value_in_the_vendors_message_goes_nowhere(vendor: Vendor, desk: Desk) -> None:
    said = Said(400, {"code": "INVALID_DATA", "message": "Alice earns 900", "details": {"api_name": "Alice earns 900"}})
    found = failing(vendor, desk, said)
    assert "Alice" not in f"{found} {found.detail}"


def test_what_changes_nothing_is_tried_again_shortly(vendor: Vendor, desk: Desk) -> None:
    vendor.on("GET", "Deals", Said(503), Said(cut=True), rows({"id": "1"}))
    assert rows_of(account(vendor, desk).call(LIST)) == [{"id": "1"}]
    assert len(vendor.calls("Deals")) == 3


def test_a_write_without_answer_is_unknown_and_never_repeated(vendor: Vendor, desk: Desk) -> None:
    assert isinstance(failing(vendor, desk, Said(cut=True), call=WRITE), Unknown)
    assert isinstance(failing(vendor, desk, Said(500, {"code": "INTERNAL_ERROR"}), call=WRITE), Unknown)
    assert len(vendor.calls("Deals/1")) == 2


def test_a_vendor_that_cannot_be_reached_is_tried_later(desk: Desk) -> None:
    with pytest.raises(Retryable):
        People(settings(), desk.services()).integration.call(LIST)


@pytest.mark.parametrize("code", ["TOO_MANY_REQUESTS", "RATE_LIMIT_EXCEEDED"])
def test_too_much_stops_the_app_and_waits_longer_the_longer_it_lasts(vendor: Vendor, desk: Desk, code: str) -> None:
    vendor.on("GET", "Deals", error(code, 429))
    worker = account(vendor, desk)
    waits = []
    for _ in range(8):
        with pytest.raises(Throttled) as raised:
            worker.call(LIST)
        assert raised.value.scope == worker.calls_key
        assert raised.value.after is not None
        waits.append(raised.value.after)
        desk.now += raised.value.after
    assert waits[0] == timedelta(seconds=2)
    assert waits == sorted(waits)
    desk.later(minutes=5)
    with pytest.raises(Throttled, match="credits") as raised:
        worker.call(LIST)
    assert raised.value.after == timedelta(minutes=15)
    vendor.on("GET", "Deals", rows())
    worker.call(LIST)
    vendor.on("GET", "Deals", error(code, 429))
    with pytest.raises(Throttled) as raised:
        worker.call(LIST)
    assert raised.value.after == timedelta(seconds=2), "the pressure had gone"


def test_remaining_credits_are_observed_once_the_vendor_tells_them(vendor: Vendor, desk: Desk) -> None:
    vendor.on("GET", "Deals", rows(), Said(204, headers={"X-API-CREDITS-REMAINING": "24000"}))
    worker = account(vendor, desk, edition="enterprise", licences=10)
    worker.call(LIST)
    assert desk.seen == []
    worker.call(LIST)
    assert desk.seen == [(worker.credits_key, 36_000, 60_000)]
    assert worker.said.credits_left == 24_000
