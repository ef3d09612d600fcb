from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Choice, Money, Quantity, Ref, Scalar
from pipelines.audience import Altered, Audience
from pipelines.outgoing import Dispatched, dispatch, unseen
from pipelines.plan import Attestation, Destination, Merge, Plan, Policy, Silence, WhenUnknown
from pipelines.stages.supersede import Waiting
from pipelines.verdict import Reason
from tests.pipelines.channel import ROOM, Splitting, weight
from tests.pipelines.make import GROUP, NOW, at, deal, field, notice, plan, route

KIND = deal(field("stage"), field("amount", data_class="finance"), field("salary", data_class="hr"))
NAMES = ("stage", "amount", "salary")
ROUTES = (
    route("all", fields=NAMES),
    route("apart", fields=NAMES, merge=Merge.NEVER),
    route("needs", fields=NAMES, required=("salary",)),
)
PLAN = plan(KIND, *ROUTES)


def sent(
    waiting: Sequence[Waiting],
    free: int = 9,
    *,
    of: Plan = PLAN,
    group: Destination = GROUP,
    now: datetime = NOW,
) -> Dispatched:
    return dispatch(of, group, Splitting(), waiting, free, now)


def one(fields: dict[str, Scalar] | None = None, **more: Any) -> list[Waiting]:
    return [Waiting(1, notice(fields or {"stage": "won"}, **{"route": "all", **more}))]


def test_a_public_fact_goes_as_it_is() -> None:
    done = sent(one())
    assert [(m.notices, m.draft.facts[0].lines[0].value) for m in done.messages] == [((1,), "won")]
    assert (done.superseded, done.held, done.withheld) == ((), (), {})


def test_what_a_word_let_through_is_held_once_the_group_is_another() -> None:
    word = Attestation("K. Wong", NOW.date(), NOW.date(), frozenset({"finance"}))
    renamed = Audience(read=True, altered_at=NOW, altered=Altered.RENAMED)
    group = replace(GROUP, attestation=word, audience=renamed)
    waiting = [
        Waiting(1, notice({"amount": "HKD 5"}, route="all", seq=1, record_id="a")),
        Waiting(2, notice({"stage": "won"}, route="all", seq=2, record_id="b")),
        Waiting(3, notice({"salary": "900"}, route="all", seq=3, record_id="c")),
    ]
    done = sent(waiting, group=group)
    assert done.held == ((1, Reason.UNVERIFIED, "renamed"),)
    assert sorted(id_ for message in done.messages for id_ in message.notices) == [2, 3]
    assert done.withheld == {3: ("salary",)}


def test_which_records_wait_for_their_readers_is_known() -> None:
    group = replace(GROUP, attestation=Attestation("K. Wong", NOW.date(), NOW.date(), frozenset({"finance"})))
    waiting = [
        Waiting(1, notice({"amount": "HKD 5"}, route="all", record_id="a")),
        Waiting(2, notice({"stage": "won"}, route="all", record_id="b")),
        Waiting(3, notice({"stage": "won"}, route="all", record_id="c", kind="Gone")),
    ]
    assert unseen(PLAN, group, waiting, NOW) == {("crm", "Deal", "a")}
    assert unseen(PLAN, GROUP, waiting, NOW) == frozenset()


@pytest.mark.parametrize(("locale", "words"), [("en", "may be a repetition"), ("zh_Hant_HK", "可能是重複訊息")])
def test_what_had_no_answer_says_in_the_reader_s_language_that_it_may_be_a_repetition(locale: str, words: str) -> None:
    (waits,) = one()
    done = sent([replace(waits, unanswered=1)], group=replace(GROUP, locale=locale))
    assert words in done.messages[0].draft.facts[0].notes[0]
    assert sent([waits]).messages[0].draft.facts[0].notes == ()


@pytest.mark.parametrize(("what", "again"), [(WhenUnknown.AGAIN, {1}), (WhenUnknown.HOLD, set())])
def test_a_route_says_what_follows_when_nobody_knows(what: WhenUnknown, again: set[int]) -> None:
    of = plan(KIND, route("all", fields=NAMES, when_unknown=what))
    assert sent(one(), of=of).again == again


