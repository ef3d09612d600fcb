"""The frames of Stream mode, as JSON text.

https://open-dingtalk.github.io/developerpedia/docs/learn/stream/protocol
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec


class FrameType(StrEnum):
    """The three types of frames that the server sends."""

    SYSTEM = "SYSTEM"
    EVENT = "EVENT"
    CALLBACK = "CALLBACK"


BOT_MESSAGES = "/v1.0/im/bot/messages/get"
CARD_CALLBACKS = "/v1.0/card/instances/callback"
OK = 200


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame to a client; `data` is sent as JSON text inside the JSON."""

    type: FrameType
    topic: str
    data: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def message_id(self) -> str:
        """The id that the client's answer repeats."""
        return self.headers["messageId"]

    @property
    def about(self) -> str:
        """The topic, or for an event its type."""
        return self.headers.get("eventType", self.topic)

    def text(self) -> str:
        """Return the frame as it is sent."""
        told = {
            "specVersion": "1.0",
            "type": self.type,
            "headers": self.headers,
            "data": msgspec.json.encode(self.data).decode(),
        }
        return msgspec.json.encode(told).decode()


def frame(type_: FrameType, topic: str, data: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Frame:
    """Return a frame with a new message id; all headers are texts, `time` in Unix milliseconds."""
    own = {
        "topic": topic,
        "messageId": uuid.uuid4().hex,
        "contentType": "application/json",
        "time": str(round(time.time() * 1000)),
    }
    return Frame(type_, topic, data, {**own, **(headers or {})})


@dataclass(frozen=True, slots=True)
class Ack:
    """A client's answer to a frame. `data` is what its JSON text holds, or nothing that can be read."""

    message_id: str
    code: int
    data: Any

    @property
    def done(self) -> bool:
        """Whether the client has taken the push and does not ask for it again."""
        later = isinstance(self.data, dict) and self.data.get("status") == "LATER"
        return self.code == OK and not later


def read_ack(text: str) -> Ack | None:
    """Return the answer in a client's frame, or None for anything else."""
    told = _decoded(text)
    headers = told.get("headers") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(headers, dict) or not isinstance(headers.get("messageId"), str):
        return None
    code, data = told.get("code"), told.get("data")
    return Ack(headers["messageId"], code if isinstance(code, int) else 0, _decoded(data))


def _decoded(text: object) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
