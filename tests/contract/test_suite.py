"""The checks catch what they are for: each connector here breaks one promise."""

from __future__ import annotations

import hmac
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.contract import (
    Budget,
    Capability,
    Connector,
    Delivers,
    Delivery,
    Draft,
    Fact,
    Guarantee,
    Outcome,
    Page,
    Pulls,
    RawRequest,
    Reads,
    Received,
    Receives,
    Record,
    Refusal,
    Reply,
    Resend,
    Services,
    Window,
)
from tests.contract import common, delivers, pulls, reads, receives
from tests.contract.case import NOW, UNREACHABLE
from tests.contract.suite import Check, ConnectorCase, Push, checks_for, local_services

SECRET = "a-secret-that-nobody-may-see"


class Sound(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    key: SecretStr = Field(description="The key.")
    address: str = Field("https://example.test", description="Where it is.")


class Undescribed(Sound):
    bare: int = 0


class Open(Sound):
    model_config = ConfigDict(extra="ignore")


class Changeable(Sound):
    model_config = ConfigDict(frozen=False)


class Plain(Sound):
    key: str = Field(description="The key.")  # type: ignore[assignment]  # the fault that a check has to catch


class Talkative(Sound):
    model_config = ConfigDict(hide_input_in_errors=False)


def record(**changed: Any) -> Record:
    sound = Record("source-under-test", "order", "1", "v1", NOW, {"total": Decimal("1.5"), "lines": ({"sku": "KX"},)})
    return replace(sound, **changed)


class Client:
    """A connector that keeps its promises: takes what is signed, sends nowhere, pulls two pages."""

    max_body = 1000
    resend = Resend.IDEMPOTENT

    def __init__(self, _name: str, _settings: Sound, _services: Services) -> None:
        self.calls = 0

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

    def budget(self) -> Budget:
        return Budget("robot:1", (Window(20, 60.0),))

    def pack(self, draft: Draft) -> Sequence[tuple[Draft, Sequence[int]]]:
        return [(replace(draft, facts=(fact,)), [index]) for index, fact in enumerate(draft.facts)]

    def freeze(self, draft: Draft, key: str) -> bytes:
        return f"{draft.facts} {key}".encode()

    def send(self, _frozen: bytes) -> Delivery:
        return Delivery(Outcome.RETRY, reason="The connection was refused: it is tried again.")

    def pull(self, kind: str, cursor: str | None) -> Page:
        return Page((record(kind=kind),), "2", more=True) if cursor is None else Page((), cursor, more=False)

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record]:
        return [record(kind=kind, id=each) for each in ids]


def sign(body: bytes) -> str:
    return hmac.new(SECRET.encode(), body, "sha256").hexdigest()


def case_of(build: Callable[..., object] = Client, settings: type[BaseModel] = Sound, **changed: Any) -> ConnectorCase:
    @contextmanager
    def source() -> Iterator[object]:
        yield build("source-under-test", Sound(key=SecretStr(SECRET)), None)

    @contextmanager
    def channel() -> Iterator[object]:
        yield Claiming("source-under-test", Sound(key=SecretStr(SECRET)), local_services())

    capability = Capability("push", Guarantee.YES, "It pushes.", "https://example.com/page")
    fulfils: frozenset[type] = frozenset({Receives, Delivers, Pulls, Reads})
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
    )


@pytest.mark.parametrize("check", checks_for(case_of()), ids=lambda check: check.__name__)
def test_a_sound_connector_passes(check: Check) -> None:
    check(case_of())


class Connecting(Client):
    def __init__(self, name: str, settings: Sound, services: Services) -> None:
        super().__init__(name, settings, services)
        socket.create_connection(("127.0.0.1", 9), timeout=1)


class Naming(Client):
    def __init__(self, name: str, settings: Sound, services: Services) -> None:
        super().__init__(name, settings, services)
        self.key = settings.key.get_secret_value()

    def __repr__(self) -> str:
        return f"Client({self.key})"

    def budget(self) -> Budget:
        return Budget(self.key, (Window(20, 60.0),))

    def freeze(self, draft: Draft, key: str) -> bytes:
        return super().freeze(draft, key) + self.key.encode()


class Counting(Client):
    def receive(self, request: RawRequest) -> Received:
        self.calls += 1
        return replace(super().receive(request), records=(record(version=str(self.calls)),))

    def freeze(self, draft: Draft, key: str) -> bytes:
        return super().freeze(draft, key) + str(id(self)).encode()


class Believing(Client):
    def judge(self, _request: RawRequest) -> Refusal | None:
        return None


class Acknowledging(Client):
    def refuse(self, _refusal: Refusal) -> Reply:
        return Reply(200)


class Giving(Client):
    given: Record

    def receive(self, request: RawRequest) -> Received:
        return replace(super().receive(request), records=(self.given,))


def giving(**changed: Any) -> type[Client]:
    return type("Given", (Giving,), {"given": record(**changed)})


class Dropping(Client):
    def pack(self, draft: Draft) -> Sequence[tuple[Draft, Sequence[int]]]:
        return super().pack(draft)[:-1]


class Mixing(Client):
    def pack(self, draft: Draft) -> Sequence[tuple[Draft, Sequence[int]]]:
        return list(reversed(super().pack(draft)))


class Keyless(Client):
    def freeze(self, draft: Draft, _key: str) -> bytes:
        return super().freeze(draft, "")


class Claiming(Client):
    def send(self, _frozen: bytes) -> Delivery:
        return Delivery(Outcome.DELIVERED, reason="It was sent.")


