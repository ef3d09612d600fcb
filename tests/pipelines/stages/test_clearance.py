from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pipelines.audience import Altered, Audience
from pipelines.plan import Attestation, Destination
from pipelines.stages.clearance import Allowed, Cleared, allowed, clear, depends
from tests.pipelines.make import GROUP, deal, field, notice

WORD = Attestation("K. Wong", date(2026, 11, 1), date(2026, 11, 30), frozenset({"finance", "hr"}))
ATTESTED = Destination("finance", "Asia/Hong_Kong", "en", WORD)
KIND = deal(field("stage"), field("amount", data_class="finance"), field("salary", data_class="hr"))


@pytest.mark.parametrize(
    ("today", "holds"),
    [
        (WORD.on - timedelta(days=1), False),
        (WORD.on, True),
        (date(2026, 11, 15), True),
        (WORD.until, True),
        (WORD.until + timedelta(days=1), False),
    ],
)
def test_a_persons_word_holds_from_its_first_day_to_its_last(today: date, holds: bool) -> None:
    assert allowed(ATTESTED, today).classes == ({"public", "finance", "hr"} if holds else {"public"})


def test_a_group_that_nobody_vouches_for_sees_what_is_public() -> None:
    assert allowed(GROUP, WORD.on) == Allowed(frozenset({"public"}))


def test_a_field_goes_only_where_its_class_may() -> None:
    facts = notice({"amount": "HKD 5", "stage": "won", "salary": "900"})
    assert clear(facts, KIND, frozenset({"public", "finance"})) == Cleared(
        {"amount": "HKD 5", "stage": "won"}, ("salary",)
    )
    assert clear(facts, KIND, frozenset({"public"})) == Cleared({"stage": "won"}, ("amount", "salary"))


def test_the_class_of_today_counts_and_what_is_mapped_no_longer_is_seen_by_nobody() -> None:
    facts = notice({"gone": "secret", "stage": "won"})
    everything = frozenset({"public", "finance", "hr"})
    assert clear(facts, KIND, everything) == Cleared({"stage": "won"}, ("gone",))
    assert clear(facts, deal(field("stage", data_class="board")), everything) == Cleared({}, ("gone", "stage"))


def test_an_empty_field_is_withheld_too_because_that_it_is_empty_says_something() -> None:
    assert clear(notice({"salary": None}), KIND, frozenset({"public"})) == Cleared({}, ("salary",))


def test_what_a_notice_does_not_hold_is_not_withheld() -> None:
    assert clear(notice({"stage": "won"}), KIND, frozenset({"public"})).withheld == ()


GIVEN = datetime(2026, 11, 1, 9, tzinfo=UTC)
LATER = GIVEN + timedelta(hours=1)
MID = date(2026, 11, 15)


def seen(**known: Any) -> Destination:
    return replace(ATTESTED, audience=Audience(**{"read": True, "attested_at": GIVEN, **known}))


def test_a_word_holds_for_the_group_that_it_was_given_for() -> None:
    assert allowed(seen(), MID).classes == {"public", "finance", "hr"}
    assert allowed(seen(altered_at=GIVEN - timedelta(hours=1)), MID).classes == {"public", "finance", "hr"}


@pytest.mark.parametrize("altered", list(Altered))
def test_another_group_than_then_gets_what_is_public_and_it_is_known_what_is_lost(altered: Altered) -> None:
    now = allowed(seen(altered_at=LATER, altered=altered), MID)
    assert now == Allowed(frozenset({"public"}), frozenset({"finance", "hr"}))


def test_a_word_whose_time_nobody_knows_does_not_outlive_a_change() -> None:
    assert allowed(seen(altered_at=GIVEN, attested_at=None), MID).classes == {"public"}
    assert allowed(seen(altered_at=GIVEN), MID).classes == {"public"}


def test_who_verifies_the_group_as_it_is_now_brings_back_what_they_vouch_for() -> None:
    again = replace(WORD, classes=frozenset({"finance"}), at=LATER + timedelta(hours=1))
    now = allowed(replace(seen(altered_at=LATER), verified=again), MID)
    assert now == Allowed(frozenset({"public", "finance"}), frozenset({"hr"}))


def test_while_somebody_from_outside_is_in_it_no_word_counts() -> None:
    again = replace(WORD, at=LATER + timedelta(hours=1))
    now = allowed(replace(seen(altered_at=LATER, outsiders=True), verified=again), MID)
    assert now == Allowed(frozenset({"public"}))


def test_only_what_a_word_lets_through_depends_on_who_reads() -> None:
    amount, stage = notice({"amount": "HKD 5"}), notice({"stage": "won"})
    assert depends(amount, KIND, ATTESTED, MID)
    assert not depends(stage, KIND, ATTESTED, MID)
    assert not depends(amount, KIND, GROUP, MID)
    assert not depends(amount, KIND, ATTESTED, WORD.until + timedelta(days=1))


def test_a_class_that_has_clearances_depends_on_who_reads_without_any_word() -> None:
    amount, stage = notice({"amount": "HKD 5"}), notice({"stage": "won"})
    assert depends(amount, KIND, GROUP, MID, frozenset({"finance"}))
    assert not depends(amount, KIND, GROUP, MID, frozenset({"hr"}))
    assert not depends(stage, KIND, GROUP, MID, frozenset({"finance", "hr"}))
