"""Every code of DingTalk's tables leads to one outcome; throttling is recognised before a missing permission."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Misconfigured, Outcome, Refused, Retryable, Throttled, Unknown
from connectors.dingtalk.app.codes import FAMILIES, NAMES, NUMBERS, Scope
from connectors.dingtalk.app.verdict import Verdict, judge
from tests.connectors.dingtalk.scripted import UNHURRIED

NOW = datetime(2026, 8, 31, 15, 0, tzinfo=UTC)
"""23:00 in China on the month's last day."""
D, R, T = Outcome.DELIVERED, Outcome.REFUSED, Outcome.THROTTLED
M, U, L, A = Outcome.MISCONFIGURED, Outcome.UNKNOWN, Outcome.TOO_LARGE, Outcome.RETRY

OLDER: dict[Outcome, str] = {
    A: "-1",
    T: """
        90018 90019 90002 45009 90020 90030 143103 143104 143203 143204 1430003
        90001 90003 90004 90005 90006 90007 90008 90009 90010 90011 90012 90013 90014 90017 41045 41046 41047 41048
        """,
    M: """
        40001 40014 42001 40089 60011 60020 40056 404 1430000 41001 43007 41004 41044 48002 400020 40009 60003 41029
        """,
    R: """
        143105 143205 143106 143206 1430001 1430002 1430004 33012 60121 40035 400002 43004 41052
        41011 40003 40031 40032 40048 41049 60022 41028 40000 40008 40033 40038 40039
        """,
    L: "34016 40067 41101 45002 45003 45005",
    U: "500 400001 34015",
}
"""Of the pages on global codes, throttling, and the results of work notifications."""

# One block for each of DingTalk's pages, in its spelling.
NEWER: dict[Outcome, str] = {
    T: """
        Forbidden.AccessDenied.QpsLimitForApi Forbidden.AccessDenied.QpsLimitForAppkeyAndApi
        Forbidden.AccessDenied.QpmLimitForAppkeyAndApi Forbidden.AccessDenied.QpsLimitForSuitekeyAndOrgAndApi
        Forbidden.AccessDenied.QpmLimitForSuitekeyAndOrgAndApi Forbidden.AccessDenied.ApiCountLimitForOrg
        send.too.fast send.byToken.tooFast too.many.group too.many.people
        qps.exceed.limit request.overlimit request.limit flowLimit daily.call.limit autoflowLikeTriggerRateLimited
        """,
    M: """
        Forbidden.AccessDenied.AccessTokenPermissionDenied Forbidden.AccessDenied.IpNotInWhiteList
        forbidden.accessDenied forbidden.accessDenied.notInOrg apiPermissionDenied unauthorized.client
        InvalidAuthentication invalidAccessToken authFailed invalidClientIdOrSecret invalid.client
        invalidParameter.robotCode.auth invalidParameter.robotCode.coolApp invalidParameter.robotCode.notExsit
        invalidParameter.robotCode.invalid invalidParameter.robotCode invalidParameter.token.invalid
        invalidParameter.invalid token.notExisted template.not.existed template.stopped bot.stopped send.forbidden
        bot.forbidden.sendMessage invalid.openConversationId openConversationId.notExisted group.disbanded
        conversation.org.notMatch conversation.org.dismatch resource.not.found resource.unavailable unauthorized
        auth.error chatbotId.notAllow.sendOTO ip.not.match keywords.not.match sign.not.match
        param.templateNotExist param.templateUnpublished param.openSpaceIdInvalid
        needAuth invalidAgentId processGroupGetFailed processCodeError processSetupNoPermission processGetFailed
        invalidProcessCode benefitStatusInvalid
        """,
    R: """
        unsupported.grant.type invalidParameter.robotCode.empty invalidParameter.robotCode.missing
        invalidParameter.userIds.empty invalidParameter.userIds.overMax invalidParameter.userId.empty
        invalidParameter.msgKey.empty invalidParameter.msgKey.invalid invalidParameter.msgParam.invalid
        invalidParameter.param.invalid invalidParameter.msg.unsupport invalidParameter.msgBody.invalid
        invalidParameter.processQueryKey.missing invalidParameter.processQueryKeys.overMax
        invalidParameter.cursor.invalid invalidParameter.pageSize.invalid
        miss.openConversationId miss.param.text miss.param.contentOfText miss.param.markdown miss.param.markdownTotitle
        miss.param.markdownTotext miss.param.actionCard miss.param.actionCardTosingleUrl miss.chatbotId
        invalid.param.actionCardTobtnOrientation staffId.notExisted robot.oto.notExist illegal.receivers
        receivers.exceed illegal.excludes session.notExisted session.expired sendMessage.model.notMatch
        only.groupAdmin.canAtAll contain.unsafe.url contain.notAllowed.text contain.notAllowed.picture
        contain.notAllowed.content robot.processQueryKey.expired notRevoke.all.messages not.allowed.robotCode
        processQueryKey.expireTime invalid.processQueryKey
        param.empty param.outTrackIdEmpty param.openSpaceIdEmpty param.openDeliverModelEmpty
        param.openDeliverModelError param.openSpaceModelInvalid param.cardTemplateIdEmpty param.userIdEmpty
        param.cardPublicDataEmpty param.userIdNotExist param.contentUnsafe param.cardNotExist param.cardAlreadyExist
        param.cardDataAndPrivateDataBothEmpty param.invalid outTrackId.outOfLimit
        targetSelectApproverScopeError targetSelectApproverMissing invalidParameter processInstanceInvalidParameter
        processInstanceStartFailed formConverterError illegalComponent invalidInstanceListIdsStartTime
        userNotExist aflowProcessInstNotExist aflowProcessInstStatusException invalidInstanceId
        invalidInstanceTerminateIsSystem
        """,
    U: "unknown.send.result system.error send.ding.exception systemError sysErrror internalError",
    A: "system.busy systemBusy",
    L: "invalidParameter.msgParam.tooLong",
}
OLDER_ROWS = [(code, outcome) for outcome, codes in OLDER.items() for code in codes.split()]
NEWER_ROWS = [(code, outcome) for outcome, codes in NEWER.items() for code in codes.split()]
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


