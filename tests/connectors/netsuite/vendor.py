"""The vendor as scripted answers over HTTP on this machine, typed from its pages."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SUITEQL = "/services/rest/query/v1/suiteql"
TOKEN = "/services/rest/auth/oauth2/v1/token"


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    raw_query: str
    headers: Mapping[str, str]
    text: str

    @property
    def params(self) -> dict[str, str]:
        return {key: values[0] for key, values in parse_qs(self.raw_query).items()}

    @property
    def body(self) -> Any:
        return json.loads(self.text)

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
    """Answers by path: the first of a list, then the next; the last one stays."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.tokens = 0
        self._scripts: dict[str, list[Said | Script]] = {}
        self._lock = threading.Lock()
        self.base = ""

    def on(self, path: str, *answers: Said | Script) -> None:
        self._scripts[path] = list(answers)

    def calls(self, path: str = SUITEQL) -> list[Asked]:
        return [one for one in self.asked if one.path == path]

    def queries(self) -> list[str]:
        return [str(one.body["q"]) for one in self.calls()]

    def answer(self, asked: Asked) -> Said:
        with self._lock:
            self.asked.append(asked)
            scripts = self._scripts.get(asked.path)
            script = None if not scripts else scripts.pop(0) if len(scripts) > 1 else scripts[0]
            if script is None and asked.path == TOKEN:
                self.tokens += 1
                # https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162755359851.html
                granted = {"access_token": f"access-{self.tokens}", "expires_in": 3600, "token_type": "Bearer"}
                return Said(200, granted)
        if script is None:
            return error(404, "NONEXISTENT_ID", "Record does not exist.")
        return script if isinstance(script, Said) else script(asked)


def _handler(vendor: Vendor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # a body that waits for the head to be confirmed waits 40 ms

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            headers = {key.lower(): value for key, value in self.headers.items()}
            said = vendor.answer(Asked(self.command, parts.path, parts.query, headers, text))
            if said.cut:
                self.close_connection = True
                return
            body = said.body if isinstance(said.body, bytes) else b"" if said.body is None else _json(said.body)
            self.send_response_only(said.status)
            for key, value in said.headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Tests are quiet."""

    for method in ("GET", "POST", "PATCH"):
        setattr(Handler, f"do_{method}", Handler._serve)
    return Handler


def _json(body: Any) -> bytes:
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


def error(status: int, code: str, detail: str = "", **more: Any) -> Said:
    """See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156570709583.html."""
    kind = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"
    body = {
        "type": kind,
        "title": "Refused",
        "status": status,
        "o:errorDetails": [{"detail": detail, "o:errorCode": code}],
    }
    return Said(status, body | more)


def rows(*found: Mapping[str, Any], more: bool = False) -> Said:
    """See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html."""
    items = [{"links": [], **row} for row in found]
    page = {"links": [], "count": len(items), "hasMore": more, "items": items, "offset": 0, "totalResults": len(items)}
    return Said(200, page)