class Forgetting(Client):
    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record]:
        return [record(kind=kind, id=each, deleted=True) for each in ids or ["1"]]


class Raising(Client):
    def send(self, _frozen: bytes) -> Delivery:
        raise ConnectionError("refused")


class Circling(Client):
    def pull(self, kind: str, _cursor: str | None) -> Page:
        self.calls += 1
        return Page((record(kind=kind, id=str(self.calls)),), str(self.calls), more=True)


class Standing(Client):
    def pull(self, kind: str, _cursor: str | None) -> Page:
        return Page((record(kind=kind),), "1", more=True)


class Surrogate(Client):
    def pull(self, kind: str, _cursor: str | None) -> Page:
        return Page((record(kind=kind),), "\ud800", more=False)


NAIVE = NOW.replace(tzinfo=None)

BROKEN: dict[str, tuple[Check, ConnectorCase]] = {
    "a name with blanks": (common.check_its_name_is_a_word, case_of(name="Not a word")),
    "fulfils nothing": (common.check_client_fulfils_what_it_names, case_of(fulfils=frozenset())),
    "no such client": (common.check_client_fulfils_what_it_names, case_of(lambda *_parts: object())),
    "connects": (common.check_build_does_no_network, case_of(Connecting)),
    "no capability": (common.check_each_capability_names_a_source, case_of(capabilities=())),
    "no page": (
        common.check_each_capability_names_a_source,
        case_of(capabilities=(Capability("push", Guarantee.YES, "It pushes.", "hearsay"),)),
    ),
    "undescribed": (common.check_each_setting_is_described, case_of(settings=Undescribed)),
    "open": (common.check_settings_are_closed_and_frozen, case_of(settings=Open)),
    "changeable": (common.check_settings_are_closed_and_frozen, case_of(settings=Changeable)),
    "plain key": (common.check_secrets_are_never_shown, case_of(settings=Plain)),
    "key in an error": (common.check_secrets_are_never_shown, case_of(settings=Talkative)),
    "key in the client": (common.check_secrets_are_never_shown, case_of(Naming)),
    "key in a budget": (delivers.check_budget_is_stable_and_tells_nothing, case_of(Naming)),
    "key in a message": (delivers.check_frozen_bytes_hold_no_secret, case_of(Naming)),
    "float": (receives.check_genuine_pushes_become_records, case_of(giving(fields={"total": 1.5}))),
    "float in a row": (receives.check_genuine_pushes_become_records, case_of(giving(fields={"rows": ({"q": 1.5},)}))),
    "naive stamp": (receives.check_genuine_pushes_become_records, case_of(giving(stamp=NAIVE))),
    "naive field": (receives.check_genuine_pushes_become_records, case_of(giving(fields={"at": NAIVE}))),
    "no id": (receives.check_genuine_pushes_become_records, case_of(giving(id=""))),
    "not pure": (receives.check_receive_is_pure, case_of(Counting)),
    "takes unsigned": (receives.check_unsigned_copies_are_refused, case_of(Believing)),
    "takes flipped": (receives.check_flipped_bits_are_refused, case_of(Believing)),
    "takes wrong": (receives.check_wrong_signatures_are_refused, case_of(Believing)),
    "takes old": (receives.check_old_pushes_are_refused, case_of(Believing)),
    "takes large": (receives.check_large_bodies_are_refused, case_of(Believing)),
    "acknowledges overload": (receives.check_refusals_of_the_relay_have_replies, case_of(Acknowledging)),
    "drops a fact": (delivers.check_pack_carries_every_fact_in_order, case_of(Dropping)),
    "mixes facts": (delivers.check_pack_carries_every_fact_in_order, case_of(Mixing)),
    "freezes differently": (delivers.check_freeze_is_deterministic, case_of(Counting)),
    "no key in the bytes": (delivers.check_freeze_is_deterministic, case_of(Keyless)),
    "claims a delivery": (delivers.check_send_survives_a_refused_connection, case_of(Claiming)),
    "does not deliver": (delivers.check_packed_messages_arrive, replace(case_of(), channel=case_of().source)),
    "forgets": (reads.check_what_was_pulled_can_be_read, case_of(Forgetting)),
    "reads what nobody asked for": (reads.check_reading_nothing_finds_nothing, case_of(Forgetting)),
    "does not end": (pulls.check_pulls_end_and_resume, case_of(Circling)),
    "stands still": (pulls.check_pulls_end_and_resume, case_of(Standing)),
    "other page": (pulls.check_a_page_can_be_pulled_again, case_of(Circling)),
}


@pytest.mark.parametrize(("check", "case"), BROKEN.values(), ids=BROKEN)
def test_a_broken_promise_is_caught(check: Check, case: ConnectorCase) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check(case)


def test_each_check_catches_something() -> None:
    missed = set(checks_for(case_of())) - {check for check, _case in BROKEN.values()}
    assert missed == {common.check_settings_have_a_schema}


def test_an_error_raised_by_send_is_not_hidden() -> None:
    with pytest.raises(ConnectionError):
        delivers.check_send_survives_a_refused_connection(case_of(Raising))


def test_a_cursor_that_no_database_stores_is_caught() -> None:
    with pytest.raises(UnicodeEncodeError):
        pulls.check_pulls_end_and_resume(case_of(Surrogate))


@pytest.mark.parametrize(
    "missing", [{"pushes": ()}, {"draft": None}, {"channel": None}, {"unreachable": {}}, {"source": None}]
)
def test_a_case_without_its_examples_checks_nothing_silently(missing: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="give the case its examples"):
        checks_for(replace(case_of(), **missing))
