"""Each answer of DingTalk leads to one outcome, a wait and a sentence that says what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Delivery, Outcome
from connectors.dingtalk.errors import CODES, judge
from connectors.endpoint import MOST_BYTES, Answer
from tests.connectors.dingtalk.scripted import UNHURRIED

BLOCK = timedelta(seconds=7)
NOW = datetime(2026, 8, 31, 15, 0, tzinfo=UTC)
"""23:00 in China on the month's last day."""
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
DOCUMENTED: list[tuple[int, Outcome, timedelta | None]] = [
    (-1, Outcome.RETRY, SECOND),
    (130101, Outcome.THROTTLED, BLOCK),
    (410100, Outcome.THROTTLED, BLOCK),
    (90018, Outcome.THROTTLED, SECOND),
    (90019, Outcome.THROTTLED, SECOND),
    (90002, Outcome.THROTTLED, SECOND),
    (45009, Outcome.THROTTLED, MINUTE),
    (90020, Outcome.THROTTLED, HOUR),
    (90030, Outcome.THROTTLED, HOUR),
    (460101, Outcome.TOO_LARGE, None),
    (101002, Outcome.TOO_LARGE, None),
    (34016, Outcome.TOO_LARGE, None),
    (300001, Outcome.MISCONFIGURED, None),
    (300005, Outcome.MISCONFIGURED, None),
    (400101, Outcome.MISCONFIGURED, None),
    (400102, Outcome.MISCONFIGURED, None),
    (400106, Outcome.MISCONFIGURED, None),
    (400013, Outcome.MISCONFIGURED, None),
    (40001, Outcome.MISCONFIGURED, None),
    (40014, Outcome.MISCONFIGURED, None),
    (42001, Outcome.MISCONFIGURED, None),
    (60011, Outcome.MISCONFIGURED, None),
    (60020, Outcome.MISCONFIGURED, None),
    (404, Outcome.MISCONFIGURED, None),
    (400105, Outcome.REFUSED, None),
    (400002, Outcome.REFUSED, None),
    (40035, Outcome.REFUSED, None),
    (43004, Outcome.REFUSED, None),
    (33012, Outcome.REFUSED, None),
    (430101, Outcome.REFUSED, None),
    (430102, Outcome.REFUSED, None),
    (430103, Outcome.REFUSED, None),
    (430104, Outcome.REFUSED, None),
]


def said(status: int = 200, body: bytes | None = None, **fields: object) -> Delivery:
    content = msgspec.json.encode(fields) if body is None else body
    return judge(Answer(status, {}, content), block=BLOCK, now=NOW)


@pytest.mark.parametrize("code", [0, "0"])
def test_only_errcode_zero_is_delivered(code: object) -> None:
    assert said(errcode=code, errmsg="ok") == Delivery(Outcome.DELIVERED, "0")


@pytest.mark.parametrize(("code", "outcome", "after"), DOCUMENTED)
def test_every_documented_code(code: int, outcome: Outcome, after: timedelta | None) -> None:
    for form in (code, str(code)):
        delivery = said(errcode=form, errmsg="…")
        assert (delivery.outcome, delivery.code, delivery.after) == (outcome, str(code), after)
        assert delivery.reason.endswith(".")


def test_no_code_of_the_table_is_untested() -> None:
    assert {str(code) for code, _, _ in DOCUMENTED} | {"0"} == set(CODES)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("keywords not in content, more: [https://ding-doc.dingtalk.com/doc]", "keyword"),
        ("description:关键词不匹配;solution:请联系群管理员查看此机器人的关键词;link:…", "keyword"),
        ("invalid timestamp, more: [https://ding-doc.dingtalk.com/doc]", "clock"),
        ("description:机器人发送签名过期;solution:签名生成时间和发送时间请保持在timestampms以内;link:…", "clock"),
        ("sign not match", "secret"),
        (
            "description:机器人发送签名不匹配;solution:请确认签名和生成签名的时间戳必须都放在调用的网址中;link:…",
            "secret",
        ),
        ("错误描述:机器人发送签名不匹配;解决方案:请确认签名和生成签名的时间戳", "secret"),
        ("ip 203.0.113.7 not in whitelist", "203.0.113.7"),
        ("description:来源IP地址不在白名单中;solution:…", "IP list"),
        ("something new", "security settings"),
    ],
)
def test_the_safety_check_is_told_apart_by_its_text(text: str, asks: str) -> None:
    delivery = said(errcode=310000, errmsg=text)
    assert (delivery.outcome, delivery.code) == (Outcome.MISCONFIGURED, "310000")
    assert asks in delivery.reason


@pytest.mark.parametrize(
    ("fields", "code", "outcome", "after"),
    [
        ({"sub_code": "90018"}, "88/90018", Outcome.THROTTLED, SECOND),
        ({"errmsg": "ding talk error[subcode=90018,submsg=…]"}, "88/90018", Outcome.THROTTLED, SECOND),
        ({"sub_code": 90020}, "88/90020", Outcome.THROTTLED, HOUR),
        ({"sub_code": "60011"}, "88/60011", Outcome.MISCONFIGURED, None),
        ({"sub_code": "77777"}, "88/77777", Outcome.REFUSED, None),
        ({}, "88/", Outcome.REFUSED, None),
    ],
)
def test_the_gateways_code_is_in_its_sub_code(
    fields: dict[str, object], code: str, outcome: Outcome, after: timedelta | None
) -> None:
    delivery = said(body=msgspec.json.encode({"errcode": 88, **fields}))
    assert (delivery.code, delivery.outcome, delivery.after) == (code, outcome, after)