def test_what_is_withheld_is_counted_in_the_message_and_named_to_the_operator() -> None:
    done = sent(one({"stage": "won", "amount": "HKD 5", "salary": "900"}))
    (fact,) = done.messages[0].draft.facts
    assert [line.label for line in fact.lines] == ["Stage"]
    assert "2 fields withheld" in fact.notes[0]
    assert done.withheld == {1: ("amount", "salary")}


def test_a_message_without_what_it_must_hold_is_held() -> None:
    done = sent(one({"stage": "won", "salary": "900"}, route="needs"))
    assert (done.messages, done.held, done.withheld) == ((), ((1, Reason.REQUIRED_WITHHELD, "salary"),), {})


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        ("2026-10-31T15:59:59Z", False),
        ("2026-10-31T16:00:00Z", True),
        ("2026-11-30T15:59:59Z", True),
        ("2026-11-30T16:00:00Z", False),
    ],
)
def test_a_word_holds_by_the_days_of_the_groups_own_zone(now: str, shown: bool) -> None:
    word = Attestation("K. Wong", date(2026, 11, 1), date(2026, 11, 30), frozenset({"finance"}))
    group = replace(GROUP, zone="Asia/Hong_Kong", attestation=word)
    done = sent(one({"amount": "HKD 5"}), group=group, now=datetime.fromisoformat(now).astimezone(UTC))
    assert [line.value for line in done.messages[0].draft.facts[0].lines] == (["HKD 5"] if shown else [])


@pytest.mark.parametrize(
    "more",
    [
        {"route": "removed"},
        {"destination": "elsewhere"},
        {"kind": "Order"},
        {"source": "erp"},
    ],
)
def test_what_no_route_of_today_tells_here_is_held(more: dict[str, Any]) -> None:
    done = sent(one(**more))
    assert (done.messages, done.held) == ((), ((1, Reason.DESTINATION_GONE, more.get("route", "all")),))


def test_a_route_that_now_reads_another_kind_does_not_lend_its_classes() -> None:
    lax = deal(field("salary"))
    moved = Plan("f", {("crm", "Deal"): KIND, ("erp", "Note"): lax}, (route("all", source="erp", kind="Note"),), {})
    done = sent(one({"salary": "900"}), of=moved)
    assert (done.messages, [reason for _, reason, _ in done.held]) == ((), [Reason.DESTINATION_GONE])


def test_what_the_reader_knew_is_not_lost_while_the_newer_state_waits() -> None:
    waiting = [
        Waiting(1, notice({"stage": "b"}, 1, route="all", before={"stage": "a"})),
        Waiting(2, notice({"stage": "c"}, 2, route="all", before={"stage": "b"})),
    ]
    assert sent(waiting, 0) == Dispatched((), (), (), {})
    done = sent(waiting, 1)
    assert done.superseded == ((1, 2),)
    assert done.messages[0].draft.facts[0].lines[0].before == "a"


def test_what_waits_is_not_reported_as_withheld_before_it_goes() -> None:
    waiting = [
        Waiting(n, notice({"salary": "900"}, n, route="apart", record_id=str(n), number=f"#{n}")) for n in (1, 2)
    ]
    assert sent(waiting, 1).withheld == {1: ("salary",)}


def mark(n: int) -> str:
    """A text that stands nowhere else."""
    return f"mark{n:05d}"


def value(n: int) -> Scalar:
    """A value of some type, all of whose texts and digits are its own."""
    digits = Decimal(f"{70_000 + n}.77")
    kinds: tuple[Scalar, ...] = (
        mark(n),
        Choice(mark(n), mark(n)),
        Ref(mark(n), mark(n), mark(n)),
        (mark(n),),
        Money(digits, "XTS"),
        Quantity(digits, mark(n)),
        digits,
    )
    return kinds[n % len(kinds)]


def traces(n: int) -> set[str]:
    return {mark(n), f"{70_000 + n:,}.77", f"{70_000 + n}.77"}


