"""Requests as DingTalk posts them."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from connectors.contract import RawRequest
from connectors.dingtalk.callbacks.cards import CardDoor, RobotDoor
from connectors.dingtalk.callbacks.doors import Doors
from connectors.dingtalk.callbacks.envelope import Key
from connectors.dingtalk.callbacks.events import EventDoor

TOKEN, AES_KEY, OWNER = "123456", "1234567890123456789012345678901234567890123", "dingsnotzck6pm5veliw"
"""Published with the vendor's test vector: https://open.dingtalk.com/document/development/configure-stream-push."""
OLD = Key.of("oldtoken", "abcdefghijabcdefghijabcdefghijabcdefghijabc")
KEY = Key.of(TOKEN, AES_KEY)
APP_SECRET, API_SECRET = b"this is a secret", b"secret"
NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
STAMP = "1700000000000"

EVENT: dict[str, Any] = {
    "EventType": "chat_add_member",
    "EventTime": 1663143335567,
    "CorpId": "ding9f50b15b",
    "BizId": "166335567",
    "eventId": "c7c7120f2c07419ebdba0318c8",
    "timeStamp": 1608027106990,
    "unionId": ["3rBUxQiEiE"],
    "chatId": "chat28367b03e4b4ca4b5074e1dbfb5d6088",
    "operator": "10203029011219896",
    "userId": ["user456"],
    "openConversationId": "iis6fGqqqt87iEiE",
}
PRESS: dict[str, Any] = {
    "type": "actionCallback",
    "outTrackId": "card-1",
    "corpId": "ding9f50b15b",
    "userId": "manager4220",
    "content": '{"cardPrivateData":{"actionIds":["1"],"params":{"action":"accept","sum":12.10}}}',
}
SAID: dict[str, Any] = {
    "conversationId": "cidjMOszAhS4Jg==",
    "chatbotCorpId": "ding9f506741",
    "msgId": "msg2p+w==",
    "senderNick": "小钉",
    "isAdmin": True,
    "senderStaffId": "452523285939877041",
    "sessionWebhookExpiredTime": 1695204671648,
    "createAt": 1695199269062,
    "senderCorpId": "ding9f506741",
    "conversationType": "1",
    "senderId": "$:LWCP_v1:$CpnNGsP0HS+",
    "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=c610ee93",
    "text": {"content": " 你好"},
    "robotCode": "ding1fdabddc",
    "msgtype": "text",
}


def salt(count: int) -> bytes:
    return b"0123456789abcdef"[:count]


def doors() -> Doors:
    return Doors(
        events=EventDoor((OLD, KEY), frozenset({OWNER, "ding9f50b15b"})),
        cards=CardDoor((b"older", API_SECRET)),
        robot=RobotDoor((b"older", APP_SECRET)),
    )


def request(body: bytes, *, query: str = "", headers: dict[str, str] | None = None, at: datetime = NOW) -> RawRequest:
    return RawRequest("POST", {"content-type": "application/json", **(headers or {})}, query, body, at)


def sealed(
    text: bytes, *, key: Key = KEY, owner: str = OWNER, name: str = "msg_signature", nonce: str = "A7Co0cJL"
) -> RawRequest:
    encrypted = key.close(text, owner, salt(16))
    return enveloped(encrypted, key=key, name=name, nonce=nonce)


def enveloped(encrypted: str, *, key: Key = KEY, name: str = "msg_signature", nonce: str = "A7Co0cJL") -> RawRequest:
    query = {name: key.sign(STAMP, nonce, encrypted), "timestamp": STAMP, "nonce": nonce}
    return request(json.dumps({"encrypt": encrypted}).encode(), query=urlencode(query))


def event(data: dict[str, Any] | None = None, **how: Any) -> RawRequest:
    return sealed(json.dumps(EVENT if data is None else data).encode(), **how)


def press(body: bytes | None = None, *, secret: bytes = API_SECRET, at: datetime = NOW) -> RawRequest:
    sign = base64.b64encode(hmac.digest(secret, STAMP.encode(), "sha256")).decode()
    headers = {"x-ddpaas-signature-timestamp": STAMP, "x-ddpaas-signature": sign}
    return request(json.dumps(PRESS).encode() if body is None else body, headers=headers, at=at)


def said(body: bytes | None = None, *, secret: bytes = APP_SECRET, late: timedelta = timedelta()) -> RawRequest:
    sign = base64.b64encode(hmac.digest(secret, STAMP.encode() + b"\n" + secret, "sha256")).decode()
    headers = {"timestamp": STAMP, "sign": sign}
    return request(json.dumps(SAID).encode() if body is None else body, headers=headers, at=NOW + late)