@pytest.mark.parametrize(
    "body",
    [
        b'{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"u"}',
        b'{"status":"1111","wait":5}',
        b'{"errcode":130101,"source":"x5","punish":"deny"}',
    ],
)
@pytest.mark.parametrize("status", [200, 403, 503])
def test_a_blocked_address_pauses_for_five_minutes(body: bytes, status: int) -> None:
    delivery = said(status, body)
    assert (delivery.outcome, delivery.code, delivery.after) == (Outcome.THROTTLED, "x5", timedelta(minutes=5))


@pytest.mark.parametrize("status", [200, 403, 405])
def test_a_page_instead_of_json_pauses_for_five_minutes(status: int) -> None:
    delivery = said(status, b"\n<!doctype html><html>punish</html>")
    assert (delivery.outcome, delivery.after) == (Outcome.THROTTLED, timedelta(minutes=5))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (301, Outcome.MISCONFIGURED),
        (400, Outcome.MISCONFIGURED),
        (401, Outcome.MISCONFIGURED),
        (403, Outcome.MISCONFIGURED),
        (404, Outcome.MISCONFIGURED),
        (407, Outcome.MISCONFIGURED),
        (408, Outcome.UNKNOWN),
        (413, Outcome.TOO_LARGE),
        (429, Outcome.THROTTLED),
        (500, Outcome.UNKNOWN),
        (502, Outcome.UNKNOWN),
        (503, Outcome.UNKNOWN),
        (504, Outcome.UNKNOWN),
    ],
)
def test_a_status_without_a_code(status: int, outcome: Outcome) -> None:
    assert said(status, b"").outcome is outcome
    assert said(status, b'{"code":"Strange","message":"?"}').outcome is outcome
    if status >= 500 or status in {401, 404, 407}:
        assert said(status, b"<html>proxy</html>").outcome is outcome


@pytest.mark.parametrize(
    ("name", "outcome", "after"),
    [
        ("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", Outcome.THROTTLED, SECOND),
        ("Forbidden.AccessDenied.QpmLimitForAppkeyAndApi", Outcome.THROTTLED, MINUTE),
        ("Forbidden.AccessDenied.ApiCountLimitForOrg", Outcome.THROTTLED, HOUR),
        ("Forbidden.AccessDenied.IpNotInWhiteList", Outcome.MISCONFIGURED, None),
        ("Forbidden.AccessDenied.AccessTokenPermissionDenied", Outcome.MISCONFIGURED, None),
        ("InvalidAuthentication", Outcome.MISCONFIGURED, None),
    ],
)
def test_a_throttle_that_reads_like_a_missing_permission(name: str, outcome: Outcome, after: timedelta | None) -> None:
    delivery = said(403, msgspec.json.encode({"code": name, "message": "…", "requestid": "r"}))
    assert (delivery.code, delivery.outcome, delivery.after) == (name, outcome, after)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"ok"',
        b"null",
        b"{}",
        b'{"errmsg":"ok"}',
        b'{"errcode":null}',
        b"\xff\xfe",
        b"[" * MOST_BYTES,
    ],
)
def test_an_answer_that_is_not_documented_may_have_been_posted(body: bytes) -> None:
    assert said(200, body).outcome is Outcome.UNKNOWN


def test_zero_under_a_servers_fault_is_not_delivered() -> None:
    assert said(502, b'{"errcode":0,"errmsg":"ok"}').outcome is Outcome.UNKNOWN


def test_an_unlisted_code_is_refused_and_shown() -> None:
    delivery = said(errcode=987654, errmsg="?")
    assert (delivery.outcome, delivery.code) == (Outcome.REFUSED, "987654")
    assert "987654" in delivery.reason


def test_the_month_ends_in_china() -> None:
    before = judge(Answer(200, {}, b'{"errcode":90030}'), block=BLOCK, now=datetime(2026, 12, 31, 15, 59, tzinfo=UTC))
    after = judge(Answer(200, {}, b'{"errcode":90030}'), block=BLOCK, now=datetime(2026, 12, 31, 16, 0, tzinfo=UTC))
    assert (before.after, after.after) == (MINUTE, timedelta(days=31))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@UNHURRIED
@given(
    st.integers(200, 599),
    st.binary(max_size=64)
    | st.dictionaries(st.sampled_from(["errcode", "errmsg", "sub_code", "code", "status", "source"]), ANYTHING).map(
        msgspec.json.encode
    ),
)
def test_no_answer_breaks_the_judgement(status: int, body: bytes) -> None:
    delivery = said(status, body)
    assert delivery.outcome in Outcome
    assert len(delivery.code) <= 110
    assert (delivery.after is None) == (delivery.outcome not in {Outcome.THROTTLED, Outcome.RETRY})
