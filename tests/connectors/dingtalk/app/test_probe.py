"""What an application lacks is named to the letter, by calls that change nothing."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Finding, Level
from tests.connectors.dingtalk.app.vendor import API_TOKEN, CUT, Said, Vendor, refusal

KINDS: dict[str, dict[str, Any]] = {
    "group": {"conversation": "cidExample=="},
    "person": {"users": ["amy"]},
    "work": {"agent_id": "836390886", "users": ["amy"]},
    "card": {"template": "4d18414c.schema", "user": "amy"},
}
ASKED = {
    "group": "v1.0/robot/groupMessages/query",
    "person": "v1.0/robot/oToMessages/readStatus",
    "work": "topapi/message/corpconversation/getsendprogress",
    "card": "v1.0/card/instances",
}
NOTHING_THERE = {
    "group": refusal("invalid.processQueryKey"),
    "person": refusal("processQueryKey.expireTime"),
    "work": Said(200, {"errcode": 400002, "errmsg": "无效的参数"}),
    "card": refusal("param.cardNotExist"),
}


def levels(findings: list[Finding]) -> list[Level]:
    return [finding.level for finding in findings]


@pytest.mark.parametrize("kind", KINDS)
def test_all_is_well(vendor: Vendor, kind: str) -> None:
    vendor.on(ASKED[kind], NOTHING_THERE[kind])
    assert levels(vendor.sender(kind, **KINDS[kind]).probe()) == [Level.FINE, Level.FINE]
    assert {one.path.lstrip("/") for one in vendor.asked} == {API_TOKEN.lstrip("/"), ASKED[kind]}


@pytest.mark.parametrize("kind", KINDS)
def test_missing_permissions_are_named(vendor: Vendor, kind: str) -> None:
    scopes = {"requiredScopes": ["qyapi_robot_sendmsg", "Card.Instance.Write"]}
    denied = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
    vendor.on(ASKED[kind], refusal(denied, 403, accessdenieddetail=scopes))
    found = vendor.sender(kind, **KINDS[kind]).probe()
    assert [each.about for each in found[1:]] == ["permission qyapi_robot_sendmsg", "permission Card.Instance.Write"]
    assert levels(found[1:]) == [Level.WRONG, Level.WRONG]


@pytest.mark.parametrize(
    ("kind", "said", "level", "word"),
    [
        ("group", refusal("invalid.openConversationId"), Level.WRONG, "openConversationId"),
        ("group", refusal("invalidParameter.robotCode.notExsit"), Level.WRONG, "robotCode"),
        ("group", refusal("Forbidden.AccessDenied.QpsLimitForApi", 403), Level.DOUBT, "limits"),
        ("person", refusal("template.stopped"), Level.WRONG, "stopped"),
        ("person", CUT, Level.DOUBT, "no answer"),
        ("work", Said(200, {"errcode": 40056, "errmsg": "不合法的agentid"}), Level.WRONG, "AgentId"),
        ("work", Said(200, {"errcode": 88, "sub_code": "60011", "errmsg": "…"}), Level.WRONG, "permission"),
        ("card", refusal("Forbidden.AccessDenied.IpNotInWhiteList", 403), Level.WRONG, "IP list"),
    ],
)
def test_what_is_wrong(vendor: Vendor, kind: str, said: Said, level: Level, word: str) -> None:
    vendor.on(ASKED[kind], said)
    finding = vendor.sender(kind, **KINDS[kind]).probe()[-1]
    assert finding.level is level
    assert word in finding.sentence


@pytest.mark.parametrize(("said", "level"), [(refusal("invalidClientIdOrSecret"), Level.WRONG), (CUT, Level.DOUBT)])
def test_without_a_token_nothing_else_is_asked(vendor: Vendor, said: Said, level: Level) -> None:
    vendor.on(API_TOKEN, said)
    [finding] = vendor.sender("group", **KINDS["group"]).probe()
    assert (finding.about, finding.level) == ("token", level)
