from __future__ import annotations

from pipelines.verdict import HELD, SUPPRESSED, Reason


def test_every_reason_is_told_final_or_held_and_only_one_of_them() -> None:
    assert HELD | SUPPRESSED | {Reason.TOLD} == set(Reason)
    assert not HELD & SUPPRESSED
    assert Reason.TOLD not in HELD | SUPPRESSED
