"""HTTP pushes of events: two more attempts, then a list that can be asked for.

https://open.dingtalk.com/document/development/http-callback-overview
https://open.dingtalk.com/document/development/obtain-the-event-list-of-failed-push-messages
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import anyio.to_thread
import msgspec

from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.apps import App, Callback, Keys
from connectors.dingtalk.sandbox.events.envelope import Envelope, UnreadableError
from connectors.dingtalk.sandbox.events.event import CHECK_URL, Event
from connectors.dingtalk.sandbox.events.post import Posted, post
from connectors.dingtalk.sandbox.state import State

MOST_IN_LIST = 200
ATTEMPTS_KEPT = 2_000
SUCCESS = "success"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One push and what the receiver made of it; `trouble` is empty when it was accepted."""

    event: str
    type: str
    at: float
    trouble: str


@dataclass(frozen=True, slots=True)
class Failed:
    """An event that no attempt could deliver, kept until so many Unix seconds."""

    client_id: str
    event: Event
    until: float


class HttpPush:
    """Pushes to the addresses that applications registered."""

    def __init__(self, state: State) -> None:
        """Push for the applications of `state`."""
        self._state = state
        self._turn = count()
        self.attempts: deque[Attempt] = deque(maxlen=ATTEMPTS_KEPT)
        self.failed: list[Failed] = []

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the call for what failed."""
        return [Endpoint("GET", "/call_back/get_call_back_failed_result", self._failed_list)]

    def forget(self) -> None:
        """Forget all attempts and failures."""
        self.attempts.clear()
        self.failed.clear()

    async def deliver(self, app: App, event: Event) -> AsyncIterator[bool]:
        """Push an event until it is accepted or the attempts are used up; tell of each whether it was accepted."""
        for wait in (0.0, *self._state.settings.http_retries_s):
            await self._state.clock.sleep(wait)
            accepted = app.callback is not None and not await self.attempt(app, app.callback, event)
            yield accepted
            if accepted:
                return
        kept = self._state.clock.now() + self._state.settings.failed_kept_s
        self.failed.append(Failed(app.client_id, event, kept))

    async def check_url(self, app: App, callback: Callback) -> str:
        """Try an address as the vendor does when it is saved; return what is wrong with it, or nothing."""
        return await self.attempt(app, callback, Event(CHECK_URL, {}, self._state.clock.milliseconds()))

    async def attempt(self, app: App, callback: Callback, event: Event) -> str:
        """Push once; return what went wrong, or nothing."""
        envelope = Envelope(self._keys(callback), callback.owner or app.client_id)
        trouble = await anyio.to_thread.run_sync(self._once, callback.url, envelope, event)
        self.attempts.append(Attempt(event.id, event.type, self._state.clock.now(), trouble))
        return trouble

    def _keys(self, callback: Callback) -> Keys:
        """Return the keys for one push: while a rotation lasts old and new take turns."""
        rotating = callback.previous is not None and self._state.clock.now() < callback.until
        return callback.previous if rotating and callback.previous and next(self._turn) % 2 else callback.keys

    def _once(self, url: str, envelope: Envelope, event: Event) -> str:
        timestamp, nonce = str(round(time.time() * 1000)), secrets.token_hex(4)
        sealed = envelope.seal(msgspec.json.encode(event.http_body()).decode())
        name = self._state.app_switches.signature_name
        query = {name: envelope.sign(timestamp, nonce, sealed), "timestamp": timestamp, "nonce": nonce}
        body = msgspec.json.encode({"encrypt": sealed})
        answer = post(url, body, self._state.settings.http_timeout_s, query=query)
        return answer.trouble or _refused(answer, envelope)

    def _failed_list(self, call: Call) -> Mapping[str, Any]:
        now = self._state.clock.now()
        self.failed = [one for one in self.failed if one.until > now]
        own = [one for one in self.failed if one.client_id == call.app.client_id]
        page = own[:MOST_IN_LIST]
        if self._state.app_switches.failed_list_empties:
            # A-DINGTALK-113: the page has no cursor, so what was told must go for the next page to come
            self.failed = [one for one in self.failed if one not in page]
        return {"failed_list": [one.event.failed() for one in page], "has_more": len(own) > len(page)}


def _refused(answer: Posted, envelope: Envelope) -> str:
    """Return what is wrong with a receiver's answer, or nothing."""
    told = answer.json()
    if not isinstance(told, dict):
        return "the answer is no JSON object"
    timestamp, nonce, sealed = (str(told.get(name, "")) for name in ("timeStamp", "nonce", "encrypt"))
    if told.get("msg_signature") != envelope.sign(timestamp, nonce, sealed):
        return "the answer's signature does not match"
    try:
        text = envelope.open(sealed)
    except UnreadableError as error:
        return f"the answer {error}"
    return "" if text == SUCCESS else f"the answer says {text[:40]!r} instead of 'success'"
