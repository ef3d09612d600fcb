"""Outbound messages: records that changed, pushed as SOAP to an address until it acknowledges them.

See https://developer.salesforce.com/docs/platform/api/guide/sforce-api-om-outboundmessaging-wsdl.html
and https://developer.salesforce.com/docs/platform/api/guide/sforce-api-om-outboundmessaging-notifications.html
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import count
from typing import Any

import anyio.to_thread
import requests

from connectors.salesforce.sandbox import envelopes, ids
from connectors.salesforce.sandbox.catalogue import Catalogue
from connectors.salesforce.sandbox.schema import Type
from connectors.salesforce.sandbox.store import Store
from connectors.salesforce.sandbox.switches import Switches

NAMESPACE = "http://soap.sforce.com/2005/09/outbound"
RECORDS = "urn:sobject.enterprise.soap.sforce.com"
MOST_IN_ONE = 100
TIMEOUT_S = 60.0
LONGEST_WAIT_S = 7200.0


class State(StrEnum):
    """What became of a notification."""

    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    GIVEN_UP = "given up"


@dataclass(slots=True)
class Subscription:
    """One outbound message as an administrator set it up: the fields of an object, sent to `url`.

    With `held` nothing is sent until somebody asks. `wait` is the seconds before the first repetition; each further
    wait is twice as long, up to two hours. After `give_up` seconds it is not sent any more.
    """

    id: str
    url: str
    object_name: str
    fields: Sequence[str]
    held: bool
    wait: float
    give_up: float
    session_id: str | None = None


@dataclass(slots=True)
class Notification:
    """That one record changed. It is sent with the values that the record has at that time."""

    id: str
    subscription: Subscription
    record_id: str
    queued: float = field(default_factory=time.monotonic)
    attempts: int = 0
    state: State = State.WAITING
    trouble: str = ""


class Outbound:
    """All outbound messages of one org."""

    def __init__(self, org_id: str, store: Store, catalogue: Catalogue, switches: Callable[[], Switches]) -> None:
        self._org_id = org_id
        self._store = store
        self._catalogue = catalogue
        self._switches = switches
        self._numbers = count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._base = ""
        self.subscriptions: list[Subscription] = []
        self.notifications: list[Notification] = []

    def next_id(self, prefix: str) -> str:
        """Return a new id of a message or a notification."""
        return ids.make_id(prefix, next(self._numbers))

    def wake(self, base: str) -> None:
        """Queue a notification for each record that changed, and send those that are not held back."""
        self._base = base
        for written in self._store.take_written():
            for subscription in self.subscriptions:
                if subscription.object_name == written.object_name:
                    self._queue(subscription, written.record_id)

    async def send(self, wanted: Iterable[Notification], *, together: int) -> None:
        """Send notifications now in the order given, so many in one message (at most 100)."""
        batch: list[Notification] = []
        for one in wanted:
            if batch and (batch[0].subscription is not one.subscription or len(batch) == min(together, MOST_IN_ONE)):
                await self._deliver(batch)
                batch = []
            batch.append(one)
        if batch:
            await self._deliver(batch)

    def _queue(self, subscription: Subscription, record_id: str) -> None:
        made = Notification(self.next_id("04l"), subscription, record_id)
        self.notifications.append(made)
        if not subscription.held:
            task = asyncio.get_running_loop().create_task(self._persist(made))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _persist(self, one: Notification) -> None:
        """Send a notification again and again, until it is given up."""
        wait = one.subscription.wait
        await self._deliver([one])
        while one.state is State.WAITING:
            if time.monotonic() - one.queued + wait > one.subscription.give_up:
                one.state = State.GIVEN_UP
                return
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_S)
            await self._deliver([one])

    async def _deliver(self, batch: Sequence[Notification]) -> None:
        trouble = await anyio.to_thread.run_sync(self._post, batch[0].subscription.url, self._message(batch))
        for one in batch:
            one.attempts += 1
            one.trouble = trouble
            if not trouble:
                one.state = State.ACKNOWLEDGED

    def _post(self, url: str, message: bytes) -> str:
        """Send a message and return what is wrong with the answer, empty when it is acknowledged."""
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
        try:
            response = requests.post(url, data=message, headers=headers, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            return type(error).__name__
        tree = envelopes.parse(response.content)
        if not response.ok or tree is None:
            return f"HTTP {response.status_code}" if not response.ok else "no XML"
        # A-SALESFORCE-67: the names of the elements of an acknowledgement
        space = NAMESPACE if self._switches().acknowledgement == "namespaced" else None
        ack = envelopes.find(tree, "Ack", space)
        return "" if ack is not None and (ack.text or "").strip() == "true" else "not acknowledged"

    def _message(self, batch: Sequence[Notification]) -> bytes:
        subscription = batch[0].subscription
        rest = f"{self._base}/services/Soap/{{}}/68.0/{self._org_id[:15]}"
        head = {
            "OrganizationId": self._org_id,
            "ActionId": subscription.id,
            "SessionId": subscription.session_id,
            "EnterpriseUrl": rest.format("c"),
            "PartnerUrl": rest.format("u"),
        }
        told = "".join(envelopes.element(name, value) for name, value in head.items())
        bodies = "".join(
            f"<Notification><Id>{one.id}</Id>{self._record(subscription, one.record_id)}</Notification>"
            for one in batch
        )
        return envelopes.envelope(f'<notifications xmlns="{NAMESPACE}">{told}{bodies}</notifications>').encode()

    def _record(self, subscription: Subscription, record_id: str) -> str:
        """Return a record with its present values; of one that is gone, its id alone."""
        row = self._store.find(subscription.object_name, record_id)
        values = row.values if row and row.deleted_at is None else {}
        sobject = self._catalogue.find(subscription.object_name)
        shown = envelopes.element("sf:Id", record_id)
        for name in subscription.fields:
            known = sobject.field(name) if sobject else None
            value = values.get(known.name) if known and known.type is not Type.ID else None
            # A-SALESFORCE-68: no page says whether empty fields are sent
            if known and (value is not None or (values and self._switches().empty_fields_sent)):
                shown += envelopes.element(f"sf:{known.name}", None if value is None else _text(value))
        return f'<sObject xsi:type="sf:{subscription.object_name}" xmlns:sf="{RECORDS}">{shown}</sObject>'


def _text(value: Any) -> str:
    """Return a value as XML Schema writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return repr(float(value))
    return str(value)
