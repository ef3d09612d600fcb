"""The checks of what a channel does after the send catch what they are for: each client here breaks one promise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.contract import (
    Aside,
    Budget,
    Department,
    Leaver,
    Members,
    Person,
    Reached,
    Recalled,
    Refused,
    Retryable,
    Role,
    Showing,
    Unlisted,
    WhyUnlisted,
)
from tests.contract import audience, people, recalls, shows, tells
from tests.contract.case import NOW, ConnectorCase, Sent
from tests.contract.sound import SECRET, case_of
from tests.contract.suite import Check

KEY, HANDLE, USER = "key-1", "handle-1", "amy"


class Office:
    """A channel that keeps every promise, with the people of its application."""

    told_within = timedelta(days=1)
    recalled_within = timedelta(days=1)
    pressed_in = "group-1"
    company = "company-1"
    aside = Aside("note", "may_decide")
    place = "group-1"

    def told(self, handle: str) -> Mapping[str, Reached]:
        return {USER: Reached.READ} if handle == HANDLE else {}

    def recall(self, handles: Sequence[str]) -> Recalled:
        gone = tuple(each for each in handles if each == HANDLE)
        return Recalled(gone, {each: "It is not known." for each in handles if each not in gone})

    def show(self, key: str, showing: Showing) -> None:
        assert showing.standing
        if key != KEY:
            raise Refused("There is no such message.")

    def audience_budgets(self) -> Sequence[Budget]:
        return (Budget("members"),)

    def members(self) -> Members | Unlisted:
        return Members({USER: "Amy"}, {"union-1": "Outsider"}, NOW)

    @property
    def directory(self) -> Office:
        return self

    def everybody(self) -> Mapping[str, Person]:
        return {USER: Person(USER, "Amy", NOW, departments=("2",))}

    def person(self, user: str) -> Person | None:
        return self.everybody().get(user)

    def departments(self) -> Iterator[Department]:
        yield Department("1", "Company", "", NOW)
        yield Department("2", "Sales", "1", NOW)

    def roles(self) -> Iterator[Role]:
        yield Role("r", "Manager")

    def people_with(self, role: str) -> Iterator[str]:
        assert role == "r"
        yield USER

    def leavers(self, *_span: object) -> Iterator[Leaver]:
        yield from ()


def case(**broken: Any) -> ConnectorCase:
    """Return a case whose client has other methods and values than a sound one."""

    @contextmanager
    def office() -> Iterator[object]:
        yield type("Broken", (Office,), broken)()

    @contextmanager
    def sent() -> Iterator[Sent]:
        with office() as client:
            yield Sent(client, KEY, HANDLE, (USER,))

    return replace(case_of(), sent=sent, office=office)


def fails(error: Exception) -> Any:
    def fail(*_given: object) -> None:
        raise error

    return fail


EVERY = (*tells.CHECKS, *recalls.CHECKS, *shows.CHECKS, *audience.CHECKS, *people.CHECKS)
BROKEN: Sequence[tuple[Check, dict[str, Any]]] = (
    (tells.check_what_became_of_it_is_told_for_each_person, {"told": lambda *_: {}}),
    (tells.check_what_became_of_it_is_told_for_each_person, {"told": lambda *_: {USER: "read"}}),
    (tells.check_of_another_message_nothing_is_told, {"told": lambda *_: {USER: Reached.READ}}),
    (tells.check_it_is_said_how_long_it_may_be_asked, {"told_within": timedelta(0)}),
    (recalls.check_a_message_is_taken_back_once_and_again, {"recall": lambda *_: Recalled((), {HANDLE: "Gone."})}),
    (recalls.check_what_stays_is_named_with_the_reason, {"recall": lambda _, all_: Recalled(tuple(all_), {})}),
    (
        recalls.check_what_stays_is_named_with_the_reason,
        {"recall": lambda *_: Recalled((HANDLE,), {recalls.UNKNOWN: ""})},
    ),
    (recalls.check_it_is_said_how_long_it_can_be_taken_back, {"recalled_within": timedelta(0)}),
    (shows.check_the_same_may_be_shown_again, {"show": fails(Refused("It was shown before."))}),
    (shows.check_a_message_that_there_is_not_is_refused_for_good, {"show": fails(Retryable("Later."))}),
    (shows.check_a_message_that_there_is_not_is_refused_for_good, {"show": fails(Refused(f"No {SECRET}."))}),
    (shows.check_where_it_is_pressed_and_how_people_are_answered_is_named, {"aside": Aside("note", "note")}),
    (shows.check_where_it_is_pressed_and_how_people_are_answered_is_named, {"company": SECRET}),
    (audience.check_unknown_is_not_nobody, {"members": lambda _: Members({}, {}, NOW)}),
    (audience.check_unknown_is_not_nobody, {"members": lambda _: Unlisted(WhyUnlisted.GONE, NOW, "")}),
    (audience.check_unknown_is_not_nobody, {"members": lambda _: Members({USER: "Amy"}, {USER: "Amy"}, NOW)}),
    (audience.check_what_asking_uses_is_stable_and_tells_nothing, {"place": SECRET}),
    (people.check_everybody_is_known_by_their_id, {"everybody": lambda _: {"other": Person(USER, "Amy", NOW)}}),
    (people.check_everybody_is_known_by_their_id, {"person": lambda *_: None}),
    (people.check_who_is_not_there_is_nobody_and_no_error, {"person": lambda _, user: Person(user, "", NOW)}),
    (
        people.check_each_department_comes_after_its_parent,
        {"departments": lambda _: iter([Department("2", "Sales", "1", NOW), Department("1", "Company", "", NOW)])},
    ),
    (people.check_who_has_a_role_is_somebody, {"people_with": lambda *_: iter(["nobody"])}),
)


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.__name__)
def test_a_sound_channel_passes(check: Check) -> None:
    check(case())


@pytest.mark.parametrize(("check", "broken"), BROKEN)
def test_a_broken_promise_is_found(check: Check, broken: dict[str, Any]) -> None:
    with pytest.raises((AssertionError, Refused, Retryable)):
        check(case(**broken))


def test_each_check_catches_something() -> None:
    assert {check for check, _ in BROKEN} == set(EVERY)
