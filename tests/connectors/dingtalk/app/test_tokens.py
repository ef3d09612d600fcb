"""One token for both families of calls and for all workers; a refused one is renewed once; nothing of it is shown."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from connectors.contract import Misconfigured, Retryable, Throttled, Token
from connectors.dingtalk.app.calls import Call, look
from connectors.dingtalk.app.settings import Application
from tests.connectors.dingtalk.app.vendor import (
    API_TOKEN,
    CLIENT,
    CUT,
    OAPI_TOKEN,
    SECRET,
    TOKEN,
    Said,
    Vendor,
    refusal,
)

NEWER = "v1.0/robot/groupMessages/query"
OLDER = "topapi/message/corpconversation/getsendresult"


def test_the_newer_token_call(vendor: Vendor) -> None:
    token = vendor.calls().tokens.get()
    assert token.value == f"{TOKEN}-1"
    assert vendor.to(API_TOKEN)[0].body == {"appKey": CLIENT, "appSecret": SECRET}


def test_the_older_token_call(vendor: Vendor) -> None:
    token = vendor.calls(token_call="oapi").tokens.get()
    assert token.value == f"{TOKEN}-1"
    asked = vendor.to(OAPI_TOKEN)[0]
    assert (asked.method, asked.query) == ("GET", {"appkey": CLIENT, "appsecret": SECRET})


def test_a_token_is_renewed_ten_minutes_before_its_end(vendor: Vendor) -> None:
    # the cache renews a minute before the end that it is told
    assert vendor.calls().tokens.get().expires_at == vendor.now + timedelta(hours=2) - timedelta(minutes=9)


def test_a_short_lived_token_is_used(vendor: Vendor) -> None:
    vendor.on(API_TOKEN, Said(200, {"accessToken": "short", "expireIn": 60}))
    assert vendor.calls().tokens.get().expires_at == vendor.now + timedelta(seconds=30)


def test_clients_of_one_application_share_a_token(vendor: Vendor) -> None:
    for _ in range(3):
        vendor.on(NEWER, Said(200, {"sendStatus": "SUCCESS"}))
        vendor.on(OLDER, Said(200, {"errcode": 0}))
        calls = vendor.calls()
        calls.make(look(NEWER))
        calls.make(look(OLDER))
    assert vendor.tokens == 1
    assert {one.headers.get("x-acs-dingtalk-access-token") for one in vendor.to(NEWER)} == {f"{TOKEN}-1"}
    assert {one.query["access_token"] for one in vendor.to(OLDER)} == {f"{TOKEN}-1"}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (NEWER, refusal("InvalidAuthentication")),
        (NEWER, Said(401, {})),
        (OLDER, Said(200, {"errcode": 40014, "errmsg": "不合法的access_token"})),
        (OLDER, Said(200, {"errcode": 42001, "errmsg": "access_token过期"})),
        (OLDER, Said(200, {"errcode": 88, "sub_code": "40014", "errmsg": "ding talk error[subcode=40014,submsg=…]"})),
    ],
)
def test_a_refused_token_is_renewed_once_and_the_same_request_goes_out_again(
    vendor: Vendor, path: str, said: Said
) -> None:
    vendor.on(path, said, Said(200, {"errcode": 0, "fine": True}))
    assert vendor.calls().make(Call(path, b'{"a":1}'))["fine"]
    assert vendor.tokens == 2
    assert [one.raw for one in vendor.to(path)] == [b'{"a":1}'] * 2


def test_a_token_that_stays_refused_is_told_and_not_asked_for_again_and_again(vendor: Vendor) -> None:
    vendor.on(NEWER, refusal("InvalidAuthentication"))
    with pytest.raises(Misconfigured, match="Client ID"):
        vendor.calls().make(look(NEWER))
    assert (vendor.tokens, len(vendor.to(NEWER))) == (2, 2)


def test_a_permission_that_was_added_counts_from_the_next_call_on(vendor: Vendor) -> None:
    # for a token that was given before it was added it does not count
    vendor.on(NEWER, refusal("Forbidden.AccessDenied.AccessTokenPermissionDenied", 403), Said(200, {"hasMore": False}))
    calls = vendor.calls()
    with pytest.raises(Misconfigured, match="permission"):
        calls.make(look(NEWER))
    calls.make(look(NEWER))
    assert [one.headers["x-acs-dingtalk-access-token"] for one in vendor.to(NEWER)] == [f"{TOKEN}-1", f"{TOKEN}-2"]


def test_another_workers_newer_token_is_not_dropped(vendor: Vendor) -> None:
    calls = vendor.calls()
    old = Token("older", vendor.base, vendor.now)
    current = calls.tokens.get()
    calls.tokens.spoil(old)
    assert calls.tokens.get() == current
    assert vendor.tokens == 1


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (refusal("invalidClientIdOrSecret"), Misconfigured),
        (Said(200, {"errcode": 40089, "errmsg": "不合法的corpid或corpsecret"}), Misconfigured),
        (refusal("Forbidden.AccessDenied.QpsLimitForApi", 403), Throttled),
        (Said(502, b"<html>bad gateway</html>"), Retryable),
        (CUT, Retryable),
    ],
)
def test_a_token_that_is_not_given(vendor: Vendor, said: Said, kind: type[Exception]) -> None:
    vendor.on(API_TOKEN, said)
    with pytest.raises(kind) as caught:
        vendor.calls().make(look(NEWER))
    assert SECRET not in f"{caught.value} {caught.value!r} {getattr(caught.value, 'detail', '')}"


@pytest.mark.parametrize(
    ("site", "api", "oapi"),
    [
        ("dingtalk.com", "https://api.dingtalk.com", "https://oapi.dingtalk.com"),
        ("dingtalk.io", "https://api.dingtalk.io", "https://oapi.dingtalk.io"),
        ("http://127.0.0.1:8025/", "http://127.0.0.1:8025", "http://127.0.0.1:8025"),
    ],
)
def test_where_an_organisation_lives(site: str, api: str, oapi: str) -> None:
    application = Application.model_validate({"client_id": CLIENT, "client_secret": SECRET, "site": site})
    assert (application.api, application.oapi) == (api, oapi)


@pytest.mark.parametrize("site", ["https://api.dingtalk.com", "dingtalk.com.example.com", "http://example.com", ""])
def test_secrets_go_to_dingtalk_only(site: str) -> None:
    with pytest.raises(ValueError, match=r"dingtalk\.io") as caught:
        Application.model_validate({"client_id": CLIENT, "client_secret": SECRET, "site": site})
    assert SECRET not in str(caught.value)


def test_regions_and_applications_have_tokens_of_their_own() -> None:
    keys = {
        Application.model_validate({"client_id": client, "client_secret": SECRET, "site": site}).key
        for client in (CLIENT, "dingclient0002")
        for site in ("dingtalk.com", "dingtalk.io")
    }
    assert len(keys) == 4


@pytest.mark.parametrize("token_call", ["api", "oapi"])
def test_nothing_of_a_secret_is_logged_or_shown(
    vendor: Vendor, token_call: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    # the product's own log keeps urllib3 at this level, because it writes addresses
    caplog.set_level(logging.INFO, "urllib3")
    calls = vendor.calls(token_call=token_call)
    vendor.on(NEWER, refusal("Forbidden.AccessDenied.AccessTokenPermissionDenied", 403))
    vendor.on(OLDER, CUT)
    said = [repr(calls), repr(calls.tokens), repr(calls.tokens.get()), repr(calls.application)]
    for path in (NEWER, OLDER):
        with pytest.raises(Exception, match=r".") as caught:
            calls.make(look(path))
        said += [str(caught.value), repr(caught.value), str(caught.value.__context__), str(caught.value.__cause__)]
    shown = " ".join([*said, caplog.text])
    assert SECRET not in shown
    assert TOKEN not in shown
