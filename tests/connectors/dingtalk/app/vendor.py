"""DingTalk as scripted answers over HTTP on this machine, typed from its pages."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.contract import Purpose, Services
from connectors.dingtalk import CONNECTOR
from connectors.dingtalk.app.calls import Calls
from connectors.dingtalk.app.settings import Application
from tests.contract.case import Secrets, Tokens
from tests.served import served_session

CLIENT, SECRET, TOKEN = "dingclient0001", "a-secret-of-the-application", "a-token-of-the-application"
NOW = datetime(2026, 8, 31, 15, 0, tzinfo=UTC)
"""23:00 in China on the month's last day."""
API_TOKEN, OAPI_TOKEN = "/v1.0/oauth2/accessToken", "/gettoken"


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: `body` is JSON unless it is bytes; `cut` closes the connection instead of answering."""

    status: int = 200
    body: Any = None
    cut: bool = False


CUT = Said(cut=True)


def refusal(code: str, status: int = 400, **more: Any) -> Said:
    """The error body of the newer calls."""
    return Said(status, {"code": code, "message": "…", "requestid": "ED20-0001", **more})


@dataclass(slots=True)
class Vendor:
    """Answers by path: the first of a list, then the next; the last one stays."""

    base: str = ""
    asked: list[Asked] = field(default_factory=list)
    observed: list[tuple[str, int, int]] = field(default_factory=list)
    spent: list[tuple[str, Purpose]] = field(default_factory=list)
    now: datetime = NOW
    tokens: int = 0
    ended: set[str] = field(default_factory=set)
    """Tokens of the newer calls that are refused."""
    scripts: dict[str, list[Said]] = field(default_factory=dict)
    store: Tokens = field(default_factory=Tokens)

    def on(self, path: str, *answers: Said) -> None:
        self.scripts[f"/{path.lstrip('/')}"] = list(answers)

    def to(self, path: str) -> list[Asked]:
        return [one for one in self.asked if one.path == f"/{path.lstrip('/')}"]

    def answer(self, asked: Asked) -> Said:
        self.asked.append(asked)
        if asked.headers.get("x-acs-dingtalk-access-token") in self.ended:
            return refusal("InvalidAuthentication")
        script = self.scripts.get(asked.path)
        if script:
            return script.pop(0) if len(script) > 1 else script[0]
        if asked.path in {API_TOKEN, OAPI_TOKEN}:
            self.tokens += 1
            token = f"{TOKEN}-{self.tokens}"
            if asked.path == API_TOKEN:
                return Said(200, {"accessToken": token, "expireIn": 7200})
            return Said(200, {"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": 7200})
        return Said(404, {"code": "404", "message": "not scripted"})

    def application(self, **changes: Any) -> dict[str, Any]:
        return {"client_id": CLIENT, "client_secret": SECRET, "site": self.base, **changes}

    def services(self) -> Services:
        return Services(
            session=served_session,
            tokens=self.store,
            now=lambda: self.now,
            observe=lambda key, used, limit: self.observed.append((key, used, limit)),
            vault=Secrets(),
            spent=lambda budget, purpose: self.spent.append((budget.key, purpose)),
        )

    def calls(self, **changes: Any) -> Calls:
        return Calls(Application.model_validate(self.application(**changes)), self.services())

    def sender(self, kind: str, **settings: Any) -> Any:
        """A destination's client, made as the runner makes it."""
        given = {"kind": kind, "application": self.application(), **settings}
        return CONNECTOR.build("sales", CONNECTOR.settings.model_validate(given), self.services())

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)


def _handler(vendor: Vendor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def _any(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            headers = {key.lower(): value for key, value in self.headers.items()}
            said = vendor.answer(Asked(self.command, parts.path, query, headers, raw))
            if said.cut:
                self.close_connection = True
                return
            body = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
            self.send_response(said.status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = _any  # noqa: N815 - http.server names them so

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@contextmanager
def scripted() -> Iterator[Vendor]:
    vendor = Vendor()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(vendor))
    server.daemon_threads = True
    vendor.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield vendor
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
