"""Whether an application may do what it is set up for, found out by calls that read or that change nothing.

https://open.dingtalk.com/document/development/add-api-permission
"""

from __future__ import annotations

import msgspec

from connectors.contract import ConnectorError, Finding, Level, Misconfigured, Outcome
from connectors.dingtalk.app.calls import Call, Calls, look
from connectors.dingtalk.app.codes import FORBIDDEN
from connectors.dingtalk.app.verdict import Verdict

NOTHING = "dingbridge-probe"
"""The name of a message, a card and an approval that there are not."""
_READ_STATUS = "v1.0/robot/oToMessages/readStatus"
_GROUP_READ = "v1.0/robot/groupMessages/query"
_PROGRESS = "topapi/message/corpconversation/getsendprogress"
_CARD = "v1.0/card/instances"
_APPROVALS = "v1.0/workflow/processes/instanceIds/query"
_WITHDRAWN = "v1.0/workflow/processInstances/terminate"
_NO_APPROVAL = frozenset(
    {"aflowProcessInstNotExist", "processInstanceNotExist", "aflowProcessInstStatusException"}
)  # A-DINGTALK-219
_LOOK_BACK_MS = 60_000
_SHOWN = "DingTalk lets the application ask about it."
_NOT_SHOWN = "DingTalk lets the application ask about it. Only a notification shows that the AgentId is the right one."


def probe_robot(calls: Calls) -> list[Finding]:
    """Look at the token, and at the robot with its permission."""
    query = {"robotCode": calls.application.robot, "processQueryKey": NOTHING}
    call = Call(_READ_STATUS, method="GET", query=query, repeatable=True)
    return _probed(calls, "robot", call, frozenset({"invalid.processQueryKey", "processQueryKey.expireTime"}))


def probe_group(calls: Calls, conversation: str) -> list[Finding]:
    """Look at the token, and at the robot in the group with its permission."""
    fields = {
        "openConversationId": conversation,
        "robotCode": calls.application.robot,
        "processQueryKey": NOTHING,
        "maxResults": 1,
    }
    known = frozenset({"invalid.processQueryKey", "processQueryKey.expireTime"})
    return _probed(calls, "group", look(_GROUP_READ, **fields), known)


def probe_work(calls: Calls, agent: str) -> list[Finding]:
    """Look at the token, and at the agent with its permission.

    DingTalk has one code for a wrong agent and for a notification that there is not, so that code proves neither.
    https://open.dingtalk.com/document/development/obtain-the-sending-progress-of-asynchronous-sending-of-enterprise-session
    """
    call = look(_PROGRESS, agent_id=int(agent), task_id=1)
    return _probed(calls, "agent_id", call, frozenset({"400002", "40035"}), _NOT_SHOWN)  # A-DINGTALK-213


def probe_cards(calls: Calls) -> list[Finding]:
    """Look at the token, and at the permission to change cards: the card does not exist, so nothing is changed."""
    fields = {"outTrackId": NOTHING, "cardData": {"cardParamMap": {"probe": "1"}}}
    call = Call(_CARD, msgspec.json.encode(fields), method="PUT", repeatable=True)
    return _probed(calls, "cards", call, frozenset({"param.cardNotExist"}))


def probe_approvals(calls: Calls, process: str, now_ms: int) -> list[Finding]:
    """Look at the token, at the template with the permission to read its instances, and at that to start them.

    `now_ms`: since 1970. Both permissions belong to approvals; an approval that there is not cannot be withdrawn, so
    nothing is changed.
    https://open.dingtalk.com/document/development/revoke-an-approval-instance
    """
    fields = {"processCode": process, "startTime": now_ms - _LOOK_BACK_MS, "nextToken": 0, "maxResults": 1}
    found = _probed(calls, "approvals", look(_APPROVALS, **fields), frozenset())
    if any(each.level is not Level.FINE for each in found):
        return found
    withdrawn = Call(_WITHDRAWN, msgspec.json.encode({"processInstanceId": NOTHING, "isSystem": True}), repeatable=True)
    return [*found, *_probed(calls, "starting approvals", withdrawn, _NO_APPROVAL)[1:]]


def _probed(calls: Calls, about: str, call: Call, known: frozenset[str], sentence: str = _SHOWN) -> list[Finding]:
    try:
        calls.tokens.get()
    except ConnectorError as error:
        return [Finding("token", _level(error), str(error))]
    token = Finding("token", Level.FINE, "DingTalk gives an access token.")
    try:
        verdict = calls.ask(call)
    except ConnectorError as error:
        return [token, Finding(about, _level(error), str(error))]
    if verdict.fine or verdict.code in known:
        return [token, Finding(about, Level.FINE, sentence)]
    return [token, *_refused(about, verdict)]


def _refused(about: str, verdict: Verdict) -> list[Finding]:
    if verdict.entry is FORBIDDEN and verdict.missing:
        return [
            Finding(f"permission {scope}", Level.WRONG, f"Add {scope} in the console's Permission Management.")
            for scope in verdict.missing
        ]
    wrong = verdict.outcome is Outcome.MISCONFIGURED
    return [Finding(about, Level.WRONG if wrong else Level.DOUBT, f"{verdict.sentence} ({verdict.code})")]


def _level(error: ConnectorError) -> Level:
    return Level.WRONG if isinstance(error, Misconfigured) else Level.DOUBT
