from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Malformed, Members, Retryable, Throttled, Unlisted, WhyUnlisted
from connectors.dingtalk.people.values import Group, Way
from tests.connectors.dingtalk.people.office import NOW, Office

SCENE, CHAT = "v1.0/im/sceneGroups/members/batchQuery", "chat/get"
OURS = Group(Way.SCENE, "cidxxxc354")
INSTALLED = Group(Way.INSTALLED, "cidxxxc354", cool_app="COOLAPP-1")
MADE = Group(Way.MADE, chat="chate39f540d")

# https://open.dingtalk.com/document/development/obtain-a-group-session
INFO: dict[str, Any] = {
    "owner": "manager4220",
    "showHistoryType": 0,
    "chatid": "chate39f540d",
    "conversationTag": 2,
    "useridlist": ["user123", "manager4220"],
    "name": "全员群",
}


def members(office: Office, group: Group) -> Members:
    found = office.groups.members(group)
    assert isinstance(found, Members)
    return found


def unlisted(office: Office, group: Group) -> Unlisted:
    found = office.groups.members(group)
    assert isinstance(found, Unlisted)
    assert found.sentence
    return found


def test_people_and_outsiders_are_told_apart_over_all_pages(office: Office) -> None:
    office.says(
        SCENE,
        {
            "success": True,
            "memberUserIds": ["ada"],
            "staffIdNickMap": {"ada": "Ada"},
            "hasMore": True,
            "nextToken": "10",
        },
        {
            "success": True,
            "memberUserIds": ["bob"],
            "unionIdList": ["u-1"],
            "unionIdNickMap": {"u-1": "X"},
            "hasMore": False,
        },
    )
    found = members(office, OURS)
    assert found.people == {"ada": "Ada", "bob": ""}
    assert found.outsiders == {"u-1": "X"}
    assert found.at == NOW
    assert office.asked[0].body == {"openConversationId": "cidxxxc354", "maxResults": 1000}
    assert office.asked[1].body["nextToken"] == "10"


def test_an_installed_group_is_asked_for_with_its_cool_app(office: Office) -> None:
    office.says(SCENE, {"success": True, "memberUserIds": ["ada"], "hasMore": False})
    assert members(office, INSTALLED).outsiders == {}
    assert office.asked[0].body["coolAppCode"] == "COOLAPP-1"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("groupPermissionDenied", WhyUnlisted.NOT_INSTALLED),
        ("groupTemplatePermissionDenied", WhyUnlisted.NOT_OURS),
        ("cidEncryptError", WhyUnlisted.NO_SUCH_GROUP),
        ("coolAppUninstalled", WhyUnlisted.NOT_INSTALLED),
        ("coolAppUnexist", WhyUnlisted.NOT_OURS),
        ("permession.checkFailed", WhyUnlisted.OWNER_OUT_OF_SCOPE),
        ("coolAppPermissionDenied", WhyUnlisted.NOT_OURS),
        ("auth.error", WhyUnlisted.NOT_GRANTED),
        ("something.new", WhyUnlisted.OTHER),
    ],
)
def test_a_group_that_cannot_be_listed_is_not_an_empty_one(office: Office, code: str, why: WhyUnlisted) -> None:
    office.refuses(SCENE, status=400, code=code, message="x", requestid="R")
    found = unlisted(office, OURS)
    assert (found.why, found.code) == (why, code)


def test_a_missing_permission_is_told(office: Office) -> None:
    office.refuses(SCENE, status=403, code="Forbidden.AccessDenied.AccessTokenPermissionDenied", message="x")
    assert unlisted(office, OURS).why is WhyUnlisted.NOT_GRANTED


def test_a_throttle_that_reads_like_a_missing_permission_is_none(office: Office) -> None:
    office.refuses(SCENE, status=403, code="Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", message="x")
    with pytest.raises(Throttled):
        office.groups.members(OURS)


def test_what_passes_by_itself_is_raised(office: Office) -> None:
    office.refuses(SCENE, status=500, code="system.error", message="x")
    with pytest.raises(Retryable):
        office.groups.members(OURS)


@pytest.mark.parametrize(
    "said",
    [
        {"success": True},
        {"success": True, "memberUserIds": ["ada"], "hasMore": True},
        {"success": True, "memberUserIds": ["ada"], "hasMore": True, "nextToken": ""},
        {"success": True, "memberUserIds": [{}], "hasMore": False},
    ],
)
def test_half_a_list_is_none(office: Office, said: dict[str, Any]) -> None:
    office.says(SCENE, said)
    with pytest.raises(Malformed):
        office.groups.members(OURS)


def test_a_list_that_goes_round_is_none(office: Office) -> None:
    office.says(SCENE, {"success": True, "memberUserIds": ["ada"], "hasMore": True, "nextToken": "1"})
    with pytest.raises(Malformed):
        office.groups.members(OURS)


def test_a_group_that_the_application_made_says_its_owner_and_history(office: Office) -> None:
    office.says(CHAT, {"chat_info": INFO})
    found = members(office, MADE)
    assert (set(found.people), found.outsiders) == ({"user123", "manager4220"}, {})
    assert (found.name, found.owner, found.open_history) == ("全员群", "manager4220", False)
    assert (office.asked[0].method, office.asked[0].query) == ("GET", {"chatid": "chate39f540d"})
    office.says(CHAT, {"chat_info": INFO | {"showHistoryType": 1}})
    assert members(office, MADE).open_history is True


@pytest.mark.parametrize(
    ("info", "why"), [({"status": 2}, WhyUnlisted.GONE), ({"conversationTag": 0}, WhyUnlisted.NOT_INTERNAL)]
)
def test_a_group_that_is_gone_or_not_internal_is_not_listed(
    office: Office, info: dict[str, Any], why: WhyUnlisted
) -> None:
    office.says(CHAT, {"chat_info": INFO | info})
    assert unlisted(office, MADE).why is why


@pytest.mark.parametrize(
    ("code", "why"),
    [(43007, WhyUnlisted.NOT_OURS), (40016, WhyUnlisted.NO_SUCH_GROUP), (49000, WhyUnlisted.NO_SUCH_GROUP)],
)
def test_a_group_that_another_made_is_not_ours(office: Office, code: int, why: WhyUnlisted) -> None:
    office.refuses(CHAT, errcode=code, errmsg="x")
    assert unlisted(office, MADE).why is why
