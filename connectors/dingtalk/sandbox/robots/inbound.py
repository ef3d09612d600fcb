"""What people write to a robot, on its way to the application.

https://open.dingtalk.com/document/development/robot-message-type and
https://open.dingtalk.com/document/dingstart/robot-receive-message
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import mimetypes
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import anyio.to_thread
import msgspec

from connectors.dingtalk.sandbox.apps import CORP_ID, App
from connectors.dingtalk.sandbox.company import Group, User
from connectors.dingtalk.sandbox.events.errands import Errands
from connectors.dingtalk.sandbox.events.post import post
from connectors.dingtalk.sandbox.media.shelf import File
from connectors.dingtalk.sandbox.robots.sent import single_chat
from connectors.dingtalk.sandbox.robots.sessions import Session
from connectors.dingtalk.sandbox.shown import Kind, Shown
from connectors.dingtalk.sandbox.state import State
from connectors.dingtalk.sandbox.stream.frames import BOT_MESSAGES, FrameType, frame
from connectors.dingtalk.sandbox.stream.pool import Pool

OVER_QUOTA = {"errorCode": "20001", "errorMessage": "Webhook&Stream quota is used up"}


AS_TEXT = {"picture": "[Picture]", "audio": "[Voice]", "video": "[Video]", "file": "[File] {name}"}
HEARD_IN_GROUPS = ("text", "picture")


class Attached(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that a person sends; `content` is base64 in JSON."""

    kind: Literal["picture", "audio", "video", "file"]
    name: str
    content: bytes


class Heard(StrEnum):
    """What became of a person's words."""

    PUSHED = "pushed"
    LOST = "lost: the application has no connection"
    UNNOTICED = "shown in the group; the robot hears only what mentions it"
    UNHEARD = "shown in the group; the robot hears no voice, video or file there"


@dataclass(frozen=True, slots=True)
class Words:
    """What a person wrote: in a group when there is one, otherwise in the 1:1 chat with the robot."""

    user: User
    text: str
    group: Group | None = None
    mention: bool = True
    outsider: bool = False
    attached: Attached | None = None

    @property
    def msgtype(self) -> str:
        """The type of the message."""
        return self.attached.kind if self.attached else "text"

    @property
    def shown(self) -> str:
        """What stands in the chat."""
        return AS_TEXT[self.attached.kind].format(name=self.attached.name) if self.attached else self.text


class Inbound:
    """Words from people to the robots of applications."""

    def __init__(self, state: State, pool: Pool, errands: Errands) -> None:
        """Push to the applications of `state`."""
        self._state = state
        self._pool = pool
        self._errands = errands

    async def say(self, app: App, words: Words, base: str) -> Heard:
        """Show the words in their chat and push them; `base` is the twin's own address."""
        conversation = words.group.id if words.group else single_chat(app.robotcode, words.user.id)
        told = f"@{app.name} {words.shown}" if words.group and words.mention else words.shown
        raw = msgspec.json.encode({"msgtype": "text", "text": {"content": told}})
        self._state.show(Shown(0, conversation, words.user.id, self._state.clock.now(), raw, kind=Kind.WORDS))
        if words.group and not words.mention:
            return Heard.UNNOTICED
        if words.group and words.msgtype not in HEARD_IN_GROUPS:
            return Heard.UNHEARD
        body = self._callback(app, words, conversation, base)
        if not self._state.push_allowed():
            body = {**OVER_QUOTA, "conversationId": conversation, "robotCode": app.robotcode}
        if app.mode == "http" and app.robot_url:
            self._errands.run(self._post(app, body, conversation))
            return Heard.PUSHED
        told_frame = frame(FrameType.CALLBACK, BOT_MESSAGES, body)
        if self._state.app_switches.words_come_again:
            # A-DINGTALK-116: the protocol page says fire and forget, an SDK's comment says that they come again
            ack = await self._pool.ask(app.client_id, told_frame, self._state.settings.ack_timeout_s)
            if ack is not None and ack.done:
                return Heard.PUSHED
        return Heard.PUSHED if await self._pool.push(app.client_id, told_frame) else Heard.LOST

    def _callback(self, app: App, words: Words, conversation: str, base: str) -> Mapping[str, Any]:
        until = self._state.clock.now() + self._state.settings.session_life_s
        token = self._state.sessions.open(Session(app.robotcode, conversation, until))
        user, group = words.user, words.group
        robot_id = "$:LWCP_v1:$" + base64.b64encode(app.robotcode.encode()).decode()
        body: dict[str, Any] = {
            "conversationId": conversation,
            "conversationType": "2" if group else "1",
            "msgId": f"msg{base64.b64encode(secrets.token_bytes(12)).decode()}",
            "msgtype": words.msgtype,
            **self._content(app, words),
            "senderId": f"$:LWCP_v1:${base64.b64encode(user.union.encode()).decode()}",
            "senderNick": user.name,
            "senderUnionId": user.union,
            "isAdmin": user.admin,
            "chatbotUserId": robot_id,
            "chatbotCorpId": CORP_ID,
            "robotCode": app.robotcode,
            "sessionWebhook": f"{base}/robot/sendBySession?session={token}",
            "sessionWebhookExpiredTime": round(until * 1000),
            "createAt": self._state.clock.milliseconds(),
        }
        if not words.outsider:
            body |= {"senderStaffId": user.id, "senderCorpId": CORP_ID}
        if group:
            body |= {"conversationTitle": group.name, "isInAtList": True, "atUsers": [{"dingtalkId": robot_id}]}
        return body

    def _content(self, app: App, words: Words) -> Mapping[str, Any]:
        attached = words.attached
        if attached is None:
            return {"text": {"content": f" {words.text}" if words.group else words.text}}
        shelf = self._state.shelf
        code, name = shelf.code(), attached.name
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        shelf.sent[code] = File(
            code, attached.kind, name, kind, attached.content, self._state.clock.now(), app.robotcode
        )
        more: dict[str, Mapping[str, Any]] = {
            "picture": {},
            "audio": {"duration": 4000, "recognition": words.text},
            "video": {"duration": 4000, "videoType": name.rpartition(".")[2]},
            "file": {"fileName": name},
        }
        return {"content": {"downloadCode": code, **more[attached.kind]}}

    async def _post(self, app: App, body: Mapping[str, Any], conversation: str) -> None:
        timestamp = str(round(time.time() * 1000))
        digest = hmac.digest(app.client_secret.encode(), f"{timestamp}\n{app.client_secret}".encode(), hashlib.sha256)
        headers = {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}
        raw = msgspec.json.encode(body)

        def send() -> Any:
            return post(app.robot_url, raw, self._state.settings.http_timeout_s, headers=headers).json()

        answer = await anyio.to_thread.run_sync(send)
        if isinstance(answer, dict) and answer.get("msgtype") not in {None, "empty"}:
            shown = Shown(
                0,
                conversation,
                app.robotcode,
                self._state.clock.now(),
                msgspec.json.encode(answer),
                key=uuid.uuid4().hex,
            )
            self._state.show(shown)
