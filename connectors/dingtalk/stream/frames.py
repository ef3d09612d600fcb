"""Frames of the Stream and the answers to them.

https://open-dingtalk.github.io/developerpedia/docs/learn/stream/protocol
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from connectors.contract import Change, Press, Received, Refusal, Reply, Words
from connectors.dingtalk import heard
from connectors.dingtalk.changes import Origin, change
from connectors.dingtalk.plain import NotPlain, as_object, id_of, moment_of, read_object, stable_id, text_of

WORDS = "/v1.0/im/bot/messages/get"
PRESSES = "/v1.0/card/instances/callback"
EVENTS = "*"
OK, NO_SUCH_TOPIC, FAILED = 200, 404, 500
_ACKNOWLEDGED = Reply(OK)


class Kind(StrEnum):
    """What a frame is."""

    SYSTEM = "SYSTEM"
    EVENT = "EVENT"
    CALLBACK = "CALLBACK"


@dataclass(frozen=True, slots=True)
class Frame:
    """One thing that the gateway said; `data` is the JSON text inside, not looked at yet."""

    kind: Kind
    topic: str
    message_id: str
    headers: Mapping[str, Any]
    data: str = field(repr=False)


def read(raw: str | bytes) -> Frame:
    """Read a frame. Raises NotPlain for what the gateway does not document."""
    value = read_object(raw)
    # one sample of the page writes `header`: A-DINGTALK-304
    headers = as_object(value.get("headers") or value.get("header") or {})
    kind = text_of(value.get("type"))
    if kind not in Kind.__members__:
        raise NotPlain("the frame is of no known type")
    data = value.get("data")
    return Frame(
        kind=Kind(kind),
        topic=text_of(headers.get("topic")),
        message_id=id_of(headers.get("messageId")),
        headers=headers,
        data=data if isinstance(data, str) else msgspec.json.encode(data, enc_hook=str).decode(),
    )


def received(frame: Frame, at: datetime) -> Received:
    """Say what an EVENT or CALLBACK frame brought. `at` is aware: when it came. Raises nothing.

    `refusal` is set where the frame is not what DingTalk documents: to ask for it again would bring the same.
    """
    try:
        if frame.kind is Kind.EVENT:
            return Received(_ACKNOWLEDGED, changes=(_change(frame, at),))
        if frame.topic == PRESSES:
            return Received(_ACKNOWLEDGED, presses=(_press(frame, at),))
        if frame.topic == WORDS:
            said = _words(frame, at)
            if isinstance(said, Words):
                return Received(_ACKNOWLEDGED, words=(said,))
            return Received(_ACKNOWLEDGED, changes=(said,))
    except NotPlain as fault:
        return unreadable(str(fault))
    return Received(Reply(NO_SUCH_TOPIC), refusal=Refusal.INCOMPLETE, reason="A frame came that nobody asked for.")


def unreadable(fault: str) -> Received:
    """Say that something came which DingTalk does not document, for the count of it."""
    return Received(Reply(FAILED), refusal=Refusal.MALFORMED, reason=f"A frame was put aside: {fault}.")


def acknowledgement(frame: Frame, code: int, data: Any) -> str:
    """Return the answer to a frame; `data` goes out as JSON inside JSON, as the protocol has it."""
    answer = {
        "code": code,
        "headers": {"messageId": frame.message_id, "contentType": "application/json"},
        "message": "OK" if code == OK else "internal error",
        "data": data if isinstance(data, str) else msgspec.json.encode(data).decode(),
    }
    return msgspec.json.encode(answer).decode()


def taken(frame: Frame, shown: Mapping[str, str]) -> str:
    """Return the answer to a frame whose content is stored; `shown` is for the one who pressed a button."""
    if frame.kind is Kind.EVENT:
        return acknowledgement(frame, OK, {"status": "SUCCESS", "message": "success"})
    return acknowledgement(frame, OK, {"response": heard.answer(shown) or None})


def untaken(frame: Frame) -> str:
    """Return the answer to a frame that could not be stored: an event then comes again."""
    if frame.kind is Kind.EVENT:
        return acknowledgement(frame, FAILED, {"status": "LATER", "message": "not stored"})
    return acknowledgement(frame, FAILED, {"response": None})


def _change(frame: Frame, at: datetime) -> Change:
    data = read_object(frame.data)
    headers = frame.headers
    origin = Origin(
        event=text_of(headers.get("eventType")),
        # without an id of its own the same content at the same time is the same event
        id=id_of(headers.get("eventId")) or stable_id(text_of(headers.get("eventType")), frame.data),
        at=moment_of(headers.get("eventBornTime")) or at,
        company=id_of(headers.get("eventCorpId")),
    )
    if not origin.event:
        raise NotPlain("the event has no name")
    return change(origin, data)


def _press(frame: Frame, at: datetime) -> Press:
    number = frame.message_id or stable_id(frame.data)
    return heard.press(read_object(frame.data), id=number, at=moment_of(frame.headers.get("time")) or at)


def _words(frame: Frame, at: datetime) -> Words | Change:
    return heard.words(read_object(frame.data), at=moment_of(frame.headers.get("time")) or at)
