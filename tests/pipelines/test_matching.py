from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.contract import Person
from pipelines.matching import Bond, Company, Key, Keys, Matched, MatchState, SourceUser, match, own_ids

NOW = datetime(2026, 11, 2, tzinfo=UTC)
AMY = Person("amy", "Amy Wong", NOW, "u-1", "98765432", "852", "Amy@example.com", None, "E1")
BEN = Person("ben", "Ben Lau", NOW, "u-2", "91110000", "852", "ben@example.com", None, "E2")
STAFF = (AMY, BEN)


def company(*people: Person, gone: tuple[Person, ...] = ()) -> Company:
    return Company({each.id: each for each in people}, {each.id: each for each in gone})


def user(id_: str = "s1", **keys: str) -> SourceUser:
    return SourceUser(id_, {Key(name): value for name, value in keys.items()})


def matched(of: SourceUser, among: Company, before: Bond | None = None) -> Matched:
    (found,) = match([of], among, {of.id: before} if before else {}, single=True)
    return found


def bond(person: str, **keys: str) -> Bond:
    return Bond(person, frozenset((Key(name), value) for name, value in keys.items()))


@pytest.mark.parametrize(
    "keys",
    [
        {"email": " AMY@example.com "},
        {"mobile": "9876 5432"},
        {"mobile": "+852-98765432"},
        {"mobile": "0085298765432"},
        {"mobile": "852 98765432"},
        {"number": "E1"},
        {"union": "u-1"},
        {"user": "amy"},
        {"email": "amy@example.com", "mobile": "98765432"},
        {"email": "amy@example.com", "number": "unknown"},
    ],
)
def test_a_key_finds_its_person_however_it_is_written(keys: dict[str, str]) -> None:
    found = matched(user(**keys), company(*STAFF))
    assert (found.state, found.bond.user) == (MatchState.MATCHED, "amy")


@pytest.mark.parametrize("keys", [{"email": "eve@example.com"}, {"email": ""}, {"mobile": "+"}, {}])
def test_a_key_that_nobody_has_finds_nobody(keys: dict[str, str]) -> None:
    assert matched(user(**keys), company(*STAFF, Person("x", "Nobody", NOW))).state is MatchState.NOBODY


def test_two_people_of_one_name_are_told_apart_by_their_keys_alone() -> None:
    namesake = replace(BEN, name=AMY.name)
    among = company(AMY, namesake)
    assert matched(user(email="ben@example.com"), among).bond.user == "ben"
    assert matched(user(email="other@example.com"), among).state is MatchState.NOBODY


def test_a_shared_mobile_is_nobodys_unless_another_key_decides() -> None:
    among = company(AMY, replace(BEN, mobile=AMY.mobile))
    assert matched(user(mobile="98765432"), among).state is MatchState.AMBIGUOUS
    assert matched(user(mobile="98765432", email="ben@example.com"), among).bond.user == "ben"


def test_one_number_in_two_countries_is_told_apart_where_the_country_is_written() -> None:
    among = company(AMY, replace(BEN, mobile=AMY.mobile, country="65"))
    assert matched(user(mobile="98765432"), among).state is MatchState.AMBIGUOUS
    assert matched(user(mobile="+65 9876 5432"), among).bond.user == "ben"


def test_keys_of_different_people_are_nobodys() -> None:
    found = matched(user(email="amy@example.com", number="E2"), company(*STAFF))
    assert (found.state, found.bond.user) == (MatchState.AMBIGUOUS, "")
    assert "email" in found.detail
    assert "amy@example.com" not in found.detail


def test_two_users_with_the_keys_of_one_person_are_neither() -> None:
    users = [user("s1", email="amy@example.com"), user("s2", mobile="98765432"), user("s3", number="E2")]
    found = {one.source_user: one.state for one in match(users, company(*STAFF), {}, single=True)}
    assert found == {"s1": MatchState.AMBIGUOUS, "s2": MatchState.AMBIGUOUS, "s3": MatchState.MATCHED}


