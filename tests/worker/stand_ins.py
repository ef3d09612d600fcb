"""What the tests of the worker are played with: records, a plan, a chat, a server in a thread, a broken ledger."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import uvicorn
from sqlalchemy import Connection, Table, select
from sqlalchemy.exc import OperationalError
from starlette.types import ASGIApp

from connectors.contract import Budget, Choice, Delivery, Draft, Outcome, Record, Resend
from pipelines.case import program
from pipelines.plan import Destination, FieldMap, FieldType, Kind, Lane, Plan, Route
from worker.decide import Decider
from worker.ledger import arrivals
from worker.ledger.engine import Ledger, now
from worker.ledger.seal import Sealer

SEALER = Sealer(b"k" * 32)
MORNING = datetime(2026, 10, 6, 9, 0, tzinfo=UTC)
KIND = Kind("crm", "Deal", (FieldMap("stage", "Stage", FieldType.CHOICE, "Stage"),))
ROUTE = Route("deals", "crm", "Deal", ("sales",), "Deal", ("stage",))
SHARDS = frozenset(range(arrivals.SHARDS))


def within(seconds: float, true: Callable[[], bool]) -> bool:
    """Wait until something is true; tells whether it became so."""
    end = time.monotonic() + seconds
    while not (came := true()) and time.monotonic() < end:
        time.sleep(0.01)
    return came


def deal(id_: str = "d1", stage: str = "Open", minute: int = 0, **other: Any) -> Record:
    """Return the state of a deal, `minute` minutes after the morning began."""
    record = Record(
        source="crm",
        kind="Deal",
        id=id_,
        version=f"{minute} {stage}",
        stamp=MORNING + timedelta(minutes=minute),
        fields={"Stage": Choice(stage, stage), "Amount": Decimal(1)},
        number=f"SO-{id_}",
    )
    return replace(record, **other)


def plan_of(*routes: Route) -> Plan:
    """Return a plan whose routes may lead to groups of any name that they use."""
    kept = routes or (ROUTE,)
    names = {name for route in kept for name in route.to}
    groups = {name: Destination(name, "Asia/Hong_Kong", "en") for name in names}
    return Plan(repr(kept), {("crm", "Deal"): KIND}, kept, groups)


def store(ledger: Ledger, *records: Record, received_at: int | None = None, baseline: bool = False) -> None:
    """Put records into the inbox as if they had been pushed."""
    at = now() if received_at is None else received_at
    rows = [arrivals.row(one, received_at=at, pushed=True, baseline=baseline, sealer=ledger.sealer) for one in records]
    with ledger.write() as connection:
        assert arrivals.add(ledger, connection, rows) == len(rows)


def decider(ledger: Ledger, plan: Plan, shards: frozenset[int] = SHARDS, batch: int = 100) -> Decider:
    return Decider(ledger, program(plan), 1, lambda: shards, batch)


def rows(ledger: Ledger, table: Table) -> list[Any]:
    """Return all rows of a table by their first column."""
    with ledger.read() as connection:
        return list(connection.execute(select(table).order_by(table.c[0])).all())


@dataclass
class Chat:
    """A group that remembers what came, and answers what it is told to, else that it was delivered.

    `gate` holds requests up until it is set; `most` is the largest number of requests that were under way at once.
    """

    name: str = "sales"
    resend: Resend = Resend.IDEMPOTENT
    windows: tuple[Any, ...] = ()
    shared: tuple[Budget, ...] = ()
    """Quotas that others use as well."""
    answers: deque[Delivery | Exception] = field(default_factory=deque)
    gate: threading.Event | None = None
    bodies: list[bytes] = field(default_factory=list)
    most: int = 0
    parts: int = 1
    _under_way: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def sent(self) -> list[Any]:
        """What came, read: key and the numbers and stages of the facts."""
        return [json.loads(body) for body in self.bodies]

    @property
    def told(self) -> list[list[str]]:
        """The facts of each message as `number stage`."""
        return [one["facts"] for one in self.sent]

    @property
    def keys(self) -> list[str]:
        return [one["key"] for one in self.sent]

    def budgets(self) -> tuple[Budget, ...]:
        return (Budget(f"chat:{self.name}", self.windows), *self.shared)

    def pack(self, draft: Draft) -> Sequence[tuple[Draft, Sequence[int]]]:
        return [(draft, range(len(draft.facts)))] * self.parts

    def freeze(self, draft: Draft, key: str) -> bytes:
        facts = [" ".join([fact.number, *(line.value for line in fact.lines)]) for fact in draft.facts]
        return json.dumps({"key": key, "title": draft.facts[0].title, "facts": facts}).encode()

    def send(self, frozen: bytes) -> Delivery:
        with self._lock:
            self.bodies.append(frozen)
            self._under_way += 1
            self.most = max(self.most, self._under_way)
            answer = self.answers.popleft() if self.answers else Delivery(Outcome.DELIVERED)
        if self.gate is not None:
            self.gate.wait(20)
        with self._lock:
            self._under_way -= 1
        if isinstance(answer, Exception):
            raise answer
        return answer


def route(name: str, *to: str, lane: Lane = Lane.NORMAL, **other: Any) -> Route:
    return replace(ROUTE, name=name, to=to or ("sales",), title=name, lane=lane, **other)


@contextmanager
def served(app: ASGIApp) -> Iterator[int]:
    """Serve an application on a free loopback port: the port."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    sock = config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    try:
        assert within(10, lambda: server.started)
        yield sock.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)
        sock.close()


class Broken:
    """Makes the writes of a ledger fail, or wait, as often as it is told."""

    def __init__(self, ledger: Ledger) -> None:
        self._write = ledger.write
        self.failures: deque[Exception] = deque()
        self.gate: threading.Event | None = None
        ledger.write = self.write  # type: ignore[method-assign]  # the point of it

    @contextmanager
    def write(self) -> Iterator[Connection]:
        if self.gate is not None:
            self.gate.wait(20)
        with self._write() as connection:
            yield connection
            if self.failures:
                raise self.failures.popleft()


def no_answer(sentence: str = "disk I/O error") -> OperationalError:
    """Return what SQLAlchemy raises when the database fails."""
    return OperationalError("INSERT", {}, Exception(sentence))
