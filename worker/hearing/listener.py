"""Listening as all applications of a configuration, in a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping

import structlog

from connectors.contract import Ear, Listens
from worker.fault import whereabouts

log = structlog.get_logger()

OVERLAP_S = 5.0
"""How long those of an earlier configuration go on listening, so that the new ones stand when they leave."""
AGAIN_S = 5.0
LEAVE_S = 10.0


class Listener:
    """Listens until `close`; another configuration is taken up without a moment in which nobody listens."""

    def __init__(self, ear: Callable[[str, object], Ear]) -> None:
        """`ear` gives each application's ear, by its name and client."""
        self._ear = ear
        self._tasks: list[asyncio.Task[None]] = []
        self._turn = asyncio.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="listener", daemon=True)
        self._thread.start()

    def follow(self, clients: Mapping[str, Listens]) -> None:
        """Listen as these applications, by name, and soon as no others; returns at once."""
        asyncio.run_coroutine_threadsafe(self._follow(clients, OVERLAP_S), self._loop)

    def close(self) -> None:
        """Say goodbye everywhere; what was heard is stored."""
        ended = asyncio.run_coroutine_threadsafe(self._follow({}, 0.0), self._loop)
        try:
            ended.result(LEAVE_S)
        except TimeoutError:
            log.warning("a connection could not be ended in order")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=LEAVE_S)

    async def _follow(self, clients: Mapping[str, Listens], overlap_s: float) -> None:
        async with self._turn:
            earlier = self._tasks
            self._tasks = [asyncio.create_task(self._listen(name, client)) for name, client in clients.items()]
            if earlier:
                await asyncio.sleep(overlap_s)
            await _cancelled(earlier)

    async def _listen(self, name: str, client: Listens) -> None:
        while True:
            try:
                await client.listen(self._ear(name, client))
            except Exception as error:  # noqa: BLE001 - a connector from elsewhere may fail in any way
                log.warning("a connector ended its listening", application=name, error=whereabouts(error))
            await asyncio.sleep(AGAIN_S)


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
