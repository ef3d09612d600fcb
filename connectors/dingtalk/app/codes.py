"""What an application is told by DingTalk: one table from code to what happens next, each row with its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from connectors.contract import Outcome
from connectors.dingtalk.errors import Meaning, Wait

_DOCS = "https://open.dingtalk.com/document/development/"
GLOBAL = _DOCS + "server-api-error-codes-1"
LIMITS = _DOCS + "how-to-process-api-throttling-on-the-dingtalk-server"
TOKENS = _DOCS + "obtain-the-access-token-of-an-internal-app"
ROBOT = _DOCS + "the-robot-sends-a-group-message"
PEOPLE = _DOCS + "chatbots-send-one-on-one-chat-messages-in-batches"
RECALL = _DOCS + "batch-message-recall-chat"
READING = _DOCS + "chatbot-queries-the-read-status-of-a-message"
WORK = _DOCS + "gets-the-result-of-sending-messages-asynchronously-to-the-enterprise"
CARDS = _DOCS + "create-and-deliver-cards"
APPROVALS = _DOCS + "create-an-approval-instance"
TERMINATING = _DOCS + "revoke-an-approval-instance"

_SECOND, _MINUTE, _QUARTER = timedelta(seconds=1), timedelta(minutes=1), timedelta(minutes=15)


class Scope(StrEnum):
    """What must stop when DingTalk says "too much"."""

    CALL = "call"
    """One API as this application calls it."""
    APPLICATION = "application"
    TENANT = "tenant"
    """The whole organisation."""
    MONTH = "month"
    """The organisation's calls that count, until the month ends."""
    ADDRESS = "address"
    """Everything that leaves through this network's address."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row: what a code means, the page that has it, what it stops; `token`: the access token is the trouble."""

    meaning: Meaning
    page: str
    scope: Scope | None = None
    token: bool = False


def _slow(sentence: str, wait: timedelta | Wait, scope: Scope, page: str = LIMITS) -> Entry:
    return Entry(Meaning(Outcome.THROTTLED, sentence, wait), page, scope)


def _retry(page: str, sentence: str = "DingTalk is busy: nothing to do, it is tried again.") -> Entry:
    return Entry(Meaning(Outcome.RETRY, sentence, _SECOND), page)


def _wrong(page: str, sentence: str) -> Entry:
    return Entry(Meaning(Outcome.MISCONFIGURED, sentence), page)


def _refused(page: str, sentence: str) -> Entry:
    return Entry(Meaning(Outcome.REFUSED, sentence), page)


def _unknown(page: str, sentence: str = "DingTalk failed: the call may have been carried out.") -> Entry:
    return Entry(Meaning(Outcome.UNKNOWN, sentence), page)


