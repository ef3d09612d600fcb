"""The security settings of a robot, and the states in which it takes nothing."""

from __future__ import annotations

import time

import pytest

from connectors.dingtalk.sandbox.security import sign
from tests.connectors.dingtalk.sandbox.served import Client

SECRET = "SEC0123456789abcdef"
SIGNED = "s" * 64


@pytest.mark.parametrize(
    ("timestamp", "secret", "expected"),
    [
        ("1577262236757", "this is a secret", "DJrE6qdyVGCQz9z5r2MDuNcNAhwYnuAkyj13cx169CA="),
        ("1700000000000", SECRET, "TSZbRFUuvaSQaRKUpF970OPCb2/LcQAP3wOvwZIzBZk="),
    ],
)
def test_the_signature_is_the_documented_one(timestamp: str, secret: str, expected: str) -> None:
    assert sign(timestamp, secret) == expected


@pytest.fixture
def signed(twin: Client) -> Client:
    twin.robot(id="signed", token=SIGNED, secret=SECRET)
    return twin


def _ms(seconds: float = 0) -> str:
    return str(round((time.time() + seconds) * 1000))


def test_a_signed_message_is_shown(signed: Client) -> None:
    assert signed.send(token=SIGNED, secret=SECRET)["errcode"] == 0
    assert signed.texts() == ["hello"]


@pytest.mark.parametrize("seconds", [-3590, 3590])
def test_a_timestamp_within_the_hour_passes(signed: Client, seconds: float) -> None:
    assert signed.send(token=SIGNED, secret=SECRET, timestamp=_ms(seconds))["errcode"] == 0


@pytest.mark.parametrize(
    "timestamp",
    [-3610.0, 3700.0, "now", "1700000000", "-5", "²", "9" * 5000],
    ids=["too old", "too new", "no number", "seconds", "negative", "another digit", "endless"],
)
def test_another_timestamp_is_invalid(signed: Client, timestamp: str | float) -> None:
    given = timestamp if isinstance(timestamp, str) else _ms(timestamp)
    reply = signed.send(token=SIGNED, secret=SECRET, timestamp=given)
    assert reply == {"errcode": 310000, "errmsg": "invalid timestamp"}


@pytest.mark.parametrize("extra", [{}, {"timestamp": _ms()}, {"timestamp": _ms(), "sign": "nonsense"}, {"sign": "é"}])
def test_a_missing_or_wrong_sign_does_not_match(signed: Client, extra: dict[str, str]) -> None:
    assert signed.send(token=SIGNED, **extra) == {"errcode": 310000, "errmsg": "sign not match"}
    assert signed.texts() == []


def test_a_sign_that_was_encoded_twice_needs_the_switch(signed: Client) -> None:
    timestamp = _ms()
    twice = sign(timestamp, SECRET).replace("/", "%2F").replace("+", "%2B").replace("=", "%3D")
    assert signed.send(token=SIGNED, timestamp=timestamp, sign=twice)["errmsg"] == "sign not match"
    signed.switch(double_encoded_sign=True)
    assert signed.send(token=SIGNED, timestamp=timestamp, sign=twice)["errcode"] == 0


def test_of_repeated_parameters_the_first_counts(signed: Client) -> None:
    stale = f"{signed.base}/robot/send?access_token={SIGNED}&timestamp={_ms(-7200)}&sign=old"
    timestamp = _ms()
    fresh = {"timestamp": timestamp, "sign": sign(timestamp, SECRET)}
    reply = signed.http.post(stale, params=fresh, json={"msgtype": "text", "text": {"content": "x"}}, timeout=10)
    assert reply.json()["errmsg"] == "invalid timestamp"


def test_one_keyword_is_enough(twin: Client) -> None:
    twin.control("robots/plain", {"keywords": ["Order", "库存"]}, method="PATCH")
    assert twin.text("nothing") == {"errcode": 310000, "errmsg": "keywords not in content"}
    assert twin.text("库存不足")["errcode"] == 0
    in_title = {"msgtype": "markdown", "markdown": {"title": "Order", "text": "x"}}
    assert twin.send(in_title)["errcode"] == 0
    twin.switch(keyword_in_title=False)
    assert twin.send(in_title)["errcode"] == 310000


def test_the_address_must_be_listed(twin: Client) -> None:
    twin.control("robots/plain", {"ips": ["203.0.113.7", "198.51.100.0/24"]}, method="PATCH")
    assert twin.text("x") == {"errcode": 310000, "errmsg": "ip 127.0.0.1 not in whitelist"}
    twin.control("robots/plain", {"ips": ["127.0.0.0/8"]}, method="PATCH")
    assert twin.text("x")["errcode"] == 0


@pytest.mark.parametrize(
    ("setting", "query", "documented", "described"),
    [
        ({"keywords": ["Order"]}, {}, "keywords not in content", "关键词不匹配"),
        ({"secret": SECRET}, {"timestamp": "1", "sign": "x"}, "invalid timestamp", "机器人发送签名过期"),
        ({"secret": SECRET}, {}, "sign not match", "机器人发送签名不匹配"),
        ({"ips": ["203.0.113.7"]}, {}, "ip 127.0.0.1 not in whitelist", "ip 不在白名单中"),
    ],
)
def test_each_refusal_has_three_wordings(
    twin: Client, setting: object, query: dict[str, str], documented: str, described: str
) -> None:
    twin.control("robots/plain", setting, method="PATCH")
    assert twin.send(**query) == {"errcode": 310000, "errmsg": documented}
    twin.switch(wording="more")
    assert twin.send(**query)["errmsg"].startswith(f"{documented}, more: [https://")
    twin.switch(wording="described")
    told = twin.send(**query)
    assert told["errcode"] == 310000
    assert told["errmsg"].startswith(f"description:{described};solution:")


def test_an_unknown_token_has_three_codes(twin: Client) -> None:
    assert twin.send(token="no such")["errcode"] == 400101
    twin.switch(unknown_token=300005)
    assert twin.send(token="no such") == {"errcode": 300005, "errmsg": "token is not exist"}


@pytest.mark.parametrize(
    ("path", "patch", "errcode"),
    [
        ("robots/plain", {"state": "disabled"}, 400102),
        ("robots/plain", {"state": "removed"}, 400106),
        ("groups/cid-management", {"disbanded": True}, 400013),
    ],
)
def test_a_robot_that_is_out_of_service(twin: Client, path: str, patch: object, errcode: int) -> None:
    twin.control(path, patch, method="PATCH")
    assert twin.text("x")["errcode"] == errcode
    assert twin.texts() == []
