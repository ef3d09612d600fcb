"""What a source lets readers see of a record clears them for its classes, one record and one route at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Value
from pipelines.audience import MOST_ASKED, Audience, Sight
from pipelines.outgoing import asked, seen_of
from pipelines.plan import Destination, FieldType, Policy
from pipelines.stages.by_source import Sought, of_record, shown, sought
from pipelines.stages.clearance import allowed
from tests.pipelines.make import GROUP, deal, field, notice, plan, route

FINANCE, HR = frozenset({"finance"}), frozenset({"hr"})
DAY = date(2026, 11, 2)
KIND = deal(
    field("stage"),
    field("amount", FieldType.MONEY, data_class="finance", currency_path="currency"),
    field("cost", FieldType.NUMBER, data_class="finance"),
    field("lines", FieldType.TABLE, data_class="hr", columns=(field("item"), field("weight", unit_path="unit"))),
)
NAMES = ("stage", "amount", "cost", "lines")
ALL = route(fields=NAMES)
FACT = notice({"stage": "won", "amount": "HKD 5"})
EVERYTHING = frozenset({"amount", "currency", "cost", "lines", "lines.item", "lines.weight", "lines.unit"})
USERS = st.sampled_from([f"u{number}" for number in range(4)])
PATHS = st.frozensets(st.sampled_from(sorted(EVERYTHING)))


def read_by(cleared: dict[str, frozenset[str]] | None, sight: Sight | None = None, **more: object) -> Destination:
    """Return a group of these members, of whom the source says this about the one record."""
    given = {"read": True, "ruled": FINANCE | HR, "by_source": FINANCE | HR, **more}
    sees = {} if sight is None else {FACT.subject: sight}
    return replace(GROUP, audience=Audience(cleared=cleared, sees=sees, **given))  # type: ignore[arg-type]  # its own


def may(destination: Destination, fields: tuple[str, ...] = NAMES, **told: Value) -> frozenset[str]:
    """Return the classes beside `public` that a record may be told with."""
    fact = notice({"stage": "won", **told}) if told else FACT
    return allowed(of_record(destination, fact, route(fields=fields), KIND), DAY).classes - {"public"}


@pytest.mark.parametrize(
    ("fields", "lacks", "classes"),
    [
        (NAMES, "", FINANCE),
        (NAMES, "amount", frozenset()),
        (NAMES, "currency", frozenset()),
        (NAMES, "cost", frozenset()),
        (("stage", "amount"), "cost", FINANCE),
        (NAMES, "lines", FINANCE),
    ],
)
def test_every_field_of_the_class_that_the_route_shows_must_be_seen(
    fields: tuple[str, ...], lacks: str, classes: frozenset[str]
) -> None:
    assert may(read_by({"amy": frozenset()}, {"amy": EVERYTHING - {lacks}}), fields) == classes


@pytest.mark.parametrize("lacks", ["", "lines", "lines.item", "lines.weight", "lines.unit"])
def test_a_table_is_seen_with_all_its_columns(lacks: str) -> None:
    group = read_by({"amy": frozenset()}, {"amy": EVERYTHING - {lacks}})
    assert may(group, lines=()) == (frozenset() if lacks else HR)


def test_another_record_clears_nobody() -> None:
    group = read_by({"amy": frozenset()}, {"amy": EVERYTHING})
    other = of_record(group, replace(FACT, record_id="2"), ALL, KIND)
    assert allowed(other, DAY).classes == {"public"}


@given(
    st.dictionaries(USERS, st.frozensets(st.sampled_from(["finance", "hr"])), min_size=1),
    st.dictionaries(USERS, PATHS),
    st.booleans(),
)
def test_a_class_goes_out_only_if_each_reader_has_it_by_themselves_or_by_the_source(
    cleared: dict[str, frozenset[str]], sight: dict[str, frozenset[str]], outsiders: bool
) -> None:
    needed = {"amount", "currency", "cost"}
    everybody = all("finance" in classes or needed <= sight.get(user, frozenset()) for user, classes in cleared.items())
    found = may(read_by(cleared, sight, outsiders=outsiders))
    assert ("finance" in found) is (everybody and not outsiders)
    assert ("hr" in found) is (not outsiders and all("hr" in classes for classes in cleared.values()))


def test_it_is_asked_about_those_who_are_not_cleared_otherwise() -> None:
    group = read_by({"amy": FINANCE, "ben": HR, "cho": frozenset()})
    assert sought(group, FACT, ALL, KIND) == Sought(1, frozenset({"ben", "cho"}))
    assert sought(group, FACT, replace(ALL, policy=Policy.SPLIT), KIND) == Sought(
        1, frozenset({"ben", "cho"}), apart=True
    )


@pytest.mark.parametrize(
    ("group", "fact"),
    [
        (GROUP, FACT),
        (read_by(None), FACT),
        (read_by({}), FACT),
        (read_by({"amy": frozenset()}, outsiders=True), FACT),
        (read_by({"amy": frozenset()}, by_source=frozenset()), FACT),
        (read_by({"amy": FINANCE}), FACT),
        (read_by({"amy": frozenset()}), notice({"stage": "won"})),
        (read_by({str(number): frozenset() for number in range(MOST_ASKED + 1)}), FACT),
    ],
)
def test_else_nobody_is_asked_about(group: Destination, fact: object) -> None:
    assert sought(group, fact, ALL, KIND) is None  # type: ignore[arg-type]  # a notice
    assert sought(group, fact, replace(ALL, policy=Policy.POINTER), KIND) is None  # type: ignore[arg-type]  # a notice


def test_an_answer_counts_no_more_when_the_group_has_grown() -> None:
    few = {str(number): frozenset[str]() for number in range(MOST_ASKED)}
    assert may(read_by(few, dict.fromkeys(few, EVERYTHING))) == FINANCE
    many = {**few, "one more": frozenset[str]()}
    assert may(read_by(many, dict.fromkeys(many, EVERYTHING))) == frozenset()


def test_a_record_is_asked_for_once_as_it_is_since_its_newest_arrival() -> None:
    of = plan(KIND, ALL, route("split", fields=NAMES, policy=Policy.SPLIT, details="staff"))
    facts = (replace(FACT, seq=7), replace(FACT, seq=9, route="split"), replace(FACT, seq=8, route="gone"))
    found = asked(of, read_by({"amy": frozenset()}), facts)
    assert found == {FACT.subject: Sought(9, frozenset({"amy"}), apart=True)}


def test_what_a_message_shows_is_what_it_does_not_withhold() -> None:
    assert shown(FACT, KIND, ()) == FINANCE
    assert shown(FACT, KIND, {"amount"}) == frozenset()
    of = plan(KIND, ALL)
    told = seen_of(of, read_by({"amy": frozenset()}, {"amy": EVERYTHING}), FACT, ())
    assert told is not None
    assert (allowed(told[0], DAY).classes, told[1]) == ({"public", "finance"}, FINANCE)
    assert seen_of(of, GROUP, replace(FACT, route="gone"), ()) is None
