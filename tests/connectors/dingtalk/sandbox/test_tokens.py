"""Tokens of both hosts, and what a call without a good one gets."""

from __future__ import annotations

import time

from tests.connectors.dingtalk.sandbox.app import App


def _gettoken(app: App, secret: str = "") -> dict[str, object]:
    query = {"appkey": app.id, "appsecret": secret or app.secret}
    return app.old("/gettoken", method="GET", **query)


def test_three_calls_give_one_token_for_both_hosts(app: App) -> None:
    old = _gettoken(app)
    body = {"client_id": app.id, "client_secret": app.secret, "grant_type": "client_credentials"}
    newest = app.done("POST", "oauth2/dingsandboxcorp/token", body)
    assert (old["access_token"], old["expires_in"], old["errcode"]) == (app.token, 7200, 0)
    assert newest == {"access_token": app.token, "expires_in": 7200}
    assert app.old("/topapi/v2/user/get", {"userid": "u-amy"})["result"]["name"] == "Amy Wong"
    assert app.send("u-amy")["processQueryKey"]


def test_wrong_credentials(app: App) -> None:
    assert _gettoken(app, "wrong")["errcode"] == 40089
    wrong = {"appKey": app.id, "appSecret": "wrong"}
    assert app.refused("POST", "oauth2/accessToken", wrong) == "invalidClientIdOrSecret"
    body = {"client_id": app.id, "client_secret": app.secret, "grant_type": "password"}
    assert app.refused("POST", "oauth2/dingsandboxcorp/token", body) == "unsupported.grant.type"
    good = {**body, "grant_type": "client_credentials"}
    assert app.refused("POST", "oauth2/another/token", good) == "invalid.client"


def test_a_token_ends_and_a_new_one_follows(app: App) -> None:
    app.twin.control("settings", {"token_life_s": 0.2})
    app.twin.control("tokens", method="DELETE")
    short = app.token = app.fresh_token()
    time.sleep(0.25)
    assert app.old("/topapi/v2/user/get", {"userid": "u-amy"})["errcode"] == 42001
    assert app.refused("POST", "robot/oToMessages/batchSend", {}) == "InvalidAuthentication"
    app.twin.switch(expired_token_errcode=40014)
    assert app.old("/topapi/v2/user/get", {"userid": "u-amy"})["errcode"] == 40014
    assert app.fresh_token() != short


def test_asking_again_renews_the_time_unless_switched_off(app: App) -> None:
    app.twin.switch(token_renews=False)
    time.sleep(1.1)
    assert _gettoken(app)["expires_in"] in {7198, 7199}
    app.twin.switch(token_renews=True)
    assert _gettoken(app)["expires_in"] == 7200


def test_a_wrong_token_in_each_form(app: App) -> None:
    app.token = "wrong"
    status, told = app.new("POST", "robot/oToMessages/batchSend", {})
    assert (status, told["code"]) == (400, "InvalidAuthentication")
    assert app.old("/topapi/v2/user/get", {"userid": "u-amy"})["errcode"] == 40014
    app.twin.switch(invalid_token_status=401, token_refused_by="gateway")
    assert app.new("POST", "robot/oToMessages/batchSend", {})[0] == 401
    told = app.old("/topapi/v2/user/get", {"userid": "u-amy"})
    assert (told["errcode"], told["sub_code"]) == (88, "40014")
    assert told["errmsg"].startswith("ding talk error[subcode=40014,submsg=")


def test_a_right_that_was_not_given(app: App) -> None:
    app.twin.control(f"apps/{app.id}", {"lacks": ["qyapi_robot_sendmsg", "qyapi_get_member"]}, method="PATCH")
    status, told = app.new("POST", "robot/oToMessages/batchSend", {})
    assert (status, told["code"]) == (403, "Forbidden.AccessDenied.AccessTokenPermissionDenied")
    assert told["AccessDeniedDetail"] == {"requiredScopes": ["qyapi_robot_sendmsg"]}
    app.twin.switch(denied_detail="accessdenieddetail")
    told = app.new("POST", "robot/oToMessages/batchSend", {})[1]
    assert told["accessdenieddetail"] == {"requiredScopes": ["qyapi_robot_sendmsg"]}
    told = app.old("/topapi/v2/user/get", {"userid": "u-amy"})
    assert (told["errcode"], told["sub_code"]) == (88, "60011")


def test_an_address_that_is_not_listed(app: App) -> None:
    app.twin.control(f"apps/{app.id}", {"ips": ["203.0.113.7"]}, method="PATCH")
    status, told = app.new("POST", "robot/oToMessages/batchSend", {})
    assert (status, told["code"]) == (403, "Forbidden.AccessDenied.IpNotInWhiteList")
    assert app.old("/topapi/v2/user/get", {"userid": "u-amy"})["sub_code"] == "60020"


def test_paths_and_methods_that_do_not_exist(app: App) -> None:
    assert app.new("POST", "robot/no/such", {})[0] == 404
    assert app.new("GET", "card/instances/deliver")[0] == 405
    assert app.old("/topapi/no/such", {})["errcode"] == 404
    assert app.old("/topapi/v2/user/get", method="GET")["errcode"] == 43002


def test_a_body_that_is_no_json_object(app: App) -> None:
    base, headers = app.twin.base, {"x-acs-dingtalk-access-token": app.token}
    reply = app.twin.http.post(f"{base}/v1.0/card/instances", data="[1]", headers=headers, timeout=10)
    assert (reply.status_code, reply.json()["code"]) == (400, "InvalidParameter")
    reply = app.twin.http.post(f"{base}/topapi/v2/user/get?access_token={app.token}", data="{", timeout=10)
    assert reply.json()["errcode"] == 40035