def said(status: int = 200, body: bytes | None = None, **fields: object) -> Verdict:
    return judge(status, msgspec.json.encode(fields) if body is None else body, NOW)


@pytest.mark.parametrize(("code", "outcome"), OLDER_ROWS)
def test_every_number(code: str, outcome: Outcome) -> None:
    for form in (int(code), code):
        verdict = said(errcode=form, errmsg="…")
        assert (verdict.outcome, verdict.code) == (outcome, code)
        assert verdict.sentence.endswith(".")
    inner = said(errcode=88, sub_code=code, sub_msg="…", errmsg=f"ding talk error[subcode={code},submsg=…]")
    assert (inner.outcome, inner.code) == (outcome, f"88/{code}")
    assert said(errcode=88, errmsg=f"ding talk error[subcode={code},submsg=…]").outcome is outcome or code == "-1"


@pytest.mark.parametrize(("code", "outcome"), NEWER_ROWS)
def test_every_name(code: str, outcome: Outcome) -> None:
    for status in (400, 403, 500):
        verdict = said(status, code=code, message="…", requestid="1")
        assert (verdict.outcome, verdict.code) == (outcome, code)
        assert verdict.sentence.endswith(".")
    # some of them are seen inside HTTP 200 as well
    assert said(200, success=False, code=code).outcome is outcome


def test_no_row_of_the_tables_is_untested_and_each_has_its_page() -> None:
    assert set(NUMBERS) == {code for code, _ in OLDER_ROWS}
    assert set(NAMES) <= {code for code, _ in NEWER_ROWS}
    rows = [*NUMBERS.values(), *NAMES.values(), *(entry for _, entry in FAMILIES)]
    assert all(row.page.startswith("https://open.dingtalk.com/document/") for row in rows)
    assert all((row.scope is not None) == (row.meaning.outcome is T) for row in rows)


@pytest.mark.parametrize(
    ("verdict", "scope", "after"),
    [
        (said(403, code="Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"), Scope.CALL, SECOND),
        (said(403, code="Forbidden.AccessDenied.QpmLimitForAppkeyAndApi"), Scope.CALL, MINUTE),
        (said(403, code="Forbidden.AccessDenied.ApiCountLimitForOrg"), Scope.MONTH, HOUR),
        (said(errcode=88, sub_code="90018"), Scope.CALL, SECOND),
        (said(errcode=90020), Scope.MONTH, HOUR),
        (said(errcode=143104), Scope.TENANT, MINUTE),
        (said(400, code="send.too.fast"), Scope.APPLICATION, MINUTE),
        (said(status=429, body=b""), Scope.CALL, MINUTE),
        (said(body=b'{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"x"}'), Scope.ADDRESS, 5 * MINUTE),
        (said(403, body=b'{"status":1111,"wait":5,"source":"x5","punish":"deny"}'), Scope.ADDRESS, 5 * MINUTE),
        (said(body=b"<html><body>denied</body></html>"), Scope.ADDRESS, 5 * MINUTE),
    ],
    ids=lambda value: value.code if isinstance(value, Verdict) else "",
)
def test_what_a_throttling_stops_and_for_how_long(verdict: Verdict, scope: Scope, after: timedelta) -> None:
    assert (verdict.outcome, verdict.scope, verdict.after) == (T, scope, after)


def test_throttling_that_also_looks_like_a_missing_permission_is_throttling() -> None:
    verdict = said(
        403,
        code="Forbidden.AccessDenied.QpsLimitForAppkeyAndApi",
        message="您的企业应用调用钉钉开放平台当前接口的所有请求都被暂时禁用了",
        accessdenieddetail={},
    )
    assert isinstance(verdict.error("app"), Throttled)
    assert isinstance(said(errcode=88, sub_code="60011").error("app"), Misconfigured)


