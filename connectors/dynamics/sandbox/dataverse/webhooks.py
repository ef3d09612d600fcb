"""Webhooks: steps that send changes to an address, with a shared value and no signature.

See https://learn.microsoft.com/power-apps/developer/data-platform/register-web-hook
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlencode

import anyio.to_thread
import requests

from connectors.dynamics.sandbox.dataverse import contexts, writes
from connectors.dynamics.sandbox.dataverse.org import Org
from connectors.dynamics.sandbox.schema import Ref
from connectors.dynamics.sandbox.store import Change, Kind, Written

AGAIN = frozenset({502, 503, 504})
SUCCEEDED, FAILED = 30, 31


class Auth(StrEnum):
    """Where the shared value stands."""

    HEADER = "HttpHeader"
    KEY = "WebhookKey"
    QUERY = "HttpQueryString"


AUTH_TYPES = {Auth.KEY: 4, Auth.HEADER: 5, Auth.QUERY: 6}


class State(StrEnum):
    """What became of an event."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """A webhook with its step: changes of `table` go to `url`.

    `columns` filter updates; `image` are the columns of the image after the change; `values` are the shared values.
    With `held` nothing is sent until somebody asks.
    """

    id: str
    url: str
    table: str
    kinds: frozenset[Kind]
    columns: frozenset[str]
    image: Sequence[str]
    auth: Auth
    values: Mapping[str, str]
    held: bool


@dataclass(slots=True)
class Event:
    """One request that is to be sent: its bytes never change."""

    step: Step
    body: bytes
    headers: Mapping[str, str]
    record: str
    attempts: int = 0
    state: State = State.WAITING
    trouble: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


class Webhooks:
    """All webhooks of one environment."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._tasks: set[asyncio.Task[None]] = set()
        self.steps: list[Step] = []
        self.events: list[Event] = []

    def register(self, step: Step) -> None:
        """Set up a webhook; its registration can be read as rows."""
        by = Change(next(iter(self._org.store.rows("systemuser"))).id)
        endpoint = {"name": step.url, "url": step.url, "contract": 8, "authtype": AUTH_TYPES[step.auth]}
        made = writes.insert(self._org, self._org.catalogue.get("serviceendpoint"), endpoint, by)
        row = {
            "sdkmessageprocessingstepid": step.id,
            "name": f"{step.url}: {step.table}",
            "filteringattributes": ",".join(sorted(step.columns)) or None,
            "mode": 1,
            "stage": 40,
            "eventhandler": Ref("serviceendpoint", made.id),
        }
        writes.insert(self._org, self._org.catalogue.get("sdkmessageprocessingstep"), row, by)
        self.steps.append(step)

    def tell(self, changes: Iterable[Written]) -> None:
        """Make an event of each change that a step asks for, and send those that are not held back."""
        for written in changes:
            for step in self.steps:
                if _asks(step, written):
                    self._queue(step, written)

    async def send(self, wanted: Iterable[Event]) -> None:
        """Send events now, in the order given."""
        for event in wanted:
            await self._deliver(event)

    def _queue(self, step: Step, written: Written) -> None:
        shown = contexts.context(self._org, written, step.id, step.image)
        body, exceeded = contexts.encoded(shown)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "x-ms-dynamics-organization": f"{shown['OrganizationName']}.crm5.dynamics.com",
            "x-ms-dynamics-entity-name": written.table,
            "x-ms-dynamics-request-name": shown["MessageName"],
            "x-ms-correlation-request-id": shown["CorrelationId"],
        }
        if exceeded:
            headers["x-ms-dynamics-msg-size-exceeded"] = "True"
        event = Event(step, body, headers, written.id)
        self.events.append(event)
        if not step.held:
            task = asyncio.get_running_loop().create_task(self._deliver(event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _deliver(self, event: Event) -> None:
        """Send an event; only a fault of the network on the way gets one more try."""
        status = await self._attempt(event)
        if status in AGAIN:
            status = await self._attempt(event)
        event.state = State.DELIVERED if 200 <= status < 300 else State.FAILED
        self._log(event)

    async def _attempt(self, event: Event) -> int:
        event.attempts += 1
        status, event.trouble = await anyio.to_thread.run_sync(self._post, event)
        return status

    def _post(self, event: Event) -> tuple[int, str]:
        step, headers, url = event.step, dict(event.headers), event.step.url
        if step.auth is Auth.HEADER:
            headers |= step.values
        else:
            url += ("&" if "?" in url else "?") + urlencode(step.values)
        timeout = self._org.settings.webhook_timeout
        try:
            status = requests.post(url, data=event.body, headers=headers, timeout=timeout).status_code
        except requests.RequestException as error:
            return 0, type(error).__name__
        return status, "" if 200 <= status < 300 else f"HTTP {status}"

    def _log(self, event: Event) -> None:
        """Write the system job in which an administrator finds failures."""
        failed = event.state is State.FAILED
        given = {
            "name": f"{event.step.url}: {event.step.table}",
            "statecode": 3,
            "statuscode": FAILED if failed else SUCCEEDED,
            "message": event.trouble or None,
            "friendlymessage": event.trouble or None,
            "owningextensionid": Ref("sdkmessageprocessingstep", event.step.id),
        }
        by = Change(next(iter(self._org.store.rows("systemuser"))).id)
        writes.insert(self._org, self._org.catalogue.get("asyncoperation"), given, by)


def _asks(step: Step, written: Written) -> bool:
    if step.table != written.table or written.kind not in step.kinds:
        return False
    return written.kind is not Kind.UPDATED or not step.columns or bool(step.columns & set(written.names))
