"""A twin under an address, with what tests ask of it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
import uvicorn
from starlette.types import Receive, Scope, Send

from connectors.salesforce.sandbox import create
from connectors.sandbox.twin import Twin

DEADLINE_S = 10.0
VERSION = "59.0"
DEALS = "SELECT Deal_Number__c FROM Opportunity"


@dataclass
class Served:
    """One running twin. `user` chooses whose token `call` sends."""

    base: str
    twin: Twin
    http: requests.Session
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def facts(self) -> Any:
        return self.twin.describe(self.base)

    def grant(self, **form: str) -> requests.Response:
        return self.http.post(f"{self.base}/services/oauth2/token", data=form, timeout=DEADLINE_S)

    def client_credentials(self) -> Any:
        facts = self.facts
        return self.grant(
            grant_type="client_credentials", client_id=facts["client_id"], client_secret=facts["client_secret"]
        ).json()

    def token(self) -> str:
        if "own" not in self.tokens:
            self.tokens["own"] = self.client_credentials()["access_token"]
        return self.tokens["own"]

    def call(self, method: str, path: str, token: str = "", **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token or self.token()}", **more.pop("headers", {})}
        url = f"{self.base}{path}" if path.startswith("/services") else f"{self.base}/services/data/v{VERSION}{path}"
        return self.http.request(method, url, headers=headers, timeout=DEADLINE_S, **more)

    def query(self, soql: str, resource: str = "query", **more: Any) -> Any:
        return self.call("GET", f"/{resource}", params={"q": soql}, **more).json()

    def names(self, where: str) -> list[str]:
        return [r["Deal_Number__c"] for r in self.query(f"{DEALS} {where}")["records"]]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        response = self.http.request(method, f"{self.base}/__sandbox{path}", json=body, timeout=DEADLINE_S)
        assert response.ok, response.text
        return response.json()

    def deal(self, number: int) -> str:
        rows = self.facts["objects"]["Opportunity"]
        return str(next(r["id"] for r in rows if r["Deal_Number__c"] == f"OPP-{number}"))


class Host:
    """One server for all tests; each test puts its own fresh twin behind it."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.twin = create()
        # uvicorn takes a bound method for an ASGI 2 application unless told
        config = uvicorn.Config(self._serve, interface="asgi3", log_level="warning", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.twin.app(scope, receive, send)

    def start(self) -> None:
        self._thread.start()
        deadline = time.monotonic() + DEADLINE_S
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.005)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(DEADLINE_S)
        self._socket.close()

    @contextmanager
    def fresh(self) -> Iterator[Served]:
        self.twin = create()
        with requests.Session() as http:
            yield Served(self.base, self.twin, http)
