"""What a client of a robot does with a twin over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from connectors.dingtalk.sandbox.security import sign
from tests.served import Host

TOKEN = "t" * 64


@dataclass
class Client:
    """Talks to the twin at `base`; `robot` is a robot without security settings."""

    base: str
    http: requests.Session = field(default_factory=requests.Session)

    def send(self, message: object = None, *, token: str = TOKEN, secret: str = "", **extra: str) -> dict[str, Any]:
        if message is None:
            message = {"msgtype": "text", "text": {"content": "hello"}}
        params = {"access_token": token, **extra}
        if secret:
            timestamp = params.setdefault("timestamp", str(round(time.time() * 1000)))
            params.setdefault("sign", sign(timestamp, secret))
        reply = self.http.post(f"{self.base}/robot/send", params=params, json=message, timeout=10)
        assert reply.status_code == 200
        body: dict[str, Any] = reply.json()
        return body

    def text(self, content: str, **fields: object) -> dict[str, Any]:
        return self.send({"msgtype": "text", "text": {"content": content}, **fields})

    def control(self, path: str, body: object = None, method: str = "", status: int = 0) -> Any:
        method = method or ("GET" if body is None else "POST")
        reply = self.http.request(method, f"{self.base}/__sandbox/{path}", json=body, timeout=10)
        if status:
            assert reply.status_code == status, reply.text
            return None
        assert reply.status_code < 300, reply.text
        return reply.json()

    def robot(self, **fields: object) -> Any:
        given = {"group": "cid-management", "id": "plain", "name": "ERP", "token": TOKEN, **fields}
        return self.control("robots", given)

    def texts(self, group: str = "") -> list[str]:
        return [row["text"] for row in self.control(f"messages?group={group}")["messages"]]

    def switch(self, **values: object) -> None:
        self.control("switches", values)


@contextmanager
def fresh(host: Host) -> Iterator[Client]:
    host.fresh()
    with requests.Session() as http:
        client = Client(host.base, http)
        client.robot()
        yield client
