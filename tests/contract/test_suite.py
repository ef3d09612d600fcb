"""The checks catch what they are for: each connector here breaks one promise."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ConfigDict, Field

from connectors.contract import (
    Acted,
    Action,
    Answer,
    Budget,
    Capability,
    Delivery,
    Draft,
    Effect,
    Guarantee,
    Hint,
    Page,
    RawRequest,
    Received,
    Receives,
    Record,
    Refusal,
    Reply,
    Services,
    Subscription,
    Throttled,
    Window,
)
from tests.contract import acts, authorises, closed, common, delivers, pulls, reads, receives, subscribes
from tests.contract.case import NOW
from tests.contract.sound import SECRET, Client, Delivering, Sound, case_of, record
from tests.contract.suite import Brings, Check, ConnectorCase, Push, checks_for


@pytest.mark.parametrize("check", checks_for(case_of()), ids=lambda check: check.__name__)
def test_a_sound_connector_passes(check: Check) -> None:
    check(case_of())


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

    def budgets(self) -> Sequence[Budget]:
        return (Budget(self.key, (Window(20, 60.0),)),)

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


def tokened(**changed: Any) -> ConnectorCase:
    """A case whose push is proven by a token in its query, with a client that takes everything."""
    case = case_of(Believing)
    request = replace(case.pushes[0].request, headers={}, query=f"key={SECRET}")
    push = Push(request, token=SECRET, brings=Brings.HINTS)
    return replace(case, pushes=(replace(push, **changed),))


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


class Forgetting(Client):
    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record]:
        return [record(kind=kind, id=each, deleted=True) for each in ids or ["1"]]


class Empty(Client):
    def receive(self, request: RawRequest) -> Received:
        return replace(super().receive(request), records=())


class Announcing(Client):
    hint: Hint

    def receive(self, request: RawRequest) -> Received:
        return replace(super().receive(request), records=(), hints=(self.hint,))


def announcing(hint: Hint) -> type[Client]:
    return type("Announces", (Announcing,), {"hint": hint})


def told(hint: Hint, **changed: Any) -> ConnectorCase:
    """A case whose push brings this hint."""
    case = case_of(announcing(hint), **changed)
    return replace(case, pushes=(replace(case.pushes[0], brings=Brings.HINTS),))


class Ghostly(Client):
    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record]:
        return [each for each in super().read(kind, ids) if isinstance(each, Record) and not each.deleted]


class Subscribed(Client):
    made: Subscription

    def subscribe(self, address: str, state: str | None) -> Subscription:
        super().subscribe(address, state)
        return self.made


def subscribed(**changed: Any) -> type[Client]:
    made = replace(Subscription("1", NOW + timedelta(hours=1)), **changed)
    return type("Subscribes", (Subscribed,), {"made": made})


class Doubling(Client):
    def subscribe(self, address: str, state: str | None) -> Subscription:
        self.calls += 1
        self.channels[state or str(self.calls)] = address
        return Subscription(state or str(self.calls), NOW + timedelta(hours=1))


class Pretending(Client):
    def subscribe(self, _address: str, _state: str | None) -> Subscription:
        return Subscription("1", NOW + timedelta(hours=1))


class Trustful(Client):
    """Takes the subscription that it was told of for one that stands."""

    def subscribe(self, address: str, state: str | None) -> Subscription:
        return Subscription(state, NOW + timedelta(hours=1)) if state else super().subscribe(address, state)


class Resending(Client):
    """Sends a refused request once more as it was."""

    def prove(self) -> str:
        return "0"


class Divided(Client):
    """Keeps a count of its own for each way."""

    def blocked(self, way: str) -> None:
        raise Throttled("Too many at once.", after=timedelta(seconds=5), scope=way)


class Stumbling(Client):
    """Leaves out what it may not see."""

    def pull(self, kind: str, cursor: str | None) -> Page:
        return replace(super().pull(kind, cursor), unread=())


class Writing(Client):
    """Writes again whatever was done before."""

    def act(self, action: Action) -> Acted:
        self.write(action)
        return Acted(Effect.DONE, self.state(action))


class Blind(Client):
    """Writes whatever the person saw."""

    def act(self, action: Action) -> Acted:
        return super().act(replace(action, version=self.version))


class Trusting(Client):
    def may(self, _actor: str, _action: Action) -> Answer:
        return Answer(True)


class Silent(Client):
    def may(self, actor: str, _action: Action) -> Answer:
        return Answer(actor == "ann")


class Unread(Client):
    def act(self, action: Action) -> Acted:
        return replace(super().act(action), record=None)


class Stale(Client):
    def state(self, action: Action) -> Record:
        return record(kind=action.kind, id=action.id)


class Telling(Client):
    def act(self, action: Action) -> Acted:
        return replace(super().act(action), reason=f"The key {SECRET} was used.")


class Probing(Client):
    """Finds out whether somebody may by doing it."""

    def may(self, actor: str, action: Action) -> Answer:
        self.writes += 1
        return super().may(actor, action)


class Seeing(Client):
    def sees(self, _actor: str, _kind: str, ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        return {each: frozenset() for each in ids or ["1"]}


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
    "key in a budget": (delivers.check_budgets_are_stable_and_tell_nothing, case_of(Naming)),
    "key in a message": (delivers.check_frozen_bytes_hold_no_secret, case_of(Naming)),
    "float": (receives.check_genuine_pushes_become_records_or_hints, case_of(giving(fields={"total": 1.5}))),
    "float in a row": (
        receives.check_genuine_pushes_become_records_or_hints,
        case_of(giving(fields={"rows": ({"q": 1.5},)})),
    ),
    "naive stamp": (receives.check_genuine_pushes_become_records_or_hints, case_of(giving(stamp=NAIVE))),
    "naive field": (receives.check_genuine_pushes_become_records_or_hints, case_of(giving(fields={"at": NAIVE}))),
    "no id": (receives.check_genuine_pushes_become_records_or_hints, case_of(giving(id=""))),
    "nothing at all": (receives.check_genuine_pushes_become_records_or_hints, case_of(Empty)),
    "hint without an id": (
        receives.check_genuine_pushes_become_records_or_hints,
        told(Hint("order", "")),
    ),
    "naive hint": (
        receives.check_genuine_pushes_become_records_or_hints,
        told(Hint("order", "1", NAIVE)),
    ),
    "hint that nobody reads": (
        receives.check_what_is_only_announced_can_be_read,
        told(Hint("order", "1"), fulfils=frozenset({Receives})),
    ),
    "state that nobody signed": (
        receives.check_what_is_not_signed_is_only_announced,
        replace(case_of(), pushes=(replace(case_of().pushes[0], signed_by=(), token=SECRET),)),
    ),
    "hints instead of records": (
        receives.check_genuine_pushes_become_records_or_hints,
        case_of(announcing(Hint("order", "1"))),
    ),
    "key in a hint": (
        receives.check_what_a_push_became_shows_no_secret,
        told(Hint("order", SECRET)),
    ),
    "not pure": (receives.check_receive_is_pure, case_of(Counting)),
    "takes unsigned": (receives.check_unsigned_copies_are_refused, case_of(Believing)),
    "takes flipped": (receives.check_flipped_bits_are_refused, case_of(Believing)),
    "takes wrong": (receives.check_wrong_signatures_are_refused, case_of(Believing)),
    "takes old": (receives.check_old_pushes_are_refused, case_of(Believing)),
    "takes without a token": (receives.check_unsigned_copies_are_refused, tokened()),
    "takes a flipped token": (receives.check_flipped_bits_are_refused, tokened()),
    "takes another token": (receives.check_wrong_signatures_are_refused, tokened()),
    "says nothing of its proof": (receives.check_unsigned_copies_are_refused, tokened(token="")),
    "takes large": (receives.check_large_bodies_are_refused, case_of(Believing)),
    "acknowledges overload": (receives.check_refusals_of_the_relay_have_replies, case_of(Acknowledging)),
    "drops a fact": (delivers.check_pack_carries_every_fact_in_order, case_of(Dropping)),
    "mixes facts": (delivers.check_pack_carries_every_fact_in_order, case_of(Mixing)),
    "freezes differently": (delivers.check_freeze_is_deterministic, case_of(Counting)),
    "no key in the bytes": (delivers.check_freeze_is_deterministic, case_of(Keyless)),
    "claims a delivery": (delivers.check_send_survives_a_refused_connection, case_of(Delivering)),
    "does not deliver": (delivers.check_packed_messages_arrive, replace(case_of(), channel=case_of().source)),
    "forgets": (reads.check_what_was_pulled_can_be_read, case_of(Forgetting)),
    "shows nothing of what is gone": (reads.check_what_is_gone_is_read_as_deleted, case_of(Ghostly)),
    "reads what nobody asked for": (reads.check_reading_nothing_finds_nothing, case_of(Forgetting)),
    "subscribes nowhere": (subscribes.check_a_subscription_is_made_and_lasts, case_of(Pretending)),
    "renews at once": (subscribes.check_a_subscription_is_made_and_lasts, case_of(subscribed(renew_at=NOW))),
    "naive renewal": (subscribes.check_a_subscription_is_made_and_lasts, case_of(subscribed(renew_at=NAIVE))),
    "naive silence": (subscribes.check_a_subscription_is_made_and_lasts, case_of(subscribed(silent_since=NAIVE))),
    "silent tomorrow": (
        subscribes.check_a_subscription_is_made_and_lasts,
        case_of(subscribed(silent_since=NOW + timedelta(days=1))),
    ),
    "subscribes twice": (subscribes.check_subscribing_again_makes_no_second, case_of(Doubling)),
    "believes it is there": (
        subscribes.check_one_that_is_gone_is_made_again_and_its_silence_told,
        case_of(Trustful),
    ),
    "signs once": (closed.check_a_request_is_proven_anew_when_it_is_tried_again, case_of(Resending)),
    "counts apart": (closed.check_a_block_is_the_same_by_whatever_way_it_is_told, case_of(Divided)),
    "leaves out": (closed.check_a_locked_record_is_set_aside_and_the_others_come, case_of(Stumbling)),
    "does not read back": (acts.check_an_action_is_done_and_read_back, case_of(Unread)),
    "reads back too early": (acts.check_an_action_is_done_and_read_back, case_of(Stale)),
    "writes twice": (acts.check_the_same_key_writes_once, case_of(Writing)),
    "writes over a change": (acts.check_a_record_that_moved_is_left_alone, case_of(Blind)),
    "lets anybody act": (acts.check_who_may_not_is_denied, case_of(Trusting)),
    "denies without a word": (acts.check_who_may_not_is_denied, case_of(Silent)),
    "key in a reason": (acts.check_what_became_of_an_action_shows_no_secret, case_of(Telling)),
    "may do everything": (authorises.check_who_may_is_told_so_and_who_may_not_why, case_of(Trusting)),
    "says no without a word": (authorises.check_who_may_is_told_so_and_who_may_not_why, case_of(Silent)),
    "sees no field": (authorises.check_what_somebody_sees_is_named, case_of(Seeing)),
    "tries it out": (authorises.check_asking_writes_nothing, case_of(Probing)),
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
    "missing",
    [
        {"pushes": ()},
        {"draft": None},
        {"channel": None},
        {"unreachable": {}},
        {"source": None},
        {"subscriber": None},
        {"acting": None},
    ],
)
def test_a_case_without_its_examples_checks_nothing_silently(missing: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="give the case its examples"):
        checks_for(replace(case_of(), **missing))
