"""What a source promises whose vendor takes a proof once, blocks calls, or locks a record."""

from __future__ import annotations

import pytest

from connectors.contract import Limited, Pulls, Reads, Record, Throttled, Unread
from tests.contract.case import ConnectorCase, Locking
from tests.contract.pulls import until_done


def check_a_request_is_proven_anew_when_it_is_tried_again(case: ConnectorCase) -> None:
    """The vendor takes a repeated proof for a break-in: the operator would look for a wrong key."""
    assert case.proving is not None
    with case.proving() as side:
        assert isinstance(side.client, Pulls)
        before = len(side.proofs())
        side.stumble()
        assert side.client.pull(side.kind, None).records
        proofs = side.proofs()[before:]
        assert len(proofs) > 1, "it was not tried again"
        assert len(set(proofs)) == len(proofs), "a proof was used twice"


def check_a_block_is_the_same_by_whatever_way_it_is_told(case: ConnectorCase) -> None:
    """All ways share the vendor's one limit, so each must stop the same quota for as long."""
    assert case.blocking is not None
    with case.blocking() as side:
        assert isinstance(side.client, Limited)
        assert len(side.ways) > 1
        told = {}
        for name, call in side.ways.items():
            with pytest.raises(Throttled) as caught:
                call()
            told[name] = (caught.value.scope, caught.value.after)
        assert len(set(told.values())) == 1, f"they differ: {told}"
        (scope, after), *_ = told.values()
        assert after is not None
        assert after.total_seconds() > 0
        assert scope in {budget.key for budget in side.client.budgets()}, f"{scope} is no quota of this source"


def check_a_locked_record_is_set_aside_and_the_others_come(case: ConnectorCase) -> None:
    assert case.locking is not None
    with case.locking() as side:
        assert isinstance(side.client, Pulls)
        assert isinstance(side.client, Reads)
        pages = until_done(side.client, side.kind, None)
        others = [record.id for page in pages for record in page.records if record.id != side.id]
        assert others, "one locked record stops the others"
        _assert_told_apart(side, [each for page in pages for each in (*page.records, *page.unread)])
        _assert_told_apart(side, side.client.read(side.kind, [side.id, *others[:3]]))


CHECKS = {
    "proving": check_a_request_is_proven_anew_when_it_is_tried_again,
    "blocking": check_a_block_is_the_same_by_whatever_way_it_is_told,
    "locking": check_a_locked_record_is_set_aside_and_the_others_come,
}
"""By the part of a case that they need."""


def _assert_told_apart(side: Locking, came: object) -> None:
    assert isinstance(came, list | tuple)
    mine = [each for each in came if each.id == side.id]
    assert mine, "the locked record vanished without a word"
    assert all(isinstance(each, Unread) or not each.deleted for each in mine), "a locked record is told as deleted"
    assert [each for each in came if isinstance(each, Record) and each.id != side.id]
