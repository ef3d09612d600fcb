"""A system that pushes signed events: each is sent until it is acknowledged, and only then counts."""

from __future__ import annotations

import asyncio
import hmac
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

KEY = "a-key-that-both-sides-of-this-test-know"
ANSWER_S = 10.0
PAUSE_S = 0.05


def event(kind: str, number: str, rev: int, **fields: Any) -> bytes:
    """The body of one state of one record; its number is also its id."""
    at = datetime.now(UTC).isoformat()
    return json.dumps({"kind": kind, "id": number, "number": number, "rev": str(rev), "at": at, **fields}).encode()


def signature(body: bytes) -> str:
    return "sha256=" + hmac.new(KEY.encode(), body, "sha256").hexdigest()


def request(body: bytes, headers: dict[str, str] | None = None, source: str = "shop") -> bytes:
    """A whole request; without `headers` it is signed as it should be."""
    told = {"X-Signature": signature(body)} if headers is None else headers
    lines = [f"POST /hooks/{source} HTTP/1.1", "Host: bridge", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in told.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Line:
    """One kept-alive connection to the relay, opened again when it broke."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, raw: bytes) -> tuple[int, bytes]:
        """The status and the body of the reply to one request; raises OSError or EOFError when there is none."""
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._ask(raw)
        except (OSError, EOFError):
            self.close()
            raise

    async def _ask(self, raw: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(raw)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        body = await reader.readexactly(length)
        if b"connection: close" in head:
            self.close()
        return int(head.split(b" ", 2)[1]), body

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


@dataclass(slots=True)
class Tally:
    """What a sender knows when it has ended: the numbers that were acknowledged, and how it went."""

    acknowledged: list[str] = field(default_factory=list)
    newest: dict[str, int] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    broken: int = 0


Work = Callable[[Tally], Iterator[tuple[str, int, bytes]]]
"""What one connection sends: number, revision, body; it ends when there is nothing more."""


class Sender:
    """Connections that send as fast as they are answered, in a thread of their own."""

    def __init__(self, port: int, works: list[Work]) -> None:
        self.tally = Tally()
        self._port = port
        self._works = works
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing new; what was begun is sent until it is acknowledged."""
        self._stop.set()

    def join(self, within_s: float) -> Tally:
        self._thread.join(within_s)
        if self._thread.is_alive():
            raise TimeoutError("the relay did not acknowledge what was begun")
        if self._failure is not None:
            raise self._failure
        return self.tally

    def _run(self) -> None:
        try:
            asyncio.run(self._all())
        except BaseException as failure:  # noqa: BLE001 - told to the test in join
            self._failure = failure

    async def _all(self) -> None:
        await asyncio.gather(*(self._one(work) for work in self._works))

    async def _one(self, work: Work) -> None:
        line = Line(self._port)
        try:
            for number, rev, body in work(self.tally):
                await self._until_taken(line, request(body))
                self.tally.acknowledged.append(number)
                self.tally.newest[number] = rev
                if self._stop.is_set():
                    return
        finally:
            line.close()

    async def _until_taken(self, line: Line, raw: bytes) -> None:
        while True:
            with suppress(OSError, EOFError):
                status, _ = await line.ask(raw)
                self.tally.answers[status] += 1
                if status == 200:
                    return
                await asyncio.sleep(PAUSE_S)
                continue
            self.tally.broken += 1
            await asyncio.sleep(PAUSE_S)


def ask(port: int, raws: list[bytes]) -> list[tuple[int, bytes]]:
    """The replies to requests that are sent one after the other."""

    async def each() -> list[tuple[int, bytes]]:
        line = Line(port)
        try:
            return [await line.ask(raw) for raw in raws]
        finally:
            line.close()

    return asyncio.run(each())
