"""The sink: a robot that shows everything, without limits. `python -m tests.bench.sink [DELAY_MS]` prints its port.

`GET /count` is how many messages came, `GET /arrivals` each as [number, monotonic ns], `POST /reset` forgets them.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from tests.bench.events import NUMBER
from tests.bench.wire import Server

OK = b'{"errcode":0,"errmsg":"ok"}'


class Sink(Server):
    """One connection to the sink."""

    arrivals: list[tuple[int, int]]
    delay_s: float

    def received(self, target: bytes, _head: bytes, body: bytes) -> None:
        if target.startswith(b"/robot/send"):
            at = time.monotonic_ns()
            self.arrivals += [(int(number), at) for number in set(NUMBER.findall(body))]
            if self.delay_s:
                asyncio.get_running_loop().call_later(self.delay_s, self.answer, OK)
            else:
                self.answer(OK)
        elif target == b"/count":
            self.answer(str(len(self.arrivals)).encode())
        elif target == b"/arrivals":
            self.answer(json.dumps(self.arrivals).encode())
        else:
            self.arrivals.clear()
            self.answer(OK)


async def serve(delay_s: float) -> None:
    Sink.arrivals = []
    Sink.delay_s = delay_s
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0, backlog=256)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]) / 1000 if len(sys.argv) > 1 else 0.0))
