"""As much of HTTP/1.1 as the bench's own ends need, with little CPU: kept connections, bodies by Content-Length."""

from __future__ import annotations

import asyncio
import re

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Messages(asyncio.Protocol):
    """Cuts what comes in into heads and bodies."""

    def __init__(self) -> None:
        self._buffer = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a stream is needed")
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            found = _LENGTH.search(head)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self._buffer) < whole:
                return
            body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
            self.message(head, body)

    def message(self, head: bytes, body: bytes) -> None:
        raise NotImplementedError


class Server(Messages):
    """One connection of a client."""

    def message(self, head: bytes, body: bytes) -> None:
        self.received(head.split(b" ", 2)[1], head, body)

    def received(self, target: bytes, head: bytes, body: bytes) -> None:
        raise NotImplementedError

    def answer(self, body: bytes, status: bytes = b"200 OK") -> None:
        self.transport.write(
            b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)
        )


class Client(Messages):
    """One connection to a server; one request at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._waits: asyncio.Future[int] | None = None

    def ask(self, raw: bytes) -> asyncio.Future[int]:
        """Send one whole request; the future has the status of its answer."""
        self._waits = asyncio.get_running_loop().create_future()
        self.transport.write(raw)
        return self._waits

    def message(self, head: bytes, body: bytes) -> None:  # noqa: ARG002 - the bodies of answers say nothing here
        if self._waits is not None and not self._waits.done():
            self._waits.set_result(int(head.split(b" ", 2)[1]))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waits is not None and not self._waits.done():
            self._waits.set_exception(exc or ConnectionError("closed"))


async def connect(port: int) -> Client:
    """A connection to this machine."""
    _, client = await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", port)
    return client
