"""The oracle itself: what hand-made runs of one small company come to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.companies.company import Attestation, Channel, Company, Policy, Word
from tests.companies.example import (
    AMOUNT,
    BEGAN,
    CLERK,
    DIRECTOR,
    MEMO,
    NOTE,
    RUN,
    TRADER,
    company,
    log,
    shown,
    telling,
)
from tests.companies.findings import Verdict, Wrong
from tests.companies.lateness import neglected
from tests.companies.log import Log, Looked, Moved, Reported, Roles
from tests.companies.oracle import judged

NOTES = Attestation(Word.VALID, ("note",))


def wrongs(firm: Company, run: Log) -> set[tuple[Wrong, str]]:
    return {(each.wrong, each.reader) for each in judged(firm, run, RUN).findings}


def moved(run: Log, *moves: Moved) -> Log:
    return replace(run, moved=moves)


def joins(person: str, at: float, *, outsider: bool = False) -> Moved:
    return Moved(BEGAN + at, "cid-1", person, inside=True, outsider=outsider)


def leaves(person: str, at: float) -> Moved:
    return Moved(BEGAN + at, "cid-1", person, inside=False)


def test_a_group_of_cleared_people_reads_the_value() -> None:
    verdict = judged(company(), log(shown(10.2, MEMO, AMOUNT)), RUN)
    assert (verdict.findings, verdict.late) == ((), ())
    assert (verdict.judged, verdict.owed) == (4, 3)


def test_a_value_that_is_withheld_though_all_are_cleared_is_found() -> None:
    assert wrongs(company(), log(shown(10.2, MEMO))) == {(Wrong.NOT_SHOWN, "")}


def test_a_fact_that_is_not_told_at_all_is_found() -> None:
    assert wrongs(company(), log()) == {(Wrong.NOT_TOLD, ""), (Wrong.NOT_SHOWN, "")}


def test_a_reader_without_a_clearance_is_found() -> None:
    run = moved(log(shown(10.2, MEMO, AMOUNT)), joins("dee", 2.0))
    assert wrongs(company(), run) == {(Wrong.NOT_CLEARED, "dee")}
    assert wrongs(company(), moved(log(shown(10.2, MEMO)), joins("dee", 2.0))) == set()


def test_who_has_left_reads_nothing() -> None:
    run = moved(log(shown(10.2, MEMO, AMOUNT)), joins("dee", 2.0), leaves("dee", 9.0))
    assert wrongs(company(), run) == set()


def test_nobody_asked_for_the_members_in_time() -> None:
    assert wrongs(company(), log(shown(10.2, MEMO, AMOUNT), listed=())) == {(Wrong.NOT_READ, "")}
    assert wrongs(company(), log(shown(14.0, MEMO, AMOUNT))) == {(Wrong.NOT_READ, "")}
    assert wrongs(company(), log(shown(13.2, MEMO, AMOUNT))) == set()


def test_who_joined_after_the_members_were_asked_for_is_late() -> None:
    run = moved(log(shown(10.2, MEMO, AMOUNT)), joins("dee", 10.1))
    verdict = judged(company(), run, RUN)
    assert verdict.findings == ()
    assert [(each.stay.person, each.stay.begin, each.withdrawable) for each in verdict.late] == [
        ("dee", BEGAN + 10.1, True)
    ]


def test_who_joined_before_a_newer_answer_is_not_late() -> None:
    run = moved(log(shown(12.5, MEMO, AMOUNT), listed=(10.0, 10.9)), joins("dee", 10.5))
    assert wrongs(company(), run) == {(Wrong.NOT_CLEARED, "dee")}


def test_who_joined_and_is_cleared_is_nobodys_trouble() -> None:
    firm = company()
    cleared = replace(firm, groups={"cid-1": replace(firm.groups["cid-1"], members=("ann", "bob"))})
    verdict = judged(cleared, moved(log(shown(10.2, MEMO, AMOUNT)), joins("cai", 10.1)), RUN)
    assert (verdict.findings, verdict.late) == ((), ())


def neglect(verdict: Verdict, run: Log) -> list[Wrong]:
    return [each.wrong for each in neglected(verdict.late, run, RUN)]


def test_a_late_joiner_is_reported_and_the_message_taken_back() -> None:
    seen = shown(10.2, MEMO, AMOUNT)
    bare = moved(log(seen), joins("dee", 10.1))
    assert neglect(judged(company(), bare, RUN), bare) == [Wrong.NOT_REPORTED, Wrong.NOT_WITHDRAWN]
    taken = replace(bare, shown=(replace(seen, withdrawn=BEGAN + 12),), reports=(Reported(BEGAN + 12, "room", "dee"),))
    assert neglect(judged(company(), taken, RUN), taken) == []
    tardy = replace(bare, shown=(replace(seen, withdrawn=BEGAN + 15),), reports=(Reported(BEGAN + 17, "room", "dee"),))
    assert neglect(judged(company(), tardy, RUN), tardy) == [Wrong.NOT_REPORTED, Wrong.NOT_WITHDRAWN]


def test_a_late_joiner_who_leaves_again_is_reported_as_well() -> None:
    run = moved(log(shown(10.2, MEMO, AMOUNT)), joins("dee", 10.1), leaves("dee", 11.0))
    assert neglect(judged(company(), run, RUN), run) == [Wrong.NOT_REPORTED, Wrong.NOT_WITHDRAWN]


def test_a_message_is_taken_back_for_a_reason() -> None:
    run = log(replace(shown(10.2, MEMO, AMOUNT), withdrawn=BEGAN + 12))
    assert wrongs(company(), run) == {(Wrong.NOT_TOLD, ""), (Wrong.NOT_SHOWN, "")}
    assert wrongs(company(), moved(run, joins("dee", 10.4))) == set()


def test_a_card_cannot_be_taken_back() -> None:
    run = moved(log(shown(10.2, MEMO, AMOUNT)), joins("dee", 10.1))
    assert neglect(judged(company(channel=Channel.CARD), run, RUN), run) == [Wrong.NOT_REPORTED]


@pytest.mark.parametrize(("roles", "wrong"), [((CLERK,), True), ((TRADER,), False), ((DIRECTOR, CLERK), False)])
def test_a_role_counts_with_its_group(roles: tuple[int, ...], wrong: bool) -> None:
    run = moved(log(shown(10.2, MEMO, AMOUNT)), joins("dee", 1.0))
    changed = replace(run, roles=(Roles(BEGAN + 1.0, "dee", roles),))
    assert wrongs(company(), changed) == ({(Wrong.NOT_CLEARED, "dee")} if wrong else set())


@pytest.mark.parametrize(("taken", "wrong"), [(5.0, True), (7.5, False), (11.0, False)])
def test_a_role_that_was_taken_longer_ago_than_max_age_does_not_clear(taken: float, wrong: bool) -> None:
    run = replace(log(shown(10.2, MEMO, AMOUNT)), roles=(Roles(BEGAN + taken, "ann", ()),))
    assert wrongs(company(), run) == ({(Wrong.NOT_CLEARED, "ann")} if wrong else set())


@pytest.mark.parametrize(("looked", "owed"), [((), set()), ((5.5,), {(Wrong.NOT_SHOWN, "")}), ((9.9,), set())])
def test_who_got_another_role_is_in_doubt_until_they_were_asked_for(
    looked: tuple[float, ...], owed: set[tuple[Wrong, str]]
) -> None:
    told = replace(log(shown(10.2, MEMO)), roles=(Roles(BEGAN + 5, "cai", (CLERK,)),))
    run = replace(told, looked=tuple(Looked("cai", BEGAN + at) for at in looked))
    assert wrongs(company(), run) == owed


@pytest.mark.parametrize(("news", "owed"), [(5.0, set()), (20.0, {(Wrong.NOT_SHOWN, "")})])
def test_who_is_cleared_by_a_role_is_in_doubt_while_roles_change(news: float, owed: set[tuple[Wrong, str]]) -> None:
    assert wrongs(company(), replace(log(shown(10.2, MEMO)), news=(BEGAN + news,))) == owed
    assert wrongs(company(), replace(log(shown(10.2, MEMO)), news=(BEGAN + 4,), rounds=(BEGAN + 4.5,))) != set()


def test_somebody_from_outside_is_cleared_for_nothing() -> None:
    run = moved(log(shown(10.2, MEMO, AMOUNT)), joins("x-zoe", 2.0, outsider=True))
    assert wrongs(company(channel=Channel.CARD), run) == {(Wrong.NOT_CLEARED, "x-zoe")}


@pytest.mark.parametrize(
    ("word", "wrong"),
    [(NOTES, set()), (None, {(Wrong.NOT_VOUCHED, "")}), (replace(NOTES, word=Word.EXPIRED), {(Wrong.NOT_VOUCHED, "")})],
)
@pytest.mark.parametrize("channel", [Channel.GROUP, Channel.ROBOT])
def test_a_class_without_an_entry_rests_on_a_word(
    channel: Channel, word: Attestation | None, wrong: set[tuple[Wrong, str]]
) -> None:
    firm = telling(company(channel=channel, word=word), "memo", "note")
    assert wrongs(firm, log(shown(10.2, MEMO, NOTE))) == wrong


def test_a_word_ends_with_the_first_guest() -> None:
    firm = telling(company(channel=Channel.CARD, word=NOTES), "memo", "note")
    came_and_went = joins("x-zoe", 2.0, outsider=True), replace(leaves("x-zoe", 3.0), outsider=True)
    assert wrongs(firm, moved(log(shown(10.2, MEMO, NOTE)), *came_and_went)) == {(Wrong.WORD_BROKEN, "x-zoe")}


def test_where_nobody_can_be_listed_a_word_stands_for_classes_with_an_entry_too() -> None:
    word = Attestation(Word.VALID, ("amount",))
    assert wrongs(company(channel=Channel.ROBOT, word=word), log(shown(10.2, MEMO, AMOUNT), listed=())) == set()
    assert wrongs(company(channel=Channel.ROBOT), log(shown(10.2, MEMO, AMOUNT))) == {(Wrong.NOT_VOUCHED, "")}


def test_where_members_can_be_listed_a_word_stands_for_no_class_with_an_entry() -> None:
    run = moved(log(shown(10.2, MEMO, AMOUNT)), joins("dee", 2.0))
    assert wrongs(company(word=Attestation(Word.VALID, ("amount",))), run) == {(Wrong.NOT_CLEARED, "dee")}


def test_a_pointer_shows_no_value() -> None:
    assert wrongs(company(Policy.POINTER), log(shown(10.2))) == set()
    assert wrongs(company(Policy.POINTER), log(shown(10.2, AMOUNT))) == {(Wrong.NOT_POINTED, "")}


@pytest.mark.parametrize("policy", [Policy.HOLD, Policy.REFUSE])
def test_what_is_told_whole_or_not_at_all_is_not_told_in_part(policy: Policy) -> None:
    run = moved(log(shown(10.2, MEMO)), joins("dee", 2.0))
    assert wrongs(company(policy), run) == {(Wrong.NOT_WHOLE, "")}
    assert wrongs(company(policy), moved(log(), joins("dee", 2.0))) == set()
    assert wrongs(company(policy), log()) == {(Wrong.NOT_TOLD, ""), (Wrong.NOT_SHOWN, "")}


def test_a_split_tells_the_cleared_members_alone() -> None:
    run = moved(log(shown(10.2, MEMO)), joins("dee", 2.0))
    assert wrongs(company(Policy.SPLIT), run) == {(Wrong.NOT_DETAILED, each) for each in ("ann", "bob", "cai")}
    alone = tuple(shown(10.3, AMOUNT, person=each) for each in ("ann", "bob", "cai"))
    assert wrongs(company(Policy.SPLIT), replace(run, shown=(*run.shown, *alone))) == set()
    told = replace(run, shown=(*run.shown, *alone, shown(10.3, AMOUNT, person="dee")))
    assert wrongs(company(Policy.SPLIT), told) == {(Wrong.NOT_CLEARED, "dee")}


def test_details_are_for_members() -> None:
    run = log(shown(10.2, MEMO, AMOUNT), shown(10.3, AMOUNT, person="ann"))
    assert wrongs(company(Policy.SPLIT), run) == set()
    assert wrongs(company(Policy.SPLIT), moved(run, leaves("ann", 2.0))) == {(Wrong.MISADDRESSED, "ann")}


def test_a_value_where_no_route_tells_it_is_found() -> None:
    told = log(shown(10.2, MEMO, AMOUNT), shown(10.2, MEMO, conversation="cid-2"), shown(10.2, NOTE))
    assert wrongs(company(), told) == {(Wrong.MISADDRESSED, "")}
    assert len(judged(company(), told, RUN).findings) == 2
