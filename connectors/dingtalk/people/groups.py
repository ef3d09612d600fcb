"""Who is in a group, where DingTalk lets us ask: that nobody can say is an answer, and that outsiders are there another.

https://open.dingtalk.com/document/development/query-group-members
https://open.dingtalk.com/document/development/obtain-a-group-session
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec

from connectors.contract import Malformed, Members, Unlisted, WhyUnlisted
from connectors.dingtalk.app.calls import Call, look
from connectors.dingtalk.app.verdict import Verdict
from connectors.dingtalk.people.answers import Answers, understood
from connectors.dingtalk.people.values import Group, Way
from connectors.dingtalk.plain import id_of, ids_of, text_of, truth_of

SCENE_MEMBERS = "v1.0/im/sceneGroups/members/batchQuery"
CHAT = "chat/get"
PAGE = 1_000
"""Up to a thousand members come at once whatever is asked for."""
_MOST_PAGES = 100
_INTERNAL = "2"
_DISBANDED = "2"

_REASONS: Mapping[str, tuple[WhyUnlisted, str]] = MappingProxyType(
    {
        "groupPermissionDenied": (
            WhyUnlisted.NOT_INSTALLED,
            "The group has not the application's template: switch it on there, or name its cool app in `cool_app`.",
        ),
        "coolAppUninstalled": (
            WhyUnlisted.NOT_INSTALLED,
            "Install the application's cool app in the group's settings.",
        ),
        "coolAppUnexist": (
            WhyUnlisted.NOT_OURS,
            "DingTalk has no cool app of this code: copy it from the developer console.",
        ),
        "coolAppPermissionDenied": (WhyUnlisted.NOT_OURS, "The cool app belongs to another application."),
        "groupTemplatePermissionDenied": (
            WhyUnlisted.NOT_OURS,
            "The group was made from another application's template.",
        ),
        "permession.checkFailed": (
            WhyUnlisted.OWNER_OUT_OF_SCOPE,
            "The group's owner is not among whom the application sees.",
        ),
        "cidEncryptError": (
            WhyUnlisted.NO_SUCH_GROUP,
            "DingTalk knows no group of this id: copy its openConversationId.",
        ),
        "paramIllegal": (WhyUnlisted.NO_SUCH_GROUP, "DingTalk knows no group of this id: copy its openConversationId."),
        "group.disbanded": (WhyUnlisted.GONE, "The group was disbanded."),
        "43007": (WhyUnlisted.NOT_OURS, "The group was not made by this application."),
        "40016": (WhyUnlisted.NO_SUCH_GROUP, "DingTalk knows no group of this chatid."),
        "34001": (WhyUnlisted.NO_SUCH_GROUP, "DingTalk knows no group of this chatid."),
        "49000": (WhyUnlisted.NO_SUCH_GROUP, "The group has no chatid here: configure it."),
        "auth.error": (WhyUnlisted.NOT_GRANTED, "Add the permission qyapi_chat_manage in the developer console."),
        "60011": (WhyUnlisted.NOT_GRANTED, "Add the permission qyapi_chat_read in the developer console."),
    }
)


@dataclass(frozen=True, slots=True)
class Groups:
    """Lists members as one application. Raises the contract's errors for what passes by itself, and only for that."""

    answers: Answers
    now: Callable[[], datetime]

    def path(self, group: Group) -> str:
        """Return the call by which a group is listed."""
        return CHAT if group.way is Way.MADE else SCENE_MEMBERS

    def members(self, group: Group) -> Members | Unlisted:
        """Return everybody in the group, or why nobody can say. A list that was not read to its end is none."""
        return self._made(group) if group.way is Way.MADE else self._scene(group)

    def _scene(self, group: Group) -> Members | Unlisted:
        at, found, token = self.now(), _Found(), ""
        for _ in range(_MOST_PAGES):
            verdict = self.answers.verdict(_page(group, token))
            if not verdict.fine:
                return self._unlisted(verdict)
            understood(found.add, verdict.said)
            if not truth_of(verdict.said.get("hasMore")):
                return Members(MappingProxyType(found.people), MappingProxyType(found.outsiders), at)
            following = text_of(verdict.said.get("nextToken"))
            if not following or following == token:
                break
            token = following
        raise Malformed("DingTalk's list of a group's members does not end.", body=b"")

    def _made(self, group: Group) -> Members | Unlisted:
        at = self.now()
        call = Call(CHAT, method="GET", query={"chatid": group.chat}, repeatable=True)
        verdict = self.answers.verdict(call)
        if not verdict.fine:
            return self._unlisted(verdict)
        info = verdict.said.get("chat_info")
        if isinstance(info, dict) and text_of(info.get("status")) == _DISBANDED:
            return Unlisted(WhyUnlisted.GONE, at, "The group was disbanded.")
        if isinstance(info, dict) and text_of(info.get("conversationTag")) != _INTERNAL:
            # only of internal groups is the list of user ids everybody: A-DINGTALK-312
            return Unlisted(WhyUnlisted.NOT_INTERNAL, at, "The group is not an internal one: outsiders are not listed.")
        return understood(lambda row: _chat(row, at), info)

    def _unlisted(self, verdict: Verdict) -> Unlisted:
        code = verdict.code.removeprefix("88/")
        why, sentence = _REASONS.get(code, (WhyUnlisted.OTHER, verdict.sentence))
        if why is WhyUnlisted.OTHER and "AccessDenied" in code:
            why = WhyUnlisted.NOT_GRANTED
        return Unlisted(why, self.now(), sentence, verdict.code)


@dataclass(slots=True)
class _Found:
    """The pages read so far."""

    people: dict[str, str] = field(default_factory=dict)
    outsiders: dict[str, str] = field(default_factory=dict)

    def add(self, said: Mapping[str, Any]) -> None:
        if not isinstance(said.get("memberUserIds"), list):
            raise Malformed("DingTalk's answer has no members.", body=msgspec.json.encode(said, enc_hook=str))
        self.people |= _named(ids_of(said.get("memberUserIds")), said.get("staffIdNickMap"))
        self.outsiders |= _named(ids_of(said.get("unionIdList")), said.get("unionIdNickMap"))


def _page(group: Group, token: str) -> Call:
    fields: dict[str, Any] = {"openConversationId": group.conversation, "maxResults": PAGE}
    if group.way is Way.INSTALLED:
        fields["coolAppCode"] = group.cool_app
    if token:
        fields["nextToken"] = token
    return look(SCENE_MEMBERS, **fields)


def _chat(info: Mapping[str, Any], at: datetime) -> Members:
    if not isinstance(info.get("useridlist"), list):
        raise Malformed("DingTalk's answer has no members.", body=msgspec.json.encode(info, enc_hook=str))
    return Members(
        MappingProxyType(dict.fromkeys(ids_of(info["useridlist"]), "")),
        MappingProxyType({}),
        at,
        name=text_of(info.get("name")),
        owner=id_of(info.get("owner")),
        open_history=truth_of(info["showHistoryType"]) if "showHistoryType" in info else False,
    )


def _named(ids: tuple[str, ...], names: Any) -> dict[str, str]:
    known = names if isinstance(names, dict) else {}
    return {each: text_of(known.get(each)) for each in ids}
