"""HTTP out of the product: sessions whose calls end in time."""

from __future__ import annotations

import http.client
import io
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.connection import create_connection

from connectors.contract import Misconfigured
from connectors.settings_types import is_loopback

_LEAST_S = 0.001


class NotSent(requests.exceptions.ConnectionError):
    """No byte of the request left this machine: the name, the connection, TLS or the proxy failed."""


def checked_url(url: str) -> str:
    """Return `url` if it may be called: https anywhere, http for this machine's loopback only, no user or fragment.

    Raises ValueError with a sentence that does not hold the URL, which may carry a token.
    """
    parts = urlsplit(url)
    if not parts.hostname or parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("the URL needs a host, and neither user, password nor fragment")
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname)):
        return url
    raise ValueError("the URL must begin with https:// (http:// is accepted for 127.0.0.1 and localhost only)")


def open_session(*, connect: float, read: float, ca: str | None, proxy: str | None, pool: int) -> requests.Session:
    """Return a session for one system: `connect` and `read` in seconds, and no call takes longer than their sum.

    `ca` is a file of certificates to trust instead of the public ones; `proxy` an http(s) URL; `pool` how many
    connections to one host are kept. Environment variables change nothing, nothing is retried, and only GET and
    HEAD follow redirects. A call's own `timeout` replaces the session's and is a total as well. Raises
    `Misconfigured` when `ca` is not a file or `proxy` not such a URL.
    """
    if ca is not None and not Path(ca).is_file():
        raise Misconfigured("The file of certificates named by `ca` does not exist: correct the path.", detail=ca)
    if proxy is not None and (urlsplit(proxy).scheme not in {"http", "https"} or not urlsplit(proxy).hostname):
        raise Misconfigured("The URL named by `proxy` must begin with http:// or https:// and name a host: correct it.")
    session = _Session()
    session.trust_env = False
    session.verify = ca or True
    session.proxies = {"http": proxy, "https": proxy} if proxy else {}
    adapter = TimedAdapter((connect, read), pool)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class _Session(requests.Session):
    """A session that never turns a write into something else by following a redirect."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        method = resp.request.method
        return super().get_redirect_target(resp) if method in {"GET", "HEAD"} else None


class TimedAdapter(HTTPAdapter):
    """Gives every call a total deadline and tells "not sent" from "no answer"."""

    def __init__(self, timeout: tuple[float, float], pool: int) -> None:
        self.timeout = timeout
        super().__init__(pool_connections=pool, pool_maxsize=pool, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make pools of connections that keep the deadline."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> PoolManager:
        """Make such pools for a proxy."""
        manager: PoolManager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        """Raise NotSent where a file of certificates cannot be read."""
        try:
            super().cert_verify(*args, **kwargs)  # type: ignore[no-untyped-call]  # untyped in types-requests
        except OSError as error:
            # The file of certificates went away while the session was in use.
            raise NotSent(type(error).__name__) from error

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send within the deadline; raises NotSent when no byte left."""
        connect, read = _pair(timeout) or self.timeout
        total: Any = Timeout(total=connect + read, connect=connect, read=read)
        try:
            return super().send(request, stream, total, verify, cert, proxies)
        except NotConnected as error:
            raise NotSent(str(error), request=request) from None


def _pair(timeout: Any) -> tuple[float, float] | None:
    """Read what a caller of requests may pass: one number for both, or (connect, read); None in either is ours."""
    if isinstance(timeout, int | float):
        return float(timeout), float(timeout)
    if isinstance(timeout, tuple) and None not in timeout:
        return float(timeout[0]), float(timeout[1])
    return None


class NotConnected(Exception):
    """Passes through urllib3, which catches every OSError and would hide where it came from."""


@contextmanager
def _dialling() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise NotConnected(type(error).__name__) from error


class _TimedRaw(io.RawIOBase):
    """A socket's bytes until one moment: a server that drips does not get a new time-out for each drop."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._ends = time.monotonic() + (sock.gettimeout() or 0.0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        rest = self._ends - time.monotonic()
        if rest <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(rest)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_TimedRaw(self.fp.detach(), sock))


class _TimedHTTP(HTTPConnection):
    response_class = _TimedResponse

    def connect(self) -> None:
        with _dialling():
            super().connect()

    def _new_conn(self) -> socket.socket:
        return _dial(self)


class _TimedHTTPS(HTTPSConnection):
    response_class = _TimedResponse

    def connect(self) -> None:
        with _dialling():
            super().connect()

    def _new_conn(self) -> socket.socket:
        return _dial(self)


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _TimedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _TimedHTTPS


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}


def _dial(connection: HTTPConnection) -> socket.socket:
    """Connect within the connection's time-out over all addresses of the name; the rest of it is left for TLS."""
    ends = time.monotonic() + (connection.timeout or 0.0)
    addresses = _resolve(connection._dns_host, connection.port, ends - time.monotonic())  # noqa: SLF001  (urllib3 keeps the undotted name elsewhere)
    fault = OSError("the name has no address")
    for tried, address in enumerate(addresses):
        share = max((ends - time.monotonic()) / (len(addresses) - tried), _LEAST_S)
        try:
            sock = create_connection((address, connection.port), share, socket_options=connection.socket_options)
        except OSError as error:
            fault = error
            continue
        rest = max(ends - time.monotonic(), _LEAST_S)
        sock.settimeout(rest)
        connection.timeout = rest
        return sock
    raise fault


def _resolve(host: str, port: int, seconds: float) -> list[str]:
    """Ask for the addresses of `host`; the system's resolver has no deadline of its own, so a thread waits for it."""
    name = host.strip("[]")
    try:
        return [str(ipaddress.ip_address(name))]
    except ValueError:
        pass
    found: Future[list[str]] = Future()

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
            found.set_result(list(dict.fromkeys(str(row[4][0]) for row in rows)))
        except Exception as error:  # noqa: BLE001  (handed to the thread that waits)
            found.set_exception(error)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    return found.result(seconds)
