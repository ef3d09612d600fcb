"""What happens in the company, brought to each application in its own way.

https://open-dingtalk.github.io/developerpedia/docs/learn/stream/protocol : an event that is not acknowledged comes
again, a person's words to a robot do not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.dingtalk.sandbox.apps import App
from connectors.dingtalk.sandbox.events.errands import Errands
from connectors.dingtalk.sandbox.events.event import Event
from connectors.dingtalk.sandbox.events.http_push import HttpPush
from connectors.dingtalk.sandbox.state import State
from connectors.dingtalk.sandbox.stream.frames import FrameType, frame
from connectors.dingtalk.sandbox.stream.pool import Pool

KEPT = 5_000


@dataclass(slots=True)
class Pushed:
    """An event for one application: how often it was tried, and what became of it."""

    client_id: str
    event: Event
    attempts: int = 0
    outcome: str = "waiting"


class Bus:
    """Events to applications."""

    def __init__(self, state: State, pool: Pool, http: HttpPush, errands: Errands) -> None:
        """Push for the applications of `state`, by Stream or HTTP."""
        self._state = state
        self._pool = pool
        self._http = http
        self._errands = errands
        self.pushed: deque[Pushed] = deque(maxlen=KEPT)

    def publish(self, type_: str, data: Mapping[str, Any], *, only: str = "") -> Event:
        """Tell all applications that subscribed, or only one of them by its Client ID."""
        event = Event(type_, data, self._state.clock.milliseconds())
        for app in self._state.apps.by_id.values():
            if app.hears(type_) and only in {"", app.client_id}:
                self._begin(app, event)
        return event

    def repeat(self, pushed: Pushed) -> None:
        """Push an event once more although it was acknowledged: duplicates happen."""
        app = self._state.apps.by_id.get(pushed.client_id)
        if app is not None:
            self._begin(app, pushed.event)

    def _begin(self, app: App, event: Event) -> None:
        pushed = Pushed(app.client_id, event)
        self.pushed.append(pushed)
        if not event.free and not self._state.push_allowed():
            if self._state.app_switches.events_over_quota == "dropped":
                pushed.outcome = "over quota"
                return
            # A-DINGTALK-114: that callbacks come empty is told of robots' messages alone
            told = {"errorCode": "20001", "errorMessage": "Webhook&Stream quota is used up"}
            event = Event(event.type, told, event.born, event.id)
        deliver = self._by_stream if app.mode == "stream" else self._by_http
        self._errands.run(deliver(app, pushed, event))

    async def _by_http(self, app: App, pushed: Pushed, event: Event) -> None:
        accepted = False
        async for accepted in self._http.deliver(app, event):  # noqa: B007 - the last one counts
            pushed.attempts += 1
        pushed.outcome = "acknowledged" if accepted else "given up"

    async def _by_stream(self, app: App, pushed: Pushed, event: Event) -> None:
        settings = self._state.settings
        told = frame(FrameType.EVENT, "*", event.data, event.stream_headers(app))
        # A-DINGTALK-115: that events come again is documented, how often, when and under which message id is not
        clock, due = self._state.clock, self._state.clock.monotonic()
        for wait in (0.0, *settings.event_retries_s):
            due += wait
            await clock.sleep(due - clock.monotonic())
            due = clock.monotonic()
            pushed.attempts += 1
            if self._state.app_switches.redelivered_id == "new":
                told = frame(FrameType.EVENT, "*", event.data, event.stream_headers(app))
            ack = await self._pool.ask(app.client_id, told, settings.ack_timeout_s)
            if ack is not None and ack.done:
                pushed.outcome = "acknowledged"
                return
        pushed.outcome = "given up"
