"""The vendor as scripted answers over HTTP on this machine, typed from its pages."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

API = "/api/data/v9.2/"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: `path` is what stands below the Web API's root, decoded."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


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
        self.base = ""
        self._scripts: dict[tuple[str, str], list[Said | Script]] = {}

    def on(self, method: str, path: str, *answers: Said | Script) -> None:
        self._scripts[method, path] = list(answers)

    def calls(self, method: str, path: str = "") -> list[Asked]:
        return [one for one in self.asked if one.method == method and one.path.startswith(path)]

    def answer(self, asked: Asked) -> Said:
        if asked.path.endswith("/oauth2/v2.0/token"):
            return Said(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": "an-access-token"})
        self.asked.append(asked)
        scripts = self._scripts.get((asked.method, asked.path))
        script = None if not scripts else scripts.pop(0) if len(scripts) > 1 else scripts[0]
        if asked.path == "$batch" and script is None:
            return self._batch(asked)
        if script is None:
            return error(404, "0x80060888", f"Resource not found for the segment '{asked.path}'.")
        return script if isinstance(script, Said) else script(asked)

    def _batch(self, asked: Asked) -> Said:
        """Answer each question as if it came alone, in the form that the vendor's page shows."""
        boundary = re.search(r'boundary="?([^";]+)', asked.headers["content-type"])
        assert boundary is not None
        pieces = asked.text.split(f"--{boundary[1]}")
        assert pieces[-1].strip() == "--"
        parts = []
        for piece in pieces[1:-1]:
            line = re.search(r"^GET (\S+) HTTP/1\.1\r$", piece, re.MULTILINE)
            assert line is not None
            assert "Content-Transfer-Encoding: binary\r\n" in piece
            said = self.answer(_asked("GET", line[1], asked.headers, ""))
            head = f"HTTP/1.1 {said.status} Said\r\nContent-Type: application/json; odata.metadata=minimal\r\n"
            text = encoded(said.body).decode().replace("\n", "\r\n")
            parts.append(
                "--batchresponse_f27ef42d\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
                f"{head}OData-Version: 4.0\r\n\r\n{text}\r\n"
            )
            if said.status >= 400 and "continue-on-error" not in asked.headers.get("prefer", ""):
                break
        body = "".join([*parts, "--batchresponse_f27ef42d--\r\n"]).encode()
        return Said(200, body, {"Content-Type": "multipart/mixed; boundary=batchresponse_f27ef42d"})


def _asked(method: str, target: str, headers: Mapping[str, str], text: str) -> Asked:
    parts = urlsplit(target)
    path = unquote(parts.path)
    params = {key: values[0] for key, values in parse_qs(parts.query).items()}
    return Asked(method, path.removeprefix(API), params, headers, text)


def _handler(vendor: Vendor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            headers = {key.lower(): value for key, value in self.headers.items()}
            said = vendor.answer(_asked(self.command, self.path, headers, text))
            if said.cut:
                self.close_connection = True
                return
            body = encoded(said.body)
            self.send_response_only(said.status)
            for key, value in said.headers.items():
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
    return b"" if body is None else body if isinstance(body, bytes) else json.dumps(body, indent=1).encode()


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


def error(status: int, code: str = "", message: str = "refused") -> Said:
    return Said(status, {"error": {"code": code, "message": message}})


def rows(*found: Any) -> Said:
    return Said(200, {"@odata.context": "http://127.0.0.1/$metadata#rows", "value": list(found)})