_FAST = "DingTalk limits the calls per second: nothing to do, it goes on by itself."
_ALL = "DingTalk refuses all calls for a while: look for what else calls it, and it goes on by itself."
_NOTIFIED = "Too many people were notified in a minute: it goes on by itself."
_QPS = _slow(_FAST, _SECOND, Scope.CALL)
_QPM = _slow("DingTalk limits the calls per minute: nothing to do, it goes on by itself.", _MINUTE, Scope.CALL)
_MONTH = _slow(
    "The organisation's monthly calls are used up: buy an add-on, or wait for the next month.", Wait.MONTH, Scope.MONTH
)
BLOCKED = _slow(
    "DingTalk blocks this network's address for five minutes: find what makes more than 10,000 calls in 20 seconds.",
    timedelta(minutes=5),
    Scope.ADDRESS,
)
TOO_MANY = _slow("DingTalk limits the calls: nothing to do, it goes on by itself.", _MINUTE, Scope.CALL, GLOBAL)
FLOW_SENTENCE = "DingTalk limits this robot's messages: nothing to do, it goes on by itself."
FLOW_WAIT = timedelta(minutes=1)
_FLOW = _slow(FLOW_SENTENCE, FLOW_WAIT, Scope.APPLICATION, ROBOT)
_TOKEN = Entry(
    Meaning(
        Outcome.MISCONFIGURED, "DingTalk refuses a fresh access token: check the application's Client ID and Secret."
    ),
    GLOBAL,
    token=True,
)
FORBIDDEN = _wrong(
    GLOBAL, "The application lacks a permission: add it in the developer console under Permission Management."
)
NOT_LISTED = _wrong(GLOBAL, "This machine's address is not on the application's IP list: add it in the console.")
_SECRET = _wrong(TOKENS, "DingTalk does not know this Client ID with this Secret: copy both from the credentials page.")
_OURS = "DingTalk does not understand the request: report this code, it is a fault of this connector."
TOO_LONG = Entry(
    Meaning(Outcome.TOO_LARGE, "The message is longer than DingTalk takes: it has to be split further."), ROBOT
)
_NO_ROBOT = _wrong(ROBOT, "DingTalk does not know this robot: copy the robotCode from the application's robot page.")
_STOPPED = _wrong(ROBOT, "The robot is stopped: publish or enable it again in the developer console.")
_NO_GROUP = _wrong(ROBOT, "DingTalk does not know this group: copy its openConversationId again.")
_NOT_THEIRS = _wrong(ROBOT, "The application may not send into this group: install its robot or cool app there.")
_NO_PERSON = _refused(PEOPLE, "A person is not known to DingTalk: correct the user id.")
_NO_DEPARTMENT = _wrong(GLOBAL, "A department is not known to DingTalk: correct its id.")
_MODERATED = "DingTalk's moderation does not let {} pass: look at the fields that the message shows."
_NO_TEMPLATE = _wrong(CARDS, "DingTalk has no such published card template: publish it, and copy its id.")
_NO_PROCESS = _wrong(APPROVALS, "DingTalk has no such approval template in use: copy its processCode again.")
_FORM = _refused(APPROVALS, "The form does not fit the approval template: compare names, options and required fields.")
_APPROVERS = _refused(APPROVALS, "The approval's people do not fit: check submitter, department and approvers.")

