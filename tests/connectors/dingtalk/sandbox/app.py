"""What an application of the company does with a twin over real HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.connectors.dingtalk.sandbox.served import Client

TOKEN_HEADER = "x-acs-dingtalk-access-token"
TEMPLATE = "sandbox-approval.schema"


@dataclass
class App:
    """The demo's application, with a token."""

    twin: Client
    facts: dict[str, Any] = field(default_factory=dict)
    token: str = ""

    def __post_init__(self) -> None:
        self.facts = self.twin.control("")["apps"][0]
        self.token = self.token or self.fresh_token()

    @property
    def id(self) -> str:
        return str(self.facts["client_id"])

    @property
    def secret(self) -> str:
        return str(self.facts["client_secret"])

    def fresh_token(self) -> str:
        _, told = self.new("POST", "oauth2/accessToken", {"appKey": self.id, "appSecret": self.secret})
        return str(told["accessToken"])

    def old(self, path: str, body: object = None, *, method: str = "POST", **query: str) -> dict[str, Any]:
        """Call the old host; its status is always 200."""
        reply = self.twin.http.request(
            method,
            f"{self.twin.base}{path}",
            params={"access_token": self.token, **query},
            json=body,
            timeout=10,
        )
        assert reply.status_code == 200
        told: dict[str, Any] = reply.json()
        return told

    def new(self, method: str, path: str, body: object = None, **query: str) -> tuple[int, dict[str, Any]]:
        """Call the new host: status and body."""
        reply = self.twin.http.request(
            method,
            f"{self.twin.base}/v1.0/{path}",
            params=query,
            headers={TOKEN_HEADER: self.token, "accept": "application/json"},
            json=body,
            timeout=10,
        )
        told: dict[str, Any] = reply.json()
        return reply.status_code, told

    def done(self, method: str, path: str, body: object = None, **query: str) -> dict[str, Any]:
        """Call the new host and expect success."""
        status, told = self.new(method, path, body, **query)
        assert status == 200, told
        return told

    def refused(self, method: str, path: str, body: object = None, **query: str) -> str:
        """Call the new host and expect a refusal: its code."""
        status, told = self.new(method, path, body, **query)
        assert status >= 400
        assert set(told) - {"AccessDeniedDetail"} == {"requestid", "code", "message"}
        return str(told["code"])

    def send(self, *people: str, key: str = "sampleText", **param: str) -> dict[str, Any]:
        given = param or {"content": "hello"}
        body = {"robotCode": self.id, "userIds": [*people], "msgKey": key, "msgParam": json.dumps(given)}
        return self.done("POST", "robot/oToMessages/batchSend", body)

    def send_to(self, group: str, *, key: str = "sampleText", **param: str) -> dict[str, Any]:
        return self.done("POST", "robot/groupMessages/send", self.group_message(group, key=key, **param))

    def group_message(self, group: str, *, key: str = "sampleText", **param: str) -> dict[str, Any]:
        given = json.dumps(param or {"content": "hello"})
        return {"robotCode": self.id, "openConversationId": group, "msgKey": key, "msgParam": given}

    def card(self, track: str = "card-1", **more: object) -> dict[str, Any]:
        """Return the body for a card in a group; `more` replaces parts of it."""
        data = {"title": "SO-1042", "body": "Release **HKD 480,000**?", "state": "pending"}
        return {
            "cardTemplateId": TEMPLATE,
            "outTrackId": track,
            "callbackType": "STREAM",
            "cardData": {"cardParamMap": data},
            "privateData": {"u-amy": {"cardParamMap": {"may_decide": "true"}}},
            "openSpaceId": "dtv1.card//IM_GROUP.cid-management",
            "imGroupOpenSpaceModel": {"supportForward": False},
            "imGroupOpenDeliverModel": {"robotCode": self.id},
            **more,
        }

    def put_card(self, track: str = "card-1", **more: object) -> dict[str, Any]:
        told: dict[str, Any] = self.done("POST", "card/instances/createAndDeliver", self.card(track, **more))["result"]
        return told

    def seen(self, track: str, user: str) -> dict[str, Any]:
        told: dict[str, Any] = self.twin.control(f"cards/{track}?as={user}")
        return told

    def chat(self, user: str) -> str:
        """Return the 1:1 conversation of a person with the robot."""
        return f"single:{self.id}:{user}"
