"""The generated companies themselves: large enough, varied, the same each time, and strangers to each other."""

from __future__ import annotations

from collections import Counter

from tests.companies.company import PUBLIC, Change, Channel, Company, Listing, Policy, Word
from tests.companies.generator import company

SECONDS = 10.0
COMPANIES = [company(7, number, SECONDS) for number in range(60)]


def test_a_company_is_as_large_as_was_asked_for() -> None:
    for one in COMPANIES:
        assert len(one.people) >= 20
        assert len(one.groups) >= 5
        assert len(one.roles) >= 4
        assert any(group.outsiders for group in one.groups.values())
        assert sum(move.change in {Change.JOIN, Change.LEAVE} for move in one.moves) >= 10
        assert all(0.0 <= move.at <= SECONDS + 1 for move in one.moves)


def test_a_number_makes_the_same_company_each_time() -> None:
    assert company(7, 3, SECONDS) == COMPANIES[3]
    assert company(8, 3, SECONDS) != COMPANIES[3]


def test_companies_have_nobody_and_nothing_in_common() -> None:
    for kind in (people, groups, departments, classes, numbers, values):
        met = Counter(each for one in COMPANIES for each in kind(one))
        assert set(met.values()) == {1}, kind


def test_every_form_of_the_language_is_there() -> None:
    entries = [entry for one in COMPANIES for entry in one.clearances.values()]
    assert all(any(getattr(entry, form) for entry in entries) for form in ("roles", "departments", "people"))
    assert any("/" in role for entry in entries for role in entry.roles)
    assert {group.listing for one in COMPANIES for group in one.groups.values()} == set(Listing)
    places = [place for one in COMPANIES for place in one.destinations.values()]
    assert {place.channel for place in places} == set(Channel)
    words = {place.attestation.word if place.attestation else None for place in places if place.group}
    assert words == {*Word, None}
    routes = [route for one in COMPANIES for route in one.routes.values()]
    assert {route.policy for route in routes} == set(Policy)
    assert any(len(route.to) == 2 for route in routes)
    assert any(route.owner for route in routes)
    assert {move.change for one in COMPANIES for move in one.moves} == set(Change)


def test_an_entry_clears_some_people_and_not_all() -> None:
    for one in COMPANIES:
        for class_ in one.clearances:
            cleared = [each for each in one.people.values() if one.cleared(each.id, class_, each.roles)]
            assert 0 < len(cleared) < len(one.people)


def test_a_department_counts_with_those_below_it() -> None:
    one = COMPANIES[0]
    names = {each.id: each.name for each in one.departments}
    above = {names[each] for each in one.above(next(id_ for id_, name in names.items() if name.endswith("Pier sales")))}
    assert above == {"c0000", "c0000 Sales", "c0000 Harbour sales", "c0000 Pier sales"}


def people(one: Company) -> list[str]:
    return list(one.people) + [guest for group in one.groups.values() for guest in group.outsiders]


def groups(one: Company) -> list[str]:
    return list(one.groups)


def departments(one: Company) -> list[object]:
    return [part for each in one.departments for part in (each.id, each.name)]


def classes(one: Company) -> list[object]:
    return [each for each in one.fields.values() if each != PUBLIC]


def numbers(one: Company) -> list[str]:
    return [fact.number for fact in one.facts]


def values(one: Company) -> list[str]:
    return [value for fact in one.facts for value in fact.values.values()]
