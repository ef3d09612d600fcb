from __future__ import annotations

from tests.worker.replaying import WINDOW_S, measure
from worker.ledger.engine import Ledger
from worker.limiter import Limiter


def test_a_long_replay_delays_approvals_by_at_most_one_window(ledger: Ledger, limiter: Limiter) -> None:
    figures = measure(ledger, limiter, facts=3000, samples=6)
    assert figures.bulk_sent > 0
    assert figures.bulk_left > 1000, "the replay must outlast the approvals, or this shows nothing"
    assert figures.delay_s <= WINDOW_S, figures