# https://open.dingtalk.com/document/development/server-api-error-codes-1 and the pages above
NUMBERS: Mapping[str, Entry] = MappingProxyType(
    {
        "-1": _retry(GLOBAL),
        "90018": _QPS,
        "90019": _QPS,
        "90002": _slow(_FAST, _SECOND, Scope.CALL),
        "45009": TOO_MANY,
        "90020": _MONTH,
        "90030": _MONTH,  # A-DINGTALK-17
        "90001": _slow(_ALL, _MINUTE, Scope.ADDRESS, GLOBAL),
        "90003": _slow(_ALL, _MINUTE, Scope.TENANT, GLOBAL),
        "90004": _slow(_ALL, _MINUTE, Scope.APPLICATION, GLOBAL),
        "90005": TOO_MANY,
        "90006": TOO_MANY,
        "90007": _slow(_ALL, _MINUTE, Scope.TENANT, GLOBAL),
        "90008": TOO_MANY,
        "90009": _slow(_ALL, _MINUTE, Scope.APPLICATION, GLOBAL),
        "90010": TOO_MANY,
        "90011": _slow(_ALL, _MINUTE, Scope.APPLICATION, GLOBAL),
        "90012": TOO_MANY,
        "90013": _slow(_ALL, _MINUTE, Scope.TENANT, GLOBAL),
        "90014": TOO_MANY,
        "90017": _slow(_ALL, _MINUTE, Scope.ADDRESS, GLOBAL),
        "41045": _slow("The day's messages to everybody are used up.", _QUARTER, Scope.APPLICATION, GLOBAL),
        "41046": _slow(_NOTIFIED, _MINUTE, Scope.APPLICATION, GLOBAL),
        "41047": _slow(_NOTIFIED, _MINUTE, Scope.TENANT, GLOBAL),
        "41048": _slow(_NOTIFIED, _MINUTE, Scope.TENANT, GLOBAL),
        "143103": _slow(_NOTIFIED, _MINUTE, Scope.APPLICATION),
        "143104": _slow(_NOTIFIED, _MINUTE, Scope.TENANT),
        "143203": _slow(_NOTIFIED, _MINUTE, Scope.APPLICATION),
        "143204": _slow(_NOTIFIED, _MINUTE, Scope.APPLICATION),
        "1430003": _slow("DingTalk protects itself: nothing to do, it goes on by itself.", _MINUTE, Scope.TENANT, WORK),
        "143105": _refused(WORK, "A person got the 500 notifications that one application may send in a day."),
        "143205": _refused(WORK, "A person got the notifications that one application may send in a day."),
        "143106": _refused(WORK, "A person got the same content today already: DingTalk shows it once a day."),
        "143206": _refused(WORK, "A person got the same content today already: DingTalk shows it once a day."),
        "1430000": _wrong(WORK, "Nobody would get the message: check users and departments."),
        "1430001": _refused(WORK, _OURS),
        "1430002": _refused(WORK, _MODERATED.format("the content")),
        "1430004": _refused(WORK, "Executive protection keeps the message from a person: have it allowed there."),
        "40001": _TOKEN,
        "40014": _TOKEN,
        "42001": _TOKEN,
        "41001": _TOKEN,
        "43007": _TOKEN,
        "40089": _SECRET,
        "41004": _SECRET,
        "41044": FORBIDDEN,
        "48002": FORBIDDEN,
        "400020": FORBIDDEN,
        "40009": _NO_DEPARTMENT,
        "60003": _NO_DEPARTMENT,
        "41029": _wrong(GLOBAL, "A notification has at most 5,000 receivers: name smaller departments."),
        "41011": _refused(GLOBAL, _OURS),
        "60011": FORBIDDEN,
        "60020": NOT_LISTED,
        "40056": _wrong(WORK, "DingTalk does not know this AgentId: copy it from the application's details."),
        "404": _wrong(GLOBAL, "DingTalk does not know this address: check `site`."),
        "33012": _NO_PERSON,
        "60121": _NO_PERSON,
        "40003": _NO_PERSON,
        "40031": _NO_PERSON,
        "40032": _NO_PERSON,
        "40048": _refused(GLOBAL, "DingTalk holds a link for unsafe: have the domain allowed."),
        "41049": _refused(GLOBAL, _MODERATED.format("the content")),
        "60022": _refused(GLOBAL, _MODERATED.format("the content")),
        "41028": _refused(GLOBAL, "The application may not write to everybody."),
        "500": _unknown(WORK),
        "400001": _unknown(GLOBAL),
        "34015": _unknown(GLOBAL),
        "40067": TOO_LONG,
        "41101": TOO_LONG,
        "45002": TOO_LONG,
        "45003": TOO_LONG,
        "45005": TOO_LONG,
        "40000": _refused(GLOBAL, _OURS),
        "40008": _refused(GLOBAL, _OURS),
        "40033": _refused(GLOBAL, _OURS),
        "40038": _refused(GLOBAL, _OURS),
        "40039": _refused(GLOBAL, _OURS),
        "34016": TOO_LONG,
        "40035": _refused(GLOBAL, _OURS),
        "400002": _refused(GLOBAL, _OURS),
        "43004": _refused(GLOBAL, _OURS),
        "41052": _refused(WORK, _OURS),
    }
)

