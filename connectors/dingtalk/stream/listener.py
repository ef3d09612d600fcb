"""Listening without end: a new connection stands before the old one goes, and what could be lost between is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from connectors.contract import (
    ConnectorError,
    Ear,
    Finding,
    Gap,
    Level,
    Loss,
    Misconfigured,
    Retryable,
    Services,
)
from connectors.dingtalk.app.settings import Application
from connectors.dingtalk.stream.connection import Connection, Pace
from connectors.dingtalk.stream.dial import Dial
from connectors.dingtalk.stream.gateway import Topics

ABOUT = "DingTalk Stream"
_LEAVE_S = 5.0
"""How long a farewell may take when the process ends."""


class Stream:
    """Listens as one application. Several processes may: DingTalk says each thing to one of them, at random."""

    def __init__(
        self,
        application: Application,
        topics: Topics,
        services: Services,
        *,
        random: Callable[[], float],
        pace: Pace | None = None,
    ) -> None:
        """`random` gives numbers in [0, 1), so that many instances do not come back in the same moment."""
        self.pace = pace or Pace()
        self.now = services.now
        self.random = random
        self.dial = Dial(services.session(), application, topics, self.pace, services.now)

    async def listen(self, ear: Ear) -> None:
        """Listen until cancelled; see `Listens`."""
        await _Listening(self, ear).run()


class _Listening:
    """One call of `listen`: the connection that is relied on, and those that are being left."""

    def __init__(self, stream: Stream, ear: Ear) -> None:
        self._stream = stream
        self._ear = ear
        self._failures = 0
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        deaf, why, ghost = self._stream.now(), Loss.REFUSED, timedelta()
        leaving: Connection | None = None
        try:
            while True:
                opened_at, connection = await self._opened()
                if self._failures or why is not Loss.REFUSED:
                    self._ear.missed(Gap(deaf, opened_at + ghost, why))
                if leaving is not None:
                    self._spawn(leaving.retire())
                why = await connection.over()
                deaf, ghost = connection.sure_until, timedelta(seconds=connection.ghost)
                self._calm_down(opened_at)
                leaving = connection if why is Loss.REPLACED else None
        finally:
            await self._leave()

    async def _opened(self) -> tuple[datetime, Connection]:
        """Open the next connection, however often it takes."""
        while True:
            await asyncio.sleep(self._pause())
            try:
                socket = await self._stream.dial.open()
            except ConnectorError as error:
                self._failures += 1
                self._ear.stands(_fault(error))
                await self._rest(error)
                continue
            at = self._stream.now()
            connection = Connection(socket, self._ear, self._stream.pace, self._stream.now)
            self._connections.add(connection)
            self._spawn(self._served(connection))
            self._ear.stands(Finding(ABOUT, Level.FINE, "The connection to DingTalk stands."))
            return at, connection

    async def _served(self, connection: Connection) -> None:
        try:
            await connection.serve()
        finally:
            self._connections.discard(connection)

    async def _rest(self, error: ConnectorError) -> None:
        """Wait as long as the vendor demands, beside our own pause."""
        if isinstance(error, Retryable) and error.after is not None:
            await asyncio.sleep(error.after.total_seconds())

    def _pause(self) -> float:
        """Return seconds: hardly any at first, then doubling up to the longest, each shortened at random."""
        pace, random = self._stream.pace, self._stream.random()
        if self._failures <= 1:
            return pace.first_pause / 4.0 * random * self._failures
        longest = min(pace.first_pause * 2.0 ** min(self._failures - 2, 16), pace.longest_pause)
        return longest * (1.0 - random / 2.0)

    def _calm_down(self, opened_at: datetime) -> None:
        stood = (self._stream.now() - opened_at).total_seconds()
        self._failures = 0 if stood >= self._stream.pace.calm else self._failures + 1

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _leave(self) -> None:
        """End what is open; what was handed in is still stored, within the time of a farewell."""
        for connection in tuple(self._connections):
            self._spawn(connection.close())
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=_LEAVE_S)
        for connection in tuple(self._connections):
            connection.abort()
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


def _fault(error: ConnectorError) -> Finding:
    level = Level.WRONG if isinstance(error, Misconfigured) else Level.DOUBT
    return Finding(ABOUT, level, f"{error} ({error.detail})" if error.detail else str(error))
