"""A connector that keeps all promises, from which the broken ones are made."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.contract import (
    Acted,
    Action,
    Acts,
    Answer,
    Authorises,
    Budget,
    Capability,
    Connector,
    Delivers,
    Delivery,
    Draft,
    Effect,
    Fact,
    Guarantee,
    Limited,
    Outcome,
    Page,
    Pulls,
    RawRequest,
    Reads,
    Received,
    Receives,
    Record,
    Ref,
    Refusal,
    Reply,
    Resend,
    Services,
    Subscribes,
    Subscription,
    Throttled,
    Unread,
    Verb,
    Window,
)
from tests.contract.case import NOW, UNREACHABLE
from tests.contract.suite import Acting, Blocking, ConnectorCase, Locking, Proving, Push, Subscribing, local_services

SECRET = "a-secret-that-nobody-may-see"


class Sound(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    key: SecretStr = Field(description="The key.")
    address: str = Field("https://example.test", description="Where it is.")


def record(**changed: Any) -> Record:
    sound = Record("source-under-test", "order", "1", "v1", NOW, {"total": Decimal("1.5"), "lines": ({"sku": "KX"},)})
    return replace(sound, **changed)


GONE = "9"
"""A record that was deleted."""

LOCKED = "8"
"""A record that a workflow may lock."""

APPROVE = Action("key-1", Verb.APPROVE, "order", "1", "ann", "v1")


def closed(kind: str) -> Unread:
    return Unread("source-under-test", kind, LOCKED, "It is locked: see who holds it.", b"")


class Client:
    """A connector that keeps its promises: takes what is signed, sends nowhere, pulls two pages, approves once."""

    max_body = 1000
    resend = Resend.IDEMPOTENT

    def __init__(self, _name: str, _settings: Sound, _services: Services) -> None:
        self.calls = 0
        self.version = "v1"
        self.done: set[str] = set()
        self.writes = 0
        self.channels: dict[str, str] = {}
        self.proofs: list[str] = []
        self.stumbles = False
        self.locked = ""

    def receive(self, request: RawRequest) -> Received:
        refusal = self.judge(request)
        if refusal is not None:
            return Received(self.refuse(refusal), refusal=refusal, reason="It was not taken.")
        return Received(Reply(200), (record(),))

    def judge(self, request: RawRequest) -> Refusal | None:
        if len(request.body) > self.max_body:
            return Refusal.TOO_LARGE
        if "x-signature" not in request.headers:
            return Refusal.UNSIGNED
        if request.headers["x-signature"] != sign(request.body):
            return Refusal.BAD_SIGNATURE
        return Refusal.STALE if abs(request.received_at - NOW) > timedelta(minutes=5) else None

    def refuse(self, refusal: Refusal) -> Reply:
        return Reply(503 if refusal is Refusal.OVERLOADED else 400)

    def pack(self, draft: Draft) -> Sequence[tuple[Draft, Sequence[int]]]:
        return [(replace(draft, facts=(fact,)), [index]) for index, fact in enumerate(draft.facts)]

    def freeze(self, draft: Draft, key: str) -> bytes:
        return f"{draft.facts} {key}".encode()

    def send(self, _frozen: bytes) -> Delivery:
        return Delivery(Outcome.RETRY, reason="The connection was refused: it is tried again.")

    def budgets(self) -> Sequence[Budget]:
        return (Budget("robot:1", (Window(20, 60.0),)),)

    def blocked(self, _way: str) -> None:
        raise Throttled("Too many at once.", after=timedelta(seconds=5), scope=self.budgets()[0].key)

    def prove(self) -> str:
        return str(len(self.proofs))

    def pull(self, kind: str, cursor: str | None) -> Page:
        self.proofs.append(self.prove())
        if self.stumbles:
            self.stumbles = False
            self.proofs.append(self.prove())
        found = (record(kind=kind), record(kind=kind, id=GONE, deleted=True))
        aside = (closed(kind),) if self.locked else ()
        return Page(found, "2", more=True, unread=aside) if cursor is None else Page((), cursor, more=False)

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]:
        return [self.show(kind, each) for each in ids]

    def show(self, kind: str, id_: str) -> Record | Unread:
        return closed(kind) if id_ == self.locked else record(kind=kind, id=id_, deleted=id_ == GONE)

    def subscribe(self, address: str, _state: str | None) -> Subscription:
        silent_since = None if self.channels else NOW
        self.channels["1"] = address
        return Subscription("1", NOW + timedelta(hours=1), silent_since)

    def act(self, action: Action) -> Acted:
        if action.key in self.done:
            return Acted(Effect.ALREADY, self.state(action), Ref("user", action.actor))
        if not (answer := self.may(action.actor, action)).allowed:
            return Acted(Effect.DENIED, reason=answer.reason)
        if action.version != self.version:
            return Acted(Effect.MOVED, self.state(action), reason="It was changed since.")
        self.write(action)
        return Acted(Effect.DONE, self.state(action), Ref("user", action.actor))

    def write(self, action: Action) -> None:
        self.done.add(action.key)
        self.writes += 1
        self.version = f"v{self.writes + 1}"

    def state(self, action: Action) -> Record:
        return record(kind=action.kind, id=action.id, version=self.version)

    def may(self, actor: str, _action: Action) -> Answer:
        return Answer(True) if actor == "ann" else Answer(False, "Only who approves orders may do this.")

    def sees(self, actor: str, _kind: str, ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        return {each: frozenset({"total"}) for each in ids if actor == "ann"}


class Delivering(Client):
    def send(self, _frozen: bytes) -> Delivery:
        return Delivery(Outcome.DELIVERED, reason="It was sent.")


def sign(body: bytes) -> str:
    return hmac.new(SECRET.encode(), body, "sha256").hexdigest()


def case_of(build: Callable[..., object] = Client, settings: type[BaseModel] = Sound, **changed: Any) -> ConnectorCase:
    @contextmanager
    def source() -> Iterator[Any]:
        yield build("source-under-test", Sound(key=SecretStr(SECRET)), None)

    @contextmanager
    def subscriber() -> Iterator[Subscribing]:
        with source() as client:
            yield Subscribing(client, lambda to: list(client.channels.values()).count(to), client.channels.clear)

    @contextmanager
    def acting() -> Iterator[Acting]:
        with source() as client:
            moved, denied = replace(APPROVE, key="key-2", version="v0"), replace(APPROVE, key="key-3", actor="bob")
            yield Acting(client, APPROVE, moved, denied, lambda: client.writes)

    @contextmanager
    def proving() -> Iterator[Proving]:
        with source() as client:
            yield Proving(client, "order", lambda: setattr(client, "stumbles", True), lambda: client.proofs)

    @contextmanager
    def blocking() -> Iterator[Blocking]:
        with source() as client:
            yield Blocking(client, {way: partial(client.blocked, way) for way in ("rest", "soap")})

    @contextmanager
    def locking() -> Iterator[Locking]:
        with source() as client:
            client.locked = LOCKED
            yield Locking(client, "order", LOCKED)

    @contextmanager
    def channel() -> Iterator[object]:
        yield Delivering("source-under-test", Sound(key=SecretStr(SECRET)), local_services())

    capability = Capability("push", Guarantee.YES, "It pushes.", "https://example.com/page")
    fulfils: frozenset[type] = frozenset({Receives, Delivers, Limited, Pulls, Reads, Subscribes, Acts, Authorises})
    sound = Connector("sound", "A sound one", settings, build, fulfils, (capability,))
    request = RawRequest("POST", {"x-signature": sign(b'{"a": "b"}')}, "", b'{"a": "b"}', NOW)
    return ConnectorCase(
        connector=replace(sound, **changed),
        settings={"key": SECRET},
        secrets=(SECRET,),
        pushes=(Push(request, ("x-signature",), timedelta(minutes=6)),),
        draft=Draft("preview", (Fact("One", "1"), Fact("Two", "2"), Fact("Three", "3"))),
        channel=channel,
        unreachable={"key": SECRET, "address": UNREACHABLE},
        source=source,
        kinds=("order",),
        subscriber=subscriber,
        acting=acting,
        proving=proving,
        blocking=blocking,
        locking=locking,
    )
