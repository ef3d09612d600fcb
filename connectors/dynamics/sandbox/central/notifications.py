"""Notifications: what changed, told late and together, and again while the subscriber cannot take it.

See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/dynamics-subscriptions
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import count
from typing import Any

import anyio.to_thread
import requests

from connectors.dynamics.sandbox import moments, wire
from connectors.dynamics.sandbox.central.place import Place
from connectors.dynamics.sandbox.central.subscriptions import Subscription, Subscriptions
from connectors.dynamics.sandbox.central.tables import COMPANY
from connectors.dynamics.sandbox.store import Kind, Row, Written

TIMEOUT_S = 60.0
TRY_AGAIN = frozenset({408, 429})


class State(StrEnum):
    """What became of a request with notifications."""

    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    SUBSCRIPTION_DELETED = "subscription deleted"
    GIVEN_UP = "given up"


@dataclass(slots=True)
class Delivery:
    """One request: notifications for one address."""

    id: int
    url: str
    subscriptions: frozenset[str]
    value: Sequence[Mapping[str, Any]]
    queued: float = field(default_factory=time.monotonic)
    attempts: int = 0
    state: State = State.WAITING
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """The last that happened to a record before it is told."""

    kind: Kind
    at: datetime


class Notifications:
    """Collects changes, and sends them. With `held` nothing is sent until somebody asks."""

    def __init__(self, place: Place, subscriptions: Subscriptions) -> None:
        self._place = place
        self._subscriptions = subscriptions
        self._pending: dict[str, dict[str, Pending]] = defaultdict(dict)
        self._began: dict[str, datetime] = {}
        self._numbers = count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self.held = False
        self.deliveries: list[Delivery] = []

    def tell(self, changes: Iterable[Written]) -> None:
        """Note what changed; the first change starts the delay."""
        for written in changes:
            table, row_id, kind = self._concerned(written)
            row = written.after or written.before
            company = row.values[COMPANY] if row else ""
            for one in self._subscriptions.living():
                if (one.table, one.company) == (table, company):
                    self._note(one, row_id, Pending(kind, _stamp(written, row)))

    async def send(self, wanted: Sequence[Delivery]) -> None:
        """Send deliveries now, in the order given, once."""
        for delivery in wanted:
            await self._deliver(delivery)

    def pack(self) -> list[Delivery]:
        """Make requests of what is pending, one for each address."""
        by_url: dict[str, list[tuple[Subscription, list[Mapping[str, Any]]]]] = defaultdict(list)
        living = {one.id: one for one in self._subscriptions.living()}
        for subscription_id, pending in self._pending.items():
            if subscription_id in living and pending:
                one = living[subscription_id]
                by_url[one.url].append((one, self._told(one, pending)))
        self._pending.clear()
        made = [
            Delivery(
                next(self._numbers),
                url,
                frozenset(one.id for one, _value in parts),
                [told for _one, value in parts for told in value],
            )
            for url, parts in by_url.items()
        ]
        self.deliveries.extend(made)
        return made

    def _concerned(self, written: Written) -> tuple[str, str, Kind]:
        """Return the record that is told of: a line tells of its document."""
        parent = self._place.catalogue.get(written.table).parent
        row = written.after or written.before
        if parent and row is not None:
            return parent, str(row.values["documentId"]), Kind.UPDATED
        return written.table, written.id, written.kind

    def _note(self, one: Subscription, row_id: str, new: Pending) -> None:
        pending = self._pending[one.id]
        if not any(self._pending.values()) and not self.held:
            self._start(self._after_delay())
        if not pending:
            self._began[one.id] = new.at
        old = pending.get(row_id)
        kind = Kind.CREATED if old and old.kind is Kind.CREATED and new.kind is Kind.UPDATED else new.kind
        pending[row_id] = Pending(kind, new.at)

    def _told(self, one: Subscription, pending: Mapping[str, Pending]) -> list[Mapping[str, Any]]:
        common = {
            "subscriptionId": one.id,
            "clientState": one.client_state,
            "expirationDateTime": moments.in_seconds(one.expires),
        }
        home = f"api/v2.0/companies({one.company})/{one.table}"
        if len(pending) > self._place.settings.notify_max:
            # the sample of the page has this name, which no resource of v2.0 has
            since = f"?$filter=lastDateTimeModified%20gt%20{moments.in_seconds(self._began[one.id])}"
            last = max(change.at for change in pending.values())
            return [_notification(common, f"/{home}{since}", "collection", last)]
        return [_notification(common, f"{home}({row_id})", p.kind, p.at) for row_id, p in pending.items()]

    async def _after_delay(self) -> None:
        await asyncio.sleep(self._place.settings.notify_delay)
        for delivery in self.pack():
            self._start(self._persist(delivery))

    async def _persist(self, delivery: Delivery) -> None:
        """Send a request again and again, until it is taken, refused or given up."""
        await self._deliver(delivery)
        while delivery.state is State.WAITING:
            await asyncio.sleep(self._place.settings.notify_retry)
            if time.monotonic() - delivery.queued > self._place.settings.notify_give_up:
                delivery.state = State.GIVEN_UP
                return
            await self._deliver(delivery)

    async def _deliver(self, delivery: Delivery) -> None:
        delivery.attempts += 1
        status, delivery.trouble = await anyio.to_thread.run_sync(self._post, delivery)
        if 200 <= status < 300:
            delivery.state = State.ACKNOWLEDGED
        elif status and status < 500 and status not in TRY_AGAIN:
            delivery.state = State.SUBSCRIPTION_DELETED
            for subscription_id in delivery.subscriptions:
                self._subscriptions.end(subscription_id)

    def _post(self, delivery: Delivery) -> tuple[int, str]:
        headers = {"Content-Type": "application/json"}
        try:
            response = requests.post(
                delivery.url, data=wire.encode({"value": delivery.value}), headers=headers, timeout=TIMEOUT_S
            )
        except requests.RequestException as error:
            return 0, type(error).__name__
        return response.status_code, "" if response.ok else f"HTTP {response.status_code}"

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _stamp(written: Written, row: Row | None) -> datetime:
    moment = row.values.get("lastModifiedDateTime") if row and written.kind is not Kind.DELETED else None
    return moment if isinstance(moment, datetime) else written.change.at


def _notification(common: Mapping[str, Any], resource: str, change: str, at: datetime) -> Mapping[str, Any]:
    return {
        "subscriptionId": common["subscriptionId"],
        "clientState": common["clientState"],
        "expirationDateTime": common["expirationDateTime"],
        "resource": resource,
        "changeType": str(change),
        "lastModifiedDateTime": moments.in_milliseconds(at),
    }
