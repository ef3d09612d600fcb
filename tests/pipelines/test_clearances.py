"""Properties of who is cleared for what: nobody without a reason, and a group for what all of it is cleared for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from pipelines.audience import Audience
from pipelines.clearances import By, Clearance, Clearances, Ground, SourceRoles, Traits, cleared, grounds, lineage
from pipelines.plan import Attestation
from pipelines.stages.clearance import Allowed, allowed
from tests.pipelines.make import GROUP

NAMES = st.sampled_from(["a", "b", "c"])
CLASSES = st.sampled_from(["finance", "hr", "internal"])
SOME = st.lists(NAMES, max_size=2).map(tuple)
CLEARANCES = st.builds(
    Clearances,
    st.lists(st.builds(Clearance, CLASSES, st.just("office"), SOME, SOME, SOME), max_size=3).map(tuple),
    st.lists(
        st.builds(
            SourceRoles,
            NAMES,
            st.just("office"),
            st.just("User"),
            st.just("profile"),
            st.dictionaries(NAMES, st.lists(CLASSES, max_size=2).map(tuple)),
        ),
        max_size=2,
    ).map(tuple),
)
TRAITS = st.builds(Traits, NAMES, st.frozensets(NAMES), st.frozensets(NAMES), st.frozensets(st.tuples(NAMES, NAMES)))
SETS = st.frozensets(CLASSES)
WORD = Attestation("K. Wong", date(2026, 1, 1), date(2026, 12, 31), frozenset({"finance", "hr", "internal"}))
DAY = date(2026, 6, 1)


@given(TRAITS, CLEARANCES)
def test_everybody_who_is_cleared_has_a_reason_and_only_for_ruled_classes(traits: Traits, of: Clearances) -> None:
    found = cleared(traits, of)
    assert found <= of.ruled
    assert found == {ground.data_class for ground in grounds(traits, of)}


@given(TRAITS, TRAITS, CLEARANCES)
def test_who_has_more_is_cleared_for_no_less(one: Traits, more: Traits, of: Clearances) -> None:
    both = Traits(
        one.user,
        one.roles | more.roles,
        one.departments | more.departments,
        one.source_roles | more.source_roles,
    )
    assert cleared(one, of) <= cleared(both, of)


@given(CLEARANCES)
def test_a_stranger_of_whom_nothing_is_known_is_cleared_for_nothing(of: Clearances) -> None:
    assert cleared(Traits("stranger"), of) == frozenset()


def test_each_reason_is_named_as_the_configuration_writes_it() -> None:
    of = Clearances(
        (Clearance("finance", "office", ("Accounting/Controller",), ("Head office",), ("amy",)),),
        (SourceRoles("crm", "office", "User", "profile", {"CFO": ("finance", "unruled")}),),
    )
    amy = Traits(
        "amy",
        frozenset({"Controller", "Accounting/Controller"}),
        frozenset({"Head office"}),
        frozenset({("crm", "CFO")}),
    )
    assert list(grounds(amy, of)) == [
        Ground("finance", By.ROLE, "Accounting/Controller"),
        Ground("finance", By.DEPARTMENT, "Head office"),
        Ground("finance", By.PERSON, "amy"),
        Ground("finance", By.SOURCE_ROLE, "crm: CFO"),
    ]
    assert list(grounds(amy, of.within("another"))) == []


@given(st.dictionaries(NAMES, NAMES), st.lists(NAMES))
def test_the_way_up_holds_its_beginning_and_ends_even_in_a_circle(parents: dict[str, str], begin: list[str]) -> None:
    found = lineage(begin, parents)
    assert set(begin) <= found
    assert all(parents.get(each, each) in found for each in found)


@given(st.dictionaries(NAMES, SETS), SETS, st.booleans(), st.booleans())
def test_a_group_sees_a_ruled_class_only_if_each_of_it_does(
    members: dict[str, frozenset[str]], ruled: frozenset[str], outsiders: bool, word: bool
) -> None:
    audience = Audience(read=True, outsiders=outsiders, cleared=members, ruled=ruled)
    group = replace(GROUP, audience=audience, attestation=WORD if word else None)
    found = allowed(group, DAY)
    everybodys = {each for each in ruled if all(each in classes for classes in members.values())}
    assert found.classes & ruled == (everybodys if members and not outsiders else frozenset())
    assert found.classes - ruled == ({"public"} | (WORD.classes - ruled if word and not outsiders else set()))
    assert found.lost.isdisjoint(ruled)


@given(st.dictionaries(NAMES, SETS, min_size=1), SETS, st.dictionaries(NAMES, SETS))
def test_who_joins_lets_a_group_see_no_more(
    members: dict[str, frozenset[str]], ruled: frozenset[str], others: dict[str, frozenset[str]]
) -> None:
    before = replace(GROUP, audience=Audience(read=True, cleared=members, ruled=ruled))
    after = replace(GROUP, audience=Audience(read=True, cleared={**others, **members}, ruled=ruled))
    assert allowed(after, DAY).classes <= allowed(before, DAY).classes


def test_where_nobody_can_list_the_readers_a_word_decides_of_every_class() -> None:
    unlisted = Audience(read=True, cleared=None, ruled=frozenset({"finance"}))
    assert allowed(replace(GROUP, audience=unlisted), DAY) == Allowed(frozenset({"public"}))
    vouched = replace(GROUP, audience=replace(unlisted, attested_at=None), attestation=WORD)
    assert allowed(vouched, DAY).classes == {"public", *WORD.classes}
