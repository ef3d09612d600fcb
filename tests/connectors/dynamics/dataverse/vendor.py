"""Dataverse and Entra as scripted answers over HTTP on this machine, typed from Microsoft's pages."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

FIXTURES = Path(__file__).parent / "fixtures"
API = "/api/data/v9.2/"
TENANT = "contoso.example"
TOKEN = f"/{TENANT}/oauth2/v2.0/token"


def payload(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Asked:
    """A request; `raw` is its target as it stood on the wire."""

    method: str
    raw: str
    headers: Mapping[str, str]
    text: str

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.raw).path)

    @property
    def params(self) -> dict[str, str]:
        """The query, split before it is decoded, where a blank is %20 and a plus is a plus."""
        pairs = (each.partition("=") for each in urlsplit(self.raw).query.split("&") if each)
        return {unquote(key): unquote(value) for key, _, value in pairs}

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def form(self) -> dict[str, str]:
        return {key: values[0] for key, values in parse_qs(self.text).items()}

    @property
    def wishes(self) -> set[str]:
        return set(re.split(r",(?=odata)", self.headers.get("prefer", "")))


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: `body` is JSON unless it is bytes; `cut` closes the connection instead of answering."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


Script = Callable[[Asked], Said]


class Vendor:
    """Answers by path: the first of a list, then the next; the last one stays."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.tokens = 0
        self.base = ""
        self.clock: datetime | None = None
        self._scripts: dict[str, list[Said | Script]] = {}
        self._lock = threading.Lock()

    def on(self, path: str, *answers: Said | Script) -> None:
        """Script a path of the Web API, or one that begins with a slash."""
        self._scripts[path if path.startswith("/") else API + path] = list(answers)

    def calls(self, path: str) -> list[Asked]:
        return [one for one in self.asked if one.path == (path if path.startswith("/") else API + path)]

    def forget(self) -> None:
        self.asked.clear()

    def granted(self) -> dict[str, Any]:
        """See v2-oauth2-client-creds-grant-flow#successful-response-1."""
        self.tokens += 1
        return {"token_type": "Bearer", "expires_in": 3599, "access_token": f"token-{self.tokens}"}

    def answer(self, asked: Asked) -> Said:
        with self._lock:
            self.asked.append(asked)
            scripts = self._scripts.get(asked.path)
            script = None if not scripts else scripts.pop(0) if len(scripts) > 1 else scripts[0]
            if script is None and asked.path == TOKEN:
                return Said(200, self.granted())
        if script is None:
            return error("0x80060888", 404, "Resource not found for the segment.")
        return script if isinstance(script, Said) else script(asked)


def _handler(vendor: Vendor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            headers = {key.lower(): value for key, value in self.headers.items()}
            said = vendor.answer(Asked(self.command, self.path, headers, text))
            if said.cut:
                self.close_connection = True
                return
            body = b"" if said.body is None else said.body if isinstance(said.body, bytes) else encoded(said.body)
            self.send_response_only(said.status)
            clock = {} if vendor.clock is None else {"Date": format_datetime(vendor.clock, usegmt=True)}
            for key, value in {"OData-Version": "4.0", **clock, **said.headers}.items():
                self.send_header(key, value)
            if said.status not in {204, 304}:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Tests are quiet."""

    for method in ("GET", "POST", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler._serve)
    return Handler


def encoded(body: Any) -> bytes:
    return json.dumps(body).encode()


@contextmanager
def vending() -> Iterator[Vendor]:
    vendor = Vendor()
    with serving(vendor):
        yield vendor


@contextmanager
def serving(vendor: Vendor) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(vendor)) as server:
        server.daemon_threads = True
        vendor.base = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield
        server.shutdown()
        thread.join(5)


def error(code: str, status: int = 400, message: str = "refused", **headers: str) -> Said:
    """See webapi/compose-http-requests-handle-errors#parse-errors-from-the-response."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Said(status, {"error": {"code": code, "message": message}}, named)


def rows(*found: Mapping[str, Any], **links: str) -> Said:
    return Said(200, {"value": list(found), **{f"@odata.{key}": value for key, value in links.items()}})