NAMES: Mapping[str, Entry] = MappingProxyType(
    {
        "InvalidAuthentication": _TOKEN,
        "invalidAccessToken": _TOKEN,
        "authFailed": _SECRET,
        "invalidClientIdOrSecret": _SECRET,
        "invalid.client": _SECRET,
        "unauthorized.client": FORBIDDEN,
        "unsupported.grant.type": _refused(TOKENS, _OURS),
        "Forbidden.AccessDenied.IpNotInWhiteList": NOT_LISTED,
        "Forbidden.AccessDenied.AccessTokenPermissionDenied": FORBIDDEN,
        "apiPermissionDenied": FORBIDDEN,
        "send.too.fast": _FLOW,
        "send.byToken.tooFast": _FLOW,
        "too.many.group": _FLOW,
        "too.many.people": _FLOW,
        "qps.exceed.limit": TOO_MANY,
        "request.overlimit": TOO_MANY,
        "request.limit": TOO_MANY,
        "flowLimit": TOO_MANY,
        "unknown.send.result": _unknown(ROBOT),
        "system.error": _unknown(ROBOT),  # A-DINGTALK-204
        "systemError": _unknown(APPROVALS),
        "sysErrror": _unknown(APPROVALS),
        "internalError": _unknown(APPROVALS),
        "system.busy": _retry(CARDS),
        "systemBusy": _retry(GLOBAL),
        "invalidParameter.msgParam.tooLong": TOO_LONG,
        "invalidParameter.robotCode.auth": _NO_ROBOT,
        "invalidParameter.robotCode.invalid": _NO_ROBOT,
        "invalidParameter.robotCode.notExsit": _NO_ROBOT,
        "invalidParameter.robotCode": _NO_ROBOT,
        "invalidParameter.invalid": _NO_ROBOT,
        "invalidParameter.robotCode.coolApp": _wrong(
            ROBOT, "The cool app and the robot do not fit, or it is not installed in the group: check `cool_app`."
        ),
        "invalidParameter.token.invalid": _NOT_THEIRS,
        "token.notExisted": _NOT_THEIRS,
        "conversation.org.notMatch": _NOT_THEIRS,
        "conversation.org.dismatch": _NOT_THEIRS,
        "resource.unavailable": _NOT_THEIRS,
        "unauthorized": _NOT_THEIRS,
        "auth.error": _NOT_THEIRS,
        "resource.not.found": _NO_ROBOT,
        "template.not.existed": _NO_ROBOT,
        "template.stopped": _STOPPED,
        "bot.stopped": _STOPPED,
        "send.forbidden": _STOPPED,
        "send.ding.exception": _unknown(ROBOT),
        "bot.forbidden.sendMessage": _wrong(
            ROBOT, "The robot is muted in this group: let its owner allow it to speak."
        ),
        "invalid.openConversationId": _NO_GROUP,
        "openConversationId.notExisted": _NO_GROUP,
        "group.disbanded": _wrong(ROBOT, "The group was disbanded: choose another one."),
        "chatbotId.notAllow.sendOTO": _wrong(
            PEOPLE, "The robot may not begin chats with people: enable and publish it in the developer console."
        ),
        "robot.oto.notExist": _refused(PEOPLE, "The robot has no chat with this person: see that they may use it."),
        "staffId.notExisted": _NO_PERSON,
        "illegal.receivers": _NO_PERSON,
        "ip.not.match": NOT_LISTED,
        "keywords.not.match": _wrong(ROBOT, "The robot's keywords refuse the message: remove them."),
        "sign.not.match": _wrong(ROBOT, "The robot's signature setting refuses the message: remove it."),
        "only.groupAdmin.canAtAll": _refused(ROBOT, "Only the group's owner may call everybody."),
        "contain.unsafe.url": _refused(ROBOT, "DingTalk holds a link for unsafe: have the domain allowed."),
        "contain.notAllowed.text": _refused(ROBOT, _MODERATED.format("the text")),
        "contain.notAllowed.picture": _refused(ROBOT, _MODERATED.format("the picture")),
        "contain.notAllowed.content": _refused(ROBOT, _MODERATED.format("the content")),
        "robot.processQueryKey.expired": _refused(RECALL, "A message can be recalled for 24 hours only."),
        "notRevoke.all.messages": _refused(RECALL, "Not all of the messages could be recalled."),
        "not.allowed.robotCode": _refused(RECALL, "The message is another robot's: only its own can be recalled."),
        "processQueryKey.expireTime": _refused(READING, "Who has read it is not known yet, or not any more."),
        "invalid.processQueryKey": _refused(READING, "DingTalk does not know this message."),
        "param.cardAlreadyExist": _refused(CARDS, "There is a card with this outTrackId already."),
        "param.cardNotExist": _refused(CARDS, "DingTalk does not know this card."),
        "param.templateNotExist": _NO_TEMPLATE,
        "param.templateUnpublished": _NO_TEMPLATE,
        "param.userIdNotExist": _NO_PERSON,
        "param.openSpaceIdInvalid": _wrong(CARDS, "The card's place is not one: check the group or user."),
        "param.contentUnsafe": _refused(CARDS, _MODERATED.format("the content")),
        "outTrackId.outOfLimit": _refused(GLOBAL, _OURS),
        "processCodeError": _NO_PROCESS,
        "processGetFailed": _NO_PROCESS,
        "processGroupGetFailed": _NO_PROCESS,
        "invalidProcessCode": _NO_PROCESS,
        "processSetupNoPermission": _wrong(APPROVALS, "The application may not use this approval template."),
        "needAuth": _wrong(APPROVALS, "The submitter may not start this approval: let them see the template."),
        "invalidAgentId": _wrong(APPROVALS, "DingTalk does not know this AgentId: copy it from the application."),
        "processInstanceStartFailed": _refused(APPROVALS, "DingTalk could not start the approval."),
        "formConverterError": _FORM,
        "illegalComponent": _FORM,
        "invalidParameter": _FORM,
        "processInstanceInvalidParameter": _APPROVERS,
        "targetSelectApproverMissing": _APPROVERS,
        "targetSelectApproverScopeError": _APPROVERS,
        "autoflowLikeTriggerRateLimited": _slow(
            "An automation of the approval limits it: nothing to do.", _MINUTE, Scope.APPLICATION, APPROVALS
        ),
        "benefitStatusInvalid": _wrong(APPROVALS, "The organisation has not bought what this approval asks for."),
        "aflowProcessInstNotExist": _refused(TERMINATING, "DingTalk does not know this approval."),
        "aflowProcessInstStatusException": _refused(
            TERMINATING, "An approval can be withdrawn from 15 seconds after its start until its end."
        ),
        "userNotExist": _NO_PERSON,
        "daily.call.limit": _slow("The day's calls are used up.", _QUARTER, Scope.CALL, GLOBAL),
    }
)

