"""A thin way to an address that is posted to over and over."""

from __future__ import annotations

import io
import socket
import time
import weakref
from collections import deque
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

import httptools
import requests
from requests.utils import select_proxy
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError
from urllib3.util.connection import is_connection_dropped

from connectors.contract import Retryable, Unknown
from connectors.transport import NotConnected, NotSent, TimedAdapter, checked_url

MOST_BYTES = 1024 * 1024
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. Header names are lower-case; `body` holds at most `MOST_BYTES`, and no more was read."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Endpoint:
    """An address that is posted to over and over, with a quarter of the CPU of `Session.post`.

    The connection, with its TLS and deadlines, is the session's; the request goes out in one piece and httptools reads
    the answer. Cookies, redirects and hooks have no part in it. Through a proxy, or an adapter of somebody's own, the
    session's adapter carries the request. Threads may share one.
    """

    def __init__(
        self,
        session: requests.Session,
        url: str,
        headers: Mapping[str, str],
        *,
        timeout: tuple[float, float] | None = None,
    ) -> None:
        self._session = session
        self._adapter = session.get_adapter(checked_url(url))
        self._timeout = timeout
        # Each header costs CPU in every call, so only those that a server needs are kept of what requests would send.
        # Identity: answers are small, and a compressed one could grow past the limit.
        ours = {"Accept-Encoding": "identity", "Accept": None, "Connection": None, **headers}
        self._request = session.prepare_request(requests.Request("POST", url, headers=ours))
        self._headers = dict(self._request.headers)
        self._lines = self._direct()

    def post(self, body: bytes, url: str | None = None) -> Answer:
        """Post `body` once, to `url` (same server, already percent-encoded) where it differs from the endpoint's.

        Raises `Retryable` when the request was not sent for certain, `Unknown` when it may have arrived. Neither
        holds the URL, which may carry a token. A connection that dies while it is reused counts as `Unknown`.
        """
        where = url or str(self._request.url)
        try:
            return self._carried(body, where) if self._lines is None else self._lines.post(where, body)
        except NotSent as error:
            raise Retryable(
                "The server could not be reached: check the network, the proxy and the certificate authority.",
                detail=str(error),
            ) from None
        except (requests.RequestException, HTTPError, OSError, httptools.HttpParserError) as error:
            raise Unknown(
                "The request went out and no whole answer came back: it may have been carried out.",
                detail=type(error).__name__,
            ) from None

    def _direct(self) -> _Lines | None:
        if not isinstance(self._adapter, TimedAdapter):
            return None
        if select_proxy(str(self._request.url), self._session.proxies):
            return None
        return _Lines(self._session, self._adapter, self._request, self._timeout)

    def _carried(self, body: bytes, url: str) -> Answer:
        request: Any = copy(self._request)
        request.url = url
        request.body = body
        request.headers = {**self._headers, "Content-Length": str(len(body))}
        session = self._session
        response = self._adapter.send(
            request,
            stream=True,
            timeout=self._timeout,
            verify=True if session.verify is None else session.verify,
            cert=session.cert,
            proxies=session.proxies,
        )
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, _bounded(response))


def _bounded(response: requests.Response) -> bytes:
    """Read at most `MOST_BYTES`; a longer answer costs its connection, because the rest is not waited for."""
    try:
        body: bytes = response.raw.read(MOST_BYTES + 1, decode_content=True)
    except BaseException:
        response.close()
        raise
    if len(body) > MOST_BYTES:
        response.close()
    return body[:MOST_BYTES]


