"""The vendor as scripted answers over HTTP on this machine, typed from its pages."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

FIXTURES = Path(__file__).parent / "fixtures"
API = "/crm/v8/"
TOKEN = "/oauth/v2/token"


def payload(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def query(self) -> str:
        return str(self.body["select_query"])

    @property
    def form(self) -> dict[str, str]:
        return {key: values[0] for key, values in parse_qs(self.text).items()}


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: `body` is JSON unless it is bytes; `cut` closes the connection instead of answering."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


Script = Callable[[Asked], Said]


class Vendor:
    """Answers by method and path: the first of a list, then the next; the last one stays."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.tokens = 0
        self._scripts: dict[tuple[str, str], list[Said | Script]] = {}
        self._lock = threading.Lock()
        self.base = ""

    def on(self, method: str, path: str, *answers: Said | Script) -> None:
        """Script a path below `/crm/v8/`, or one that begins with a slash."""
        self._scripts[method, path if path.startswith("/") else API + path] = list(answers)

    def calls(self, path: str = "", method: str = "") -> list[Asked]:
        wanted = path if path.startswith("/") else API + path
        return [one for one in self.asked if one.path.startswith(wanted) and method in {"", one.method}]

    def forget(self) -> None:
        self.asked.clear()

    def granted(self, **changes: Any) -> dict[str, Any]:
        with self._lock:
            self.tokens += 1
            number = self.tokens
        return {
            "access_token": f"1000.access-{number}",
            "scope": "ZohoCRM.modules.ALL",
            "api_domain": self.base,
            "token_type": "Bearer",
            "expires_in": 3600,
        } | changes

    def answer(self, asked: Asked) -> Said:
        with self._lock:
            self.asked.append(asked)
            scripts = self._scripts.get((asked.method, asked.path))
            script = None if not scripts else scripts.pop(0) if len(scripts) > 1 else scripts[0]
        if script is None and asked.path == TOKEN:
            return Said(200, self.granted())
        if script is None:
            return Said(404, {"code": "INVALID_URL_PATTERN", "details": {}, "message": "", "status": "error"})
        return script if isinstance(script, Said) else script(asked)


def _handler(vendor: Vendor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # a body that waits for the head to be confirmed waits 40 ms

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            params = {key: values[0] for key, values in parse_qs(parts.query).items()}
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            headers = {key.lower(): value for key, value in self.headers.items()}
            said = vendor.answer(Asked(self.command, parts.path, params, headers, text))
            if said.cut:
                self.close_connection = True
                return
            body = b"" if said.body is None else said.body if isinstance(said.body, bytes) else encoded(said.body)
            self.send_response_only(said.status)
            for key, value in said.headers.items():
                self.send_header(key, value)
            if said.status not in {204, 304}:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Tests are quiet."""

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler._serve)
    return Handler


def encoded(body: Any) -> bytes:
    return json.dumps(body).encode()


@contextmanager
def vending() -> Iterator[Vendor]:
    vendor = Vendor()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(vendor)) as server:
        server.daemon_threads = True
        vendor.base = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield vendor
        server.shutdown()
        thread.join(5)


def error(code: str, status: int = 400, **details: Any) -> Said:
    return Said(status, {"code": code, "details": details, "message": "refused", "status": "error"})


def rows(*found: Any, more: bool = False, **info: Any) -> Said:
    if not found:
        return Said(204)
    return Said(200, {"data": list(found), "info": {"count": len(found), "more_records": more} | info})
