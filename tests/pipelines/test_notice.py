from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.notice import Notice, State
from pipelines.plan import Lane
from pipelines.verdict import Reason
from tests.pipelines.make import notice
from tests.pipelines.strategies import moments, scalars, texts

facts = st.dictionaries(texts, scalars, max_size=5)


@given(
    st.builds(
        State,
        stamp=moments,
        fields=facts,
        problems=st.dictionaries(texts, st.sampled_from(Reason), max_size=3),
        deleted=st.booleans(),
        number=texts,
        url=texts,
    )
)
def test_a_state_comes_back_from_storage(state: State) -> None:
    back = State.load(state.dump())
    assert back == state
    assert all(isinstance(reason, Reason) for reason in back.problems.values())


@given(
    st.builds(
        Notice,
        route=texts,
        destination=texts,
        source=texts,
        kind=texts,
        record_id=texts,
        seq=st.integers(0, 2**53),
        stamp=moments,
        occurred_at=moments,
        number=texts,
        url=texts,
        fields=facts,
        before=facts,
        new=st.booleans(),
        deleted=st.booleans(),
        lane=st.sampled_from(Lane),
    )
)
def test_a_notice_comes_back_from_storage(one: Notice) -> None:
    back = Notice.load(one.dump(), one.destination)
    assert back == one
    assert back.lane is one.lane
    assert list(back.fields) == list(one.fields)


def test_of_two_states_with_one_stamp_the_later_arrival_is_newer() -> None:
    early, late = notice({}, 1), notice({}, 2, stamp=notice({}, 1).stamp)
    assert early.order < late.order
    assert early.subject == late.subject == ("crm", "Deal", "1")
