"""A client of Stream mode as an application would write it, with nothing but a WebSocket."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote_plus

from websockets.sync.client import ClientConnection, connect

from tests.connectors.dingtalk.sandbox.app import App

WORDS = "/v1.0/im/bot/messages/get"
CLICKS = "/v1.0/card/instances/callback"
ALL = [
    {"type": "EVENT", "topic": "*"},
    {"type": "CALLBACK", "topic": WORDS},
    {"type": "CALLBACK", "topic": CLICKS},
]
PATIENCE_S = 5.0


def opening(app: App, subscriptions: object = None) -> dict[str, Any]:
    return {
        "clientId": app.id,
        "clientSecret": app.secret,
        "subscriptions": ALL if subscriptions is None else subscriptions,
        "ua": "test/1.0",
        "localIp": "127.0.0.1",
    }


def address(app: App, subscriptions: object = None) -> str:
    reply = app.done("POST", "gateway/connections/open", opening(app, subscriptions))
    return f"{reply['endpoint']}?ticket={quote_plus(reply['ticket'])}"


class Stream:
    """One connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def frame(self, seconds: float = PATIENCE_S) -> dict[str, Any]:
        """Return the next frame with its data decoded."""
        told: dict[str, Any] = json.loads(self.socket.recv(timeout=seconds))
        told["data"] = json.loads(told["data"])
        return told

    def quiet(self, seconds: float = 0.3) -> bool:
        """Tell whether nothing comes for a while."""
        try:
            self.socket.recv(timeout=seconds)
        except TimeoutError:
            return True
        return False

    def ack(self, frame: Mapping[str, Any], data: object = None, code: int = 200) -> None:
        headers = {"messageId": frame["headers"]["messageId"], "contentType": "application/json"}
        told = {"code": code, "headers": headers, "message": "OK", "data": json.dumps(data or {})}
        self.socket.send(json.dumps(told))


@contextmanager
def streaming(app: App, subscriptions: object = None) -> Iterator[Stream]:
    with connect(address(app, subscriptions), proxy=None, close_timeout=0.2) as socket:
        yield Stream(socket)
