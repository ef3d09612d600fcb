"""Presses of a card's buttons and words to the robot, as they come by Stream and by HTTP alike.

https://open.dingtalk.com/document/development/event-callback-card
https://open.dingtalk.com/document/development/robot-message-type
https://open.dingtalk.com/document/dingstart/robot-receive-message
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from connectors.contract import Change, Press, Topic, Words
from connectors.dingtalk.changes import is_spent
from connectors.dingtalk.plain import (
    NotPlain,
    as_object,
    folded,
    id_of,
    ids_of,
    moment_of,
    read_object,
    stable_id,
    text_of,
)

_MOST_PARAMS = 100


def press(data: Mapping[str, Any], *, id: str, at: datetime) -> Press:  # noqa: A002 - the contract's name of it
    """Read a press. Raises NotPlain where it does not say which card and who."""
    card, by = id_of(data.get("outTrackId")), id_of(data.get("userId"))
    if not card or not by:
        raise NotPlain("the press names no card or nobody")
    # one page calls the text `value`, the others `content`: A-DINGTALK-306
    private = _private(data.get("content") or data.get("value"))
    params = private.get("params")
    return Press(
        id=id,
        card=card,
        by=by,
        at=at,
        buttons=ids_of(private.get("actionIds")),
        params=_params(params) if isinstance(params, dict) else {},
        company=id_of(data.get("corpId")),
        place=id_of(data.get("spaceId")),
    )


def answer(shown: Mapping[str, str]) -> dict[str, Any]:
    """Return the reply to a press: what the one who pressed is shown at once; empty leaves the card as it is.

    It is their private data by key, so that nobody else's view and no other value changes.
    """
    if not shown:
        return {}
    return {
        "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True},
        "userPrivateData": {"cardParamMap": dict(shown)},
    }


def words(data: Mapping[str, Any], *, at: datetime) -> Words | Change:
    """Read a message to the robot, or that its content was taken away because the month's quota is used up.

    Raises NotPlain where it does not say which conversation.
    """
    conversation, union = id_of(data.get("conversationId")), id_of(data.get("senderUnionId"))
    said_at = moment_of(data.get("createAt")) or at
    # a message without an id is told from another by all that it holds
    number = id_of(data.get("msgId")) or stable_id(msgspec.json.encode(data, enc_hook=str))
    if is_spent(folded(data)):
        details = {"conversation": conversation} if conversation else {}
        return Change(number, Topic.QUOTA_SPENT, "robot_message", said_at, details=details)
    if not conversation:
        raise NotPlain("the message names no conversation")
    return Words(
        id=number,
        text=_said(data),
        by=id_of(data.get("senderStaffId")),
        at=said_at,
        form=text_of(data.get("msgtype"))[:50] or "text",
        union=union or id_of(data.get("senderId")),
        name=text_of(data.get("senderNick"))[:200],
        company=id_of(data.get("senderCorpId")),
        conversation=conversation,
        in_group=text_of(data.get("conversationType")) == "2",
        robot=id_of(data.get("robotCode")),
        answer_url=text_of(data.get("sessionWebhook")),
        answer_until=moment_of(data.get("sessionWebhookExpiredTime")),
    )


def _private(value: Any) -> Mapping[str, Any]:
    if value is None or value == "":
        return {}
    content = read_object(value) if isinstance(value, str) else as_object(value)
    private = content.get("cardPrivateData")
    return private if isinstance(private, dict) else {}


def _params(params: Mapping[str, Any]) -> dict[str, str]:
    found = {text_of(key): _param(value) for key, value in list(params.items())[:_MOST_PARAMS]}
    return {key: value for key, value in found.items() if key}


def _param(value: Any) -> str:
    """Return a parameter as text; lists and objects of a form as their JSON."""
    if isinstance(value, list | dict):
        return text_of(msgspec.json.encode(value, enc_hook=str).decode())
    return text_of(value)


def _said(data: Mapping[str, Any]) -> str:
    """Return the text: `text.content`, the parts of rich text, what was recognised in speech, or a bare `content`."""
    text, content = data.get("text"), data.get("content")
    if isinstance(text, dict):
        return text_of(text.get("content")).strip()
    if isinstance(content, dict):
        rich = content.get("richText")
        if isinstance(rich, list):
            parts = (text_of(each.get("text")) for each in rich if isinstance(each, dict))
            return "\n".join(part for part in parts if part).strip()
        return text_of(content.get("recognition")).strip()
    return text_of(content).strip()  # A-DINGTALK-307
