"""A user event script of the account: after each save it posts the record to an address, signed.

The vendor has no webhooks; people write such a script themselves. This one signs as the generic webhook of the bridge
understands: HMAC-SHA256 over `timestamp.body`, in hex, in the headers X-Signature and X-Signed-At. See
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4407992281.html
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any

import anyio.to_thread
import msgspec
import requests

from connectors.netsuite.sandbox import moments
from connectors.netsuite.sandbox.catalogue import Catalogue
from connectors.netsuite.sandbox.database import NAME
from connectors.netsuite.sandbox.schema import Column, RecordType, Row, Type
from connectors.netsuite.sandbox.store import Event, Store, Written

TIMEOUT_S = 10.0


class State(StrEnum):
    """What became of a push."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    LOST = "lost"
    GIVEN_UP = "given up"


@dataclass(slots=True)
class Script:
    """One deployed script: for which records it posts where, signed with which key.

    It does not run for saves that come in by one of the contexts in `not_in`. With `held` nothing is sent until
    somebody asks. A push that is not answered with 2xx is sent again after `wait` seconds, `attempts` times in all.
    """

    url: str
    key: str
    records: frozenset[str]
    not_in: frozenset[str]
    held: bool
    attempts: int
    wait: float


@dataclass(slots=True)
class Push:
    """One event with the body that was made when the record was saved."""

    id: str
    script: Script
    body: bytes
    attempts: int = 0
    state: State = State.WAITING
    trouble: str = ""
    statuses: list[int] = field(default_factory=list)


class UserEvents:
    """All scripts of one account and what they sent."""

    def __init__(self, store: Store, catalogue: Catalogue) -> None:
        self._store = store
        self._catalogue = catalogue
        self._numbers = count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self.scripts: list[Script] = []
        self.pushes: list[Push] = []
        self.lose = 0

    def wake(self, base: str) -> None:
        """Run the scripts for everything that was saved since the last time."""
        for written in self._store.take_written():
            for script in self.scripts:
                if written.record.name in script.records and written.context not in script.not_in:
                    self._run(script, written, base)

    async def send(self, wanted: Iterable[Push]) -> None:
        """Send pushes now, in the order given."""
        for one in wanted:
            await self._deliver(one)

    def _run(self, script: Script, written: Written, base: str) -> None:
        made = Push(f"evt-{next(self._numbers)}", script, b"")
        made.body = msgspec.json.encode(self._event(made.id, written, base))
        self.pushes.append(made)
        if self.lose:
            # the script was killed, or its queue was full: nobody hears of it
            self.lose -= 1
            made.state = State.LOST
        elif not script.held:
            task = asyncio.get_running_loop().create_task(self._persist(made))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _persist(self, one: Push) -> None:
        await self._deliver(one)
        while one.state is State.WAITING and one.attempts < one.script.attempts:
            await asyncio.sleep(one.script.wait)
            await self._deliver(one)
        if one.state is State.WAITING:
            one.state = State.GIVEN_UP

    async def _deliver(self, one: Push) -> None:
        one.trouble = await anyio.to_thread.run_sync(self._post, one)
        one.attempts += 1
        if not one.trouble:
            one.state = State.DELIVERED

    def _post(self, one: Push) -> str:
        """Send a push and return what is wrong with the answer, empty when it was taken."""
        at = str(int(time.time()))
        digest = hmac.digest(one.script.key.encode(), at.encode() + b"." + one.body, "sha256").hex()
        headers = {"Content-Type": "application/json", "X-Signature": f"sha256={digest}", "X-Signed-At": at}
        try:
            response = requests.post(one.script.url, data=one.body, headers=headers, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            return type(error).__name__
        one.statuses.append(response.status_code)
        return "" if response.ok else f"HTTP {response.status_code}"

    def _event(self, event_id: str, written: Written, base: str) -> dict[str, Any]:
        """Return what the script posts: the record as it is after the save, of a deleted one its id alone."""
        record = written.record
        row = self._store.find(record, written.id)
        told: dict[str, Any] = {"id": str(written.id), "type": record.name}
        if row is not None:
            columns = self._catalogue.fields(record)
            shown = {column.rest: self._value(column, row) for column in columns}
            told |= {name: value for name, value in shown.items() if value is not None}
            told |= self._lines(record, written.id)
        stamp = (row or {}).get("lastmodifieddate") or moments.now()
        return {
            "event": event_id,
            "action": written.event.value,
            "deleted": written.event is Event.DELETE,
            "changedAt": moments.iso(stamp),
            "url": f"{base}/app/common/entity/record.nl?id={written.id}",
            "record": told,
        }

    def _lines(self, record: RecordType, record_id: int) -> dict[str, Any]:
        table = self._catalogue.table(record.sublist.table) if record.sublist else None
        if table is None or record.sublist is None:
            return {}
        columns = [column for column in table.columns if column.rest]
        lines = self._store.lines(record, record_id)
        shown = [{c.rest: self._value(c, line) for c in columns if line[c.key] is not None} for line in lines]
        return {record.sublist.name: shown}

    def _value(self, column: Column, row: Row) -> Any:
        """Return a value as the script writes it: a reference with its id and its text."""
        value = row[column.key]
        if value is None:
            return None
        if column.type is Type.REFERENCE:
            table = self._catalogue.table(column.target)
            found = self._store.database.one(column.target, table.unique if table else "id", value) or {}
            return {"id": str(value), "name": found.get(NAME, "")}
        if column.type is Type.CHOICE:
            code = f"{row['type']}:{value}" if column.typed else str(value)
            return {"id": str(value), "name": column.choices.get(code, code)}
        if column.type is Type.DATETIME:
            return moments.iso(value)
        return value == "T" if column.type is Type.BOOLEAN else value