class _Lines:
    """Connections to one server, each used by one caller at a time."""

    def __init__(
        self,
        session: requests.Session,
        adapter: TimedAdapter,
        request: requests.PreparedRequest,
        timeout: tuple[float, float] | None,
    ) -> None:
        self._session = session
        self._adapter = adapter
        self._request = request
        self._connect, self._read = timeout or adapter.timeout
        self._origin = checked_url(str(request.url)).partition("://")[0] + "://" + _authority(str(request.url))
        names = {"Host": _authority(str(request.url)), **request.headers}
        names.pop("Content-Length", None)
        self._head = "".join(f"{name}: {value}\r\n" for name, value in names.items())
        self._idle: deque[Any] = deque()
        weakref.finalize(self, _hang_up, self._idle)
        self._pool: Any = None

    def post(self, url: str, body: bytes) -> Answer:
        """Raises NotSent, and OSError, HTTPError or HttpParserError when the answer did not come whole."""
        ends = time.monotonic() + self._connect + self._read
        head = f"POST {self._target(url)} HTTP/1.1\r\n{self._head}Content-Length: {len(body)}\r\n\r\n"
        request = head.encode("ascii") + body
        connection = self._taken() or self._dialled()
        try:
            answer, again = _converse(connection.sock, request, ends)
        except BaseException:
            connection.close()
            raise
        if again:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def _target(self, url: str) -> str:
        if not url.startswith(self._origin) or any(sign <= " " for sign in url):
            raise ValueError("the URL must be of the endpoint's own server, and percent-encoded")
        target = url[len(self._origin) :]
        return target if target.startswith("/") else f"/{target}"

    def _taken(self) -> Any:
        while self._idle:
            connection = self._idle.pop()  # the one used last is the least likely to have been closed meanwhile
            if not is_connection_dropped(connection):
                return connection
            connection.close()
        return None

    def _dialled(self) -> Any:
        if self._pool is None:
            verify = True if self._session.verify is None else self._session.verify
            pool = self._adapter.get_connection_with_tls_context(self._request, verify, None, self._session.cert)
            self._adapter.cert_verify(pool, str(self._request.url), verify, self._session.cert)
            self._pool = pool
        connection = self._pool._new_conn()  # noqa: SLF001 - the pool alone knows the TLS of its connections
        connection.timeout = self._connect
        try:
            connection.connect()
        except NotConnected as error:
            connection.close()
            raise NotSent(str(error)) from None
        return connection


def _hang_up(connections: deque[Any]) -> None:
    while connections:
        connections.pop().close()


def _authority(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition("?")[0]


class _Reading:
    """Takes what httptools finds in an answer; one that only announces another (1xx) is forgotten when that begins."""

    def __init__(self) -> None:
        self.parser: Any = httptools.HttpResponseParser(self)
        self.on_message_begin()

    def on_message_begin(self) -> None:
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.status = 0
        self.lasting = False
        self.ended = False

    def on_header(self, name: bytes, value: bytes) -> None:
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        # the parser knows both only until the message is complete
        self.status = self.parser.get_status_code()
        self.lasting = self.parser.should_keep_alive()

    def on_body(self, piece: bytes) -> None:
        self.body += piece

    def on_message_complete(self) -> None:
        self.ended = self.status >= 200

    @property
    def full(self) -> bool:
        """Tell whether there is more than anybody wants."""
        return len(self.body) > MOST_BYTES

    @property
    def until_close(self) -> bool:
        """Tell whether only the end of the connection ends this answer."""
        return self.status >= 200 and not self.headers.keys() & {"content-length", "transfer-encoding"}


def _converse(sock: socket.socket, request: bytes, ends: float) -> tuple[Answer, bool]:
    """Send the request and read its answer by `ends`; tells as well whether the connection may be used again."""
    reading = _Reading()
    sock.settimeout(_left(ends))
    sock.sendall(request)
    while not reading.ended and not reading.full:
        sock.settimeout(_left(ends))
        piece = sock.recv(_PIECE)
        if piece:
            reading.parser.feed_data(piece)
        elif reading.until_close:
            break
        else:
            raise ConnectionResetError
    reading.parser = None  # each holds the other
    return Answer(reading.status, reading.headers, _decoded(reading)), reading.lasting and reading.ended


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _decoded(reading: _Reading) -> bytes:
    body = bytes(reading.body[:MOST_BYTES])
    if reading.headers.get("content-encoding", "identity") == "identity":
        return body
    response = HTTPResponse(io.BytesIO(body), reading.headers, preload_content=False)
    return response.read(MOST_BYTES + 1, decode_content=True)[:MOST_BYTES]
