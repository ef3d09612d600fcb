"""Webhooks: steps that send changes to an address, with a shared value and no signature.

See https://learn.microsoft.com/power-apps/developer/data-platform/register-web-hook
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

import anyio.to_thread
import requests

from connectors.dynamics.sandbox.dataverse import contexts, steps, writes
from connectors.dynamics.sandbox.dataverse.org import Org
from connectors.dynamics.sandbox.dataverse.steps import Auth, Step
from connectors.dynamics.sandbox.schema import Ref
from connectors.dynamics.sandbox.store import Change, Kind, Written

AGAIN = frozenset({502, 503, 504})
SUCCEEDED, FAILED = 30, 31


class State(StrEnum):
    """What became of an event."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Registration:
    """A webhook for changes of `table`: updates of `columns` only, with an `image` of columns after the change.

    With `held` nothing is sent until somebody asks.
    """

    url: str
    table: str
    kinds: Sequence[Kind]
    columns: Sequence[str]
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
        self.events: list[Event] = []
        self.held = False
        self._held: set[str] = set()

    def register(self, wanted: Registration) -> Mapping[Kind, str]:
        """Set up a webhook with a step for each kind of change, as rows, and return the steps' ids."""
        insert, by = self._insert, {"contract": steps.WEBHOOK, "authtype": steps.AUTH_TYPES[wanted.auth]}
        value = steps.auth_value(wanted.auth, wanted.values)
        endpoint = insert("serviceendpoint", {"name": wanted.url, "url": wanted.url, "authvalue": value, **by})
        made: dict[Kind, str] = {}
        for kind in wanted.kinds:
            message = self._find("sdkmessage", name=contexts.MESSAGES[kind])
            narrowed = self._find("sdkmessagefilter", primaryobjecttypecode=wanted.table, sdkmessageid=message)
            step = {
                "name": f"{wanted.url}: {contexts.MESSAGES[kind]} of {wanted.table}",
                "filteringattributes": ",".join(wanted.columns) if kind is Kind.UPDATED else None,
                "mode": steps.ASYNCHRONOUS,
                "stage": steps.POST_OPERATION,
                "rank": 1,
                "eventhandler": endpoint,
                "sdkmessageid": message,
                "sdkmessagefilterid": narrowed,
            }
            made_step = insert("sdkmessageprocessingstep", step)
            made[kind] = made_step.id
            if wanted.image:
                image = {"entityalias": "AsynchronousStepPrimaryName", "imagetype": steps.POST_IMAGE}
                columns = {"attributes": ",".join(wanted.image), "sdkmessageprocessingstepid": made_step}
                insert("sdkmessageprocessingstepimage", {**image, **columns})
        if wanted.held:
            self._held.add(endpoint.id)
        return made

    def forget(self) -> int:
        """Remove all registrations without a word, and return how many steps there were."""
        store, by = self._org.store, self._by()
        steps_there = len(store.rows("sdkmessageprocessingstep"))
        for table in ("sdkmessageprocessingstepimage", "sdkmessageprocessingstep", "serviceendpoint"):
            for row in list(store.rows(table)):
                writes.remove(self._org, self._org.catalogue.get(table), row.id, by)
        return steps_there

    def tell(self, changes: Iterable[Written]) -> None:
        """Make an event of each change that a step asks for, and send those that are not held back."""
        for written in changes:
            for step in steps.living(self._org):
                if step.asks_for(written):
                    self._queue(step, written)

    async def send(self, wanted: Iterable[Event]) -> None:
        """Send events now, in the order given."""
        for event in wanted:
            await self._deliver(event)

    def _queue(self, step: Step, written: Written) -> None:
        shown = contexts.context(self._org, written, step.id, step.images)
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
        if not self.held and step.endpoint not in self._held:
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
        self._insert("asyncoperation", given)

    def _insert(self, table: str, values: Mapping[str, Any]) -> Ref:
        row = writes.insert(self._org, self._org.catalogue.get(table), values, self._by())
        return Ref(table, row.id)

    def _find(self, table: str, **wanted: Any) -> Ref:
        rows = self._org.store.rows(table)
        found = next(row for row in rows if all(row.values.get(name) == value for name, value in wanted.items()))
        return Ref(table, found.id)

    def _by(self) -> Change:
        return Change(next(iter(self._org.store.rows("systemuser"))).id)
