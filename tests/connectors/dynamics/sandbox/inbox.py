"""A receiver of webhooks, whose answers a test chooses."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.served import DEADLINE_S


@dataclass(frozen=True)
class Arrived:
    method: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Inbox:
    """`shakes` tells whether a validation token is sent back."""

    url: str = ""
    shakes: bool = True
    arrived: list[Arrived] = field(default_factory=list)
    hellos: list[Arrived] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def answer(self, *statuses: int) -> None:
        """Answer so from now on; the last one stays."""
        self.statuses[:] = statuses

    def wait(self, count: int) -> Sequence[Arrived]:
        deadline = time.monotonic() + DEADLINE_S
        while len(self.arrived) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.arrived) >= count, f"{len(self.arrived)} of {count} arrived"
        return self.arrived

    def take(self, one: Arrived) -> tuple[int, str]:
        token = parse_qs(one.query).get("validationToken")
        if token:
            self.hellos.append(one)
            return 200, token[0] if self.shakes else "hello"
        self.arrived.append(one)
        if not self.statuses:
            return 200, ""
        return (self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]), ""


@contextmanager
def listening() -> Iterator[Inbox]:
    inbox = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, text = inbox.take(Arrived(self.command, urlsplit(self.path).query, headers, body))
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET = _serve  # noqa: N815 - the names that the server looks for

        def log_message(self, *_args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    inbox.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield inbox
    server.shutdown()
    thread.join(DEADLINE_S)
    server.server_close()
