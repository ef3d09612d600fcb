"""The bare relay: asyncio alone, nothing stored, acknowledged before it is sent. `python -m tests.bench.peers.bare`.

What it has not sent when it ends is lost; it is the floor that latency is compared with.
"""

from __future__ import annotations

import asyncio
import re
import sys
from urllib.parse import urlsplit

from tests.bench.peers.message import HOOK, genuine, message, signed
from tests.bench.wire import Client, Server, connect

CONNECTIONS = 16
_SIGNATURE = re.compile(rb"x-signature: *(\S+)", re.IGNORECASE)


class Hook(Server):
    """One connection of a sender."""

    told: asyncio.Queue[bytes]

    def received(self, target: bytes, head: bytes, body: bytes) -> None:  # noqa: ARG002 - it has one source
        found = _SIGNATURE.search(head)
        if not genuine(found[1].decode() if found else "", body):
            self.answer(b"", b"401 Unauthorized")
            return
        told = message(body)
        if told is not None:
            self.told.put_nowait(told)
        self.answer(b"ok")


async def post(client: Client) -> None:
    while True:
        told = await Hook.told.get()
        target = signed().partition(urlsplit(HOOK).netloc)[2]
        head = f"POST {target} HTTP/1.1\r\nHost: sink\r\nContent-Type: application/json\r\nContent-Length: {len(told)}"
        await client.ask(head.encode() + b"\r\n\r\n" + told)


async def serve() -> None:
    Hook.told = asyncio.Queue()
    port = urlsplit(HOOK).port or 0
    posts = [asyncio.create_task(post(await connect(port))) for _ in range(CONNECTIONS)]
    server = await asyncio.get_running_loop().create_server(Hook, "127.0.0.1", 0, backlog=256)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.gather(server.serve_forever(), *posts)


if __name__ == "__main__":
    asyncio.run(serve())
