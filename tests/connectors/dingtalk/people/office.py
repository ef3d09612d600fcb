"""DingTalk's contacts over real HTTP: answers typed from the vendor's pages, by path, in order; the last one stays."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from connectors.contract import Services, Token
from connectors.dingtalk.app.calls import Calls
from connectors.dingtalk.app.settings import Application
from connectors.dingtalk.people.answers import Answers
from connectors.dingtalk.people.directory import Directory
from connectors.dingtalk.people.groups import Groups
from connectors.transport import open_session
from tests.contract.case import Secrets

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
Answer = tuple[int, dict[str, Any]]


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    body: Any
    token: str


class OneToken:
    """A token that is there, and comes again when it was dropped."""

    def get(self, *_: Any, **__: Any) -> Token:
        return Token("t0k3n", "", NOW)

    def spoil(self, *_: Any, **__: Any) -> None:
        pass


@dataclass
class Office:
    url: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def says(self, path: str, *bodies: Any, status: int = 200) -> None:
        """Answer `path` with these bodies in turn; an older call's errcode is added where it lacks."""
        older = path.startswith(("topapi/", "chat/", "call_back/"))
        self.answers[path] = [(status, ({"errcode": 0, "errmsg": "ok"} if older else {}) | body) for body in bodies]

    def refuses(self, path: str, *, status: int = 200, **body: Any) -> None:
        self.answers[path] = [(status, body)]

    def reply(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        answers = self.answers.get(asked.path)
        if not answers:
            return 404, {"code": "InvalidAction.NotFound", "message": "no such call"}
        return answers.pop(0) if len(answers) > 1 else answers[0]

    @property
    def calls(self) -> Calls:
        def session() -> requests.Session:
            return open_session(connect=5, read=5, ca=None, proxy=None, pool=2)

        services = Services(session, OneToken(), lambda: NOW, lambda *_: None, Secrets())
        application = Application.model_validate({"client_id": "dingapp", "client_secret": "s", "site": self.url})
        return Calls(application, services)

    @property
    def directory(self) -> Directory:
        return Directory(Answers(self.calls, self.slept.append), lambda: NOW)

    @property
    def groups(self) -> Groups:
        return Groups(Answers(self.calls, self.slept.append), lambda: NOW)


def _handler(office: Office) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query))
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            token = query.pop("access_token", "") or self.headers.get("x-acs-dingtalk-access-token", "")
            body = json.loads(raw) if raw else None
            status, answer = office.reply(Asked(self.command, parts.path.lstrip("/"), query, body, token))
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@contextmanager
def opened() -> Iterator[Office]:
    office = Office()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(office))
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    office.url = f"http://127.0.0.1:{http.server_address[1]}"
    try:
        yield office
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
