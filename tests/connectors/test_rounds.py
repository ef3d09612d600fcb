"""Rounds of polling: how far they reach back, and cursors that outlive a process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.contract import CursorLost
from connectors.rounds import Rhythm, dump, load, moment, moment_or_none, written

NOW = datetime(2026, 3, 2, 9, 0, 0, 500_000, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("start", "mark", "since"),
    [
        (None, None, None),
        (NOW - 9 * MINUTE, None, NOW - 9 * MINUTE),
        (None, NOW - 10 * MINUTE, datetime(2026, 3, 2, 8, 45, tzinfo=UTC)),
        (NOW - 9 * MINUTE, NOW - 10 * MINUTE, NOW - 9 * MINUTE),
        # a mark from a clock that ran ahead
        (None, NOW + 60 * MINUTE, datetime(2026, 3, 2, 8, 54, tzinfo=UTC)),
    ],
)
def test_a_round_reads_again_what_lies_within_the_overlap(
    start: datetime | None, mark: datetime | None, since: datetime | None
) -> None:
    assert Rhythm(5 * MINUTE, MINUTE, start).since(mark, NOW) == since


def test_times_come_back_as_they_were_and_in_utc() -> None:
    there = NOW.astimezone(datetime.fromisoformat("2026-01-01T00:00:00+08:00").tzinfo)
    assert written(there) == "2026-03-02T09:00:00.500000+00:00"
    assert moment(written(there) or "") == NOW
    assert written(None) is None
    assert moment_or_none(None) is None
    with pytest.raises(ValueError, match="without zone"):
        moment("2026-03-02T09:00:00")


def test_a_cursor_comes_back_or_is_lost_with_a_sentence() -> None:
    def parsed(state: dict[str, Any]) -> int:
        return int(state["page"])

    assert load(dump(2, {"page": 7}), 2, parsed) == 7
    for odd in (dump(1, {"page": 7}), dump(2, {}), dump(2, {"page": None}), "[]", "7", "", "{"):
        with pytest.raises(CursorLost, match="scanned again"):
            load(odd, 2, parsed)