@pytest.mark.parametrize("field", ["AccessDeniedDetail", "accessdenieddetail"])
def test_missing_permissions_are_told_to_the_letter(field: str) -> None:
    name = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
    scopes = ["Card.Instance.Write", "qyapi_robot_sendmsg"]
    body = {"Code": name, "Message": "没有调用该接口的权限", field: {"requiredScopes": scopes}}
    verdict = said(403, msgspec.json.encode(body))
    assert verdict.missing == ("Card.Instance.Write", "qyapi_robot_sendmsg")
    assert "Card.Instance.Write, qyapi_robot_sendmsg" in verdict.sentence


def test_missing_permissions_of_older_calls_stand_in_their_text() -> None:
    text = "应用尚未开通所需的权限：[qyapi_get_member],点击链接申请并开通即可"
    assert said(errcode=88, sub_code="60011", sub_msg=text).missing == ("qyapi_get_member",)
    wrapped = f"ding talk error[subcode=60011,submsg={text}]"
    assert said(errcode=88, errmsg=wrapped).missing == ("qyapi_get_member",)
    assert said(errcode=88, sub_code="60011", sub_msg="…").missing == ()


def test_missing_permissions_of_newer_calls_may_stand_in_the_text_alone() -> None:
    name = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
    assert said(403, code=name, message="应用尚未开通所需的权限：[Card.Instance.Write]").missing == (
        "Card.Instance.Write",
    )
    assert said(403, code="Forbidden.AccessDenied.QpsLimitForApi", message="[x.y]").missing == ()


def test_a_penalty_that_names_its_end_is_waited_for_in_chinas_time() -> None:
    text = "requests exceeded 300 times, penalty ends 2026-08-31 23:00:20"
    assert said(errcode=88, sub_code="90018", sub_msg=text).after == timedelta(seconds=20)
    past = "penalty ends 2026-08-31 22:59:00"
    assert said(errcode=88, sub_code="90018", sub_msg=past).after == SECOND
    assert said(errcode=88, sub_code="90018", sub_msg="penalty ends 2036-99-99 99:99:99").after == SECOND


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, b"{}", U),
        (200, b"", U),
        (200, b"[1]", U),
        (200, b'{"errcode":0}', D),
        (200, b'{"errcode":"0","errmsg":"ok"}', D),
        (200, b'{"processQueryKey":"x"}', D),
        (200, b'{"success":"true","result":{}}', D),
        (200, b'{"success":false}', U),
        (500, b"", U),
        (502, b"<html>bad gateway</html>", U),
        (503, b"", U),
        (408, b"", U),
        (413, b"", L),
        (401, b"", M),
        (403, b"{}", M),
        (404, b"<html>not here</html>", M),
        (407, b"<html>proxy</html>", M),
        (302, b"", M),
        (400, b'{"code":"something.new"}', R),
        (200, b'{"errcode":123456}', R),
        (200, b'{"errcode":88}', R),
    ],
)
def test_answers_without_a_code_that_is_known(status: int, body: bytes, outcome: Outcome) -> None:
    assert judge(status, body, NOW).outcome is outcome


def test_the_older_calls_tell_success_by_their_errcode_alone() -> None:
    assert judge(200, b'{"task_id":1}', NOW, older=True).outcome is U
    assert judge(200, b'{"task_id":1,"errcode":0}', NOW, older=True).fine
    assert judge(200, b'{"processQueryKey":"x"}', NOW).fine


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [
        (said(errcode=90018), Throttled),
        (said(errcode=-1), Retryable),
        (said(500, body=b""), Unknown),
        (said(errcode=60011), Misconfigured),
        (said(errcode=33012), Refused),
        (said(errcode=34016), Refused),
    ],
    ids=lambda value: value.code if isinstance(value, Verdict) else "",
)
def test_a_refusal_as_an_error_of_the_contract(verdict: Verdict, kind: type[Exception]) -> None:
    error = verdict.error("dingtalk:app:1")
    assert type(error) is kind
    assert error.detail == verdict.code
    if isinstance(error, Throttled):
        assert error.scope == "dingtalk:app:1"


@UNHURRIED
@given(st.integers(100, 599), st.binary(max_size=200) | st.dictionaries(st.text(), st.text()).map(msgspec.json.encode))
def test_any_answer_is_judged(status: int, body: bytes) -> None:
    verdict = judge(status, body, NOW)
    assert verdict.fine or verdict.sentence.endswith(".")
    assert len(verdict.code) <= 110


@UNHURRIED
@given(st.text(), st.sampled_from(["errcode", "code", "sub_code"]))
def test_a_code_in_a_log_holds_nothing_but_a_code(text: str, field: str) -> None:
    body = {"errcode": 88 if field == "sub_code" else None, field: text}
    code = said(400, msgspec.json.encode(body)).code
    assert all(char.isalnum() or char in "_.-/ " for char in code)
