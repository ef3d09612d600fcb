"""Servers on ports of this machine: one for all tests of a vendor, each test with its own fresh twin behind it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import requests
import uvicorn
from pytest_httpserver import HTTPServer
from starlette.types import Receive, Scope, Send

from connectors.sandbox.twin import Twin
from connectors.transport import open_session

DEADLINE_S = 30.0


class Host:
    def __init__(self, create: Callable[[], Twin]) -> None:
        self._create = create
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.twin = create()
        # uvicorn takes a bound method for an ASGI 2 application unless told
        config = uvicorn.Config(
            self._serve, interface="asgi3", log_level="error", lifespan="off", timeout_graceful_shutdown=2
        )
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

    def fresh(self) -> Twin:
        """Put a new twin behind the address, and return it."""
        self.twin = self._create()
        return self.twin


class Scripted(HTTPServer):
    """A scripted server of one test; it ends at once, as the library's own looks for its end each half second."""

    def thread_target(self) -> None:
        assert self.server is not None
        self.server.serve_forever(poll_interval=0.01)


@contextmanager
def serving(create: Callable[[], Twin]) -> Iterator[Host]:
    host = Host(create)
    host.start()
    yield host
    host.stop()


def served_session() -> requests.Session:
    """A session as the product opens it."""
    return open_session(connect=DEADLINE_S, read=DEADLINE_S, ca=None, proxy=None, pool=4)