WAITING = st.lists(
    st.tuples(
        st.integers(1, 3),  # the record
        st.sampled_from(["all", "apart", "needs", "removed"]),
        st.lists(st.sampled_from(NAMES), unique=True),
        st.sampled_from([1, 2, 5, 9]),  # how heavy
        st.booleans(),  # deleted
    ),
    max_size=10,
).map(
    lambda made: [
        Waiting(
            id_,
            notice(
                {name: value(30 * id_ + NAMES.index(name)) for name in names},
                id_,
                route=of,
                record_id=str(record),
                number=f"#{record}w{heavy}",
                before={name: value(30 * id_ + 10 + NAMES.index(name)) for name in names},
                deleted=deleted,
            ),
        )
        for id_, (record, of, names, heavy, deleted) in enumerate(made, 1)
    ]
)
CLASSES = st.frozensets(st.sampled_from(["finance", "hr"]))


def attested(classes: frozenset[str]) -> Destination:
    return replace(GROUP, attestation=Attestation("K. Wong", NOW.date(), NOW.date(), classes))


@given(WAITING, st.integers(0, 6), CLASSES)
def test_whatever_waits_goes_once_or_is_held_or_superseded_or_waits(
    waiting: list[Waiting], free: int, classes: frozenset[str]
) -> None:
    done = sent(waiting, free, group=attested(classes))
    by_id = {each.id: each.notice for each in waiting}
    newest = {(n.route, n.record_id): id_ for id_, n in by_id.items()}

    # who is held is known without asking anybody
    held = {
        id_
        for (of, _), id_ in newest.items()
        if of == "removed" or (of == "needs" and "salary" in by_id[id_].fields and "hr" not in classes)
    }
    assert {id_ for id_, *_ in done.held} == held

    pieces = Counter(id_ for message in done.messages for id_ in message.notices)
    shown = Counter(fact.number for message in done.messages for fact in message.draft.facts)
    went = set(pieces)
    assert went <= set(newest.values()) - held
    for id_, count in pieces.items():
        assert count == -(-int(by_id[id_].number.partition("w")[2]) // ROOM)
    assert sum(shown.values()) == sum(pieces.values())
    assert bool(went) is bool(free > 0 and set(newest.values()) - held)

    # an older state is done with exactly when the newest of its record and route is
    expected = {
        (id_, newest[n.route, n.record_id])
        for id_, n in by_id.items()
        if newest[n.route, n.record_id] in went | held and newest[n.route, n.record_id] != id_
    }
    assert set(done.superseded) == expected
    assert len(done.superseded) == len(expected)

    beyond = done.messages[max(free, 1) :]
    assert len({id_ for message in beyond for id_ in message.notices}) <= 1
    assert set(done.withheld) <= went


@given(WAITING, st.integers(1, 6), CLASSES)
def test_a_withheld_value_leaves_no_trace_in_any_message(
    waiting: list[Waiting], free: int, classes: frozenset[str]
) -> None:
    done = sent(waiting, free, group=attested(classes))
    seen = "".join(repr(message.draft) + Splitting().freeze(message.draft, "k").decode() for message in done.messages)
    secret = {spec.name for spec in KIND.fields} - {
        spec.name for spec in KIND.fields if spec.data_class in classes | {"public"}
    }
    for each in waiting:
        for name in each.notice.fields:
            n = 30 * each.id + NAMES.index(name)
            if name in secret:
                assert not any(trace in seen for trace in traces(n) | traces(n + 10))
        if each.id in {id_ for message in done.messages for id_ in message.notices}:
            told = [name for name in each.notice.fields if name not in secret]
            assert all(any(t in seen for t in traces(30 * each.id + NAMES.index(name))) for name in told)
            assert done.withheld.get(each.id, ()) == tuple(n for n in each.notice.fields if n in secret)


@given(WAITING, st.integers(1, 3))
def test_nothing_waits_for_ever(waiting: list[Waiting], free: int) -> None:
    left, went = list(waiting), set[int]()
    for _ in range(len(waiting)):
        done = sent(left, free)
        over = {id_ for m in done.messages for id_ in m.notices}
        went |= over
        over |= {old for old, _ in done.superseded} | {id_ for id_, *_ in done.held}
        left = [each for each in left if each.id not in over]
    assert left == []
    assert all(weight(fact) > 0 for m in sent(waiting).messages for fact in m.draft.facts)


def pointing(**more: Any) -> Plan:
    return plan(KIND, route("all", fields=NAMES, policy=Policy.POINTER, **more))


def test_a_pointer_shows_number_and_link_and_no_field() -> None:
    done = sent(one({"stage": "won", "amount": "HKD 5"}, before={"stage": "open"}), of=pointing())
    (message,) = done.messages
    (fact,) = message.draft.facts
    assert (fact.title, fact.number, fact.url) == ("Deal", "D-1", "https://crm.example/D-1")
    assert (fact.lines, fact.notes, done.withheld) == ((), (), {})
    assert "won" not in repr(message.draft)
    assert "HKD" not in repr(message.draft)


def test_a_pointer_is_not_held_for_a_field_that_it_does_not_show() -> None:
    done = sent(one({"stage": "won", "salary": "900"}), of=pointing(required=("salary",)))
    assert (len(done.messages), done.held) == (1, ())


@pytest.mark.parametrize(
    ("number", "url", "shown"), [("", "https://crm.example/1", ""), ("D-1", "", "D-1"), ("", "", "1")]
)
def test_a_pointer_leads_somewhere(number: str, url: str, shown: str) -> None:
    done = sent(one(number=number, url=url), of=pointing())
    assert done.messages[0].draft.facts[0].number == shown


def test_what_is_silenced_is_not_told_and_names_the_silence() -> None:
    quiet = Silence("import", at(10), "K. Wong", "old deals", routes=("all",))
    done = sent(one(), of=replace(PLAN, silences=(quiet,)))
    assert (done.messages, done.held) == ((), ((1, Reason.SILENCED, "import"),))
    assert len(sent(one(), of=replace(PLAN, silences=(quiet,)), now=at(10)).messages) == 1
    assert len(sent(one(route="apart"), of=replace(PLAN, silences=(quiet,))).messages) == 1


def test_a_pointer_needs_no_word_on_a_group() -> None:
    word = Attestation("K. Wong", date(2026, 1, 1), date(2026, 12, 31), frozenset({"finance"}))
    altered = Audience(read=False, altered_at=NOW, altered=Altered.RENAMED)
    group = replace(GROUP, attestation=word, audience=altered)
    waiting = one({"stage": "won", "amount": "HKD 5"})
    assert [reason for _, reason, _ in sent(waiting, group=group).held] == [Reason.UNVERIFIED]
    assert unseen(PLAN, group, waiting, NOW) == {waiting[0].notice.subject}
    done = sent(waiting, of=pointing(), group=group)
    assert (len(done.messages), done.held) == (1, ())
    assert unseen(pointing(), group, waiting, NOW) == frozenset()


def split(*, cleared: dict[str, frozenset[str]] | None) -> Dispatched:
    """Tell a split route's fact to a group of these members."""
    of = plan(KIND, route("all", fields=NAMES, policy=Policy.SPLIT, details="staff", required=("amount",)))
    group = replace(GROUP, audience=Audience(read=True, cleared=cleared, ruled=frozenset({"finance", "hr"})))
    return sent(one({"stage": "won", "amount": "HKD 5"}), of=of, group=group)


def test_a_split_tells_the_group_less_and_each_cleared_member_all() -> None:
    done = split(cleared={"amy": frozenset({"finance"}), "ben": frozenset({"hr"}), "cho": frozenset()})
    assert [[line.label for line in m.draft.facts[0].lines] for m in done.messages] == [["Stage"]]
    assert done.withheld == {1: ("amount",)}
    assert done.details == ((1, "staff/amy"),)


@pytest.mark.parametrize("cleared", [None, {}, {"amy": frozenset({"hr"})}])
def test_a_split_that_nobody_may_see_more_of_is_held_for_what_it_requires(
    cleared: dict[str, frozenset[str]] | None,
) -> None:
    done = split(cleared=cleared)
    assert (done.held, done.details) == (((1, Reason.REQUIRED_WITHHELD, "amount"),), ())


@pytest.mark.parametrize(("policy", "reason"), [(Policy.HOLD, Reason.NOT_FOR_ALL), (Policy.REFUSE, Reason.KEPT_BACK)])
def test_a_policy_of_all_or_nothing(policy: Policy, reason: Reason) -> None:
    of = plan(KIND, route("all", fields=NAMES, policy=policy))
    assert sent(one({"stage": "won", "amount": "HKD 5"}), of=of).held == ((1, reason, "amount"),)
    assert sent(one({"stage": "won"}), of=of).held == ()
