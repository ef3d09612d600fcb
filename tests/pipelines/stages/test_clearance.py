from __future__ import annotations

from datetime import date, timedelta

import pytest

from pipelines.plan import Attestation, Destination
from pipelines.stages.clearance import Cleared, classes_of, clear
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
    assert classes_of(ATTESTED, today) == ({"public", "finance", "hr"} if holds else {"public"})


def test_a_group_that_nobody_vouches_for_sees_what_is_public() -> None:
    assert classes_of(GROUP, WORD.on) == {"public"}


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
