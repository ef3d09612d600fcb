"""Notifications on their way: real requests that can be lost, repeated, swapped and late."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio.to_thread
import msgspec
import requests

from connectors.zoho.sandbox import wire
from connectors.zoho.sandbox.switches import Switches

DEADLINE_S = 5.0
PAUSE_S = 0.2


class Weather(msgspec.Struct, forbid_unknown_fields=True):
    """What happens to the next notifications: so many are lost, sent twice, or overtaken by their successor.

    All of them are `delay` seconds late.
    """

    lose: int = 0
    duplicate: int = 0
    swap: int = 0
    delay: float = 0.0


@dataclass(slots=True)
class Sent:
    """One notification for the control API. `at` is Unix seconds; `status` 0: nobody answered."""

    at: float
    url: str
    body: dict[str, Any]
    fate: str
    status: int = 0


@dataclass(slots=True)
class Post:
    """The sender of one organisation. It must be used inside the running server."""

    switches: Callable[[], Switches]
    weather: Weather = field(default_factory=Weather)
    log: list[Sent] = field(default_factory=list)
    _held: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def send(self, url: str, body: dict[str, Any]) -> None:
        """Put one notification on its way, as the weather is."""
        if self.weather.lose > 0:
            self.weather.lose -= 1
            self.log.append(Sent(time.time(), url, body, "lost"))
        elif self.weather.swap > 0 and not self._held:
            self.weather.swap -= 1
            self._held.append((url, body))
        else:
            times = 2 if self.weather.duplicate > 0 else 1
            self.weather.duplicate = max(0, self.weather.duplicate - 1)
            parcels = [(url, body)] * times + self._held
            self._held = []
            task = asyncio.get_running_loop().create_task(self._carry(parcels, self.weather.delay))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, parcels: Sequence[tuple[str, dict[str, Any]]], delay: float) -> None:
        """Send one after the other, so that their order is the one that was chosen."""
        await anyio.sleep(delay)
        for url, body in parcels:
            sent = Sent(time.time(), url, body, "sent")
            self.log.append(sent)
            # A-ZOHO-75: no page speaks of a second attempt
            for _ in range(1 + self.switches().notification_retries):
                sent.status = await anyio.to_thread.run_sync(_post, url, body)
                if 200 <= sent.status < 300:
                    break
                await anyio.sleep(PAUSE_S)


def _post(url: str, body: dict[str, Any]) -> int:
    try:
        answer = requests.post(
            url, data=wire.encode(body), headers={"content-type": "application/json"}, timeout=DEADLINE_S
        )
    except requests.RequestException:
        return 0
    return answer.status_code