SIGNS: tuple[tuple[str, Entry], ...] = (("QpsLimit", _QPS), ("QpmLimit", _QPM), ("ApiCountLimit", _MONTH))
"""What stands inside a code that reads like a missing permission, and is none."""

FAMILIES: tuple[tuple[str, Entry], ...] = (
    ("Forbidden.", FORBIDDEN),
    ("forbidden.", FORBIDDEN),
    ("invalidParameter.", _refused(ROBOT, _OURS)),
    ("invalid.param.", _refused(ROBOT, _OURS)),
    ("invalidInstance", _refused(TERMINATING, _OURS)),
    ("miss.", _refused(ROBOT, _OURS)),
    ("param.", _refused(CARDS, _OURS)),
)
"""How codes begin that all mean the same."""


def unlisted(code: str) -> Entry:
    """Return the row of a code that stands nowhere."""
    return _refused(GLOBAL, f"DingTalk refuses with the code {code}, which this connector does not know: look it up.")


def unreadable(sentence: str) -> Entry:
    """Return the row of an answer that says nothing of whether the call was carried out."""
    return _unknown(GLOBAL, sentence)


def wrong_address(status: int) -> Entry:
    """Return the row of an answer that comes from something else than DingTalk."""
    return _wrong(GLOBAL, f"The address answers HTTP {status}: check `site` and the proxy.")