def test_an_email_that_was_changed_at_the_source_matches_anew() -> None:
    found = matched(user(email="ben@example.com"), company(*STAFF), bond("amy", email="amy@example.com"))
    assert (found.state, found.bond) == (MatchState.MATCHED, bond("ben", email="ben@example.com"))


def test_an_email_that_was_changed_in_the_channel_is_nobodys_and_the_bond_is_remembered() -> None:
    among = company(replace(AMY, email="amy.wong@example.com"))
    known = bond("amy", email="amy@example.com")
    found = matched(user(email="amy@example.com"), among, known)
    assert (found.state, found.bond) == (MatchState.NOBODY, known)


def test_a_key_that_went_from_one_colleague_to_another_proves_nothing_by_itself() -> None:
    among = company(replace(AMY, mobile="90000000"), replace(BEN, mobile=AMY.mobile))
    known = bond("amy", mobile="98765432")
    assert matched(user(mobile="98765432"), among, known).state is MatchState.AMBIGUOUS


LEFT: Mapping[str, Any] = {"known": bond("amy", mobile="98765432"), "heir": replace(BEN, mobile=AMY.mobile)}


def test_a_leavers_number_does_not_make_their_heir_the_user() -> None:
    among = company(LEFT["heir"], gone=(AMY,))
    found = matched(user(mobile="98765432"), among, LEFT["known"])
    assert (found.state, found.bond) == (MatchState.LEFT, LEFT["known"])
    # nor later, when what was found now is what is known
    assert matched(user(mobile="98765432"), among, found.bond).state is MatchState.LEFT


def test_a_further_key_makes_the_heir_the_user() -> None:
    among = company(LEFT["heir"], gone=(AMY,))
    found = matched(user(mobile="98765432", email="ben@example.com"), among, LEFT["known"])
    assert (found.state, found.bond.user) == (MatchState.MATCHED, "ben")


def test_who_inherits_every_key_is_still_another_person() -> None:
    heir = replace(LEFT["heir"], email=AMY.email)
    known = bond("amy", mobile="98765432", email="amy@example.com")
    found = matched(user(mobile="98765432", email="amy@example.com"), company(heir, gone=(AMY,)), known)
    assert found.state is MatchState.LEFT


def test_a_number_that_a_leaver_had_proves_nothing_even_at_the_first_look() -> None:
    among = company(LEFT["heir"], gone=(AMY,))
    assert matched(user(mobile="98765432"), among).state is MatchState.LEFT
    assert matched(user(mobile="98765432", email="ben@example.com"), among).bond.user == "ben"


def test_who_left_and_left_no_key_behind_has_left() -> None:
    assert matched(user(mobile="98765432"), company(BEN), LEFT["known"]).state is MatchState.LEFT


def test_who_comes_back_under_the_same_id_is_matched_again() -> None:
    found = matched(user(mobile="98765432"), company(*STAFF), LEFT["known"])
    assert (found.state, found.bond.user) == (MatchState.MATCHED, "amy")


def test_ids_that_are_keys_themselves_are_users_of_whoever_has_them() -> None:
    keys = Keys("company", by=Key.EMAIL)
    two = replace(AMY, work_email="a.wong@example.com")
    users = list(own_ids(keys, company(two, BEN), ["gone@example.com"]))
    known = {"gone@example.com": bond("eve", email="gone@example.com")}
    found = {
        one.source_user: (one.state, one.bond.user) for one in match(users, company(two, BEN), known, single=False)
    }
    assert found == {
        "amy@example.com": (MatchState.MATCHED, "amy"),
        "a.wong@example.com": (MatchState.MATCHED, "amy"),
        "ben@example.com": (MatchState.MATCHED, "ben"),
        "gone@example.com": (MatchState.LEFT, "eve"),
    }
