"""Any sequence of states and looks, on both databases, against a model that counts minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.plan import Wait
from tests.worker.ledgers import ROUTE, Bridge, at, deal
from tests.worker.repairs import Open
from tests.worker.stand_ins import rows
from worker.ledger.arrivals import subject
from worker.ledger.tables import notice
from worker.timers import Ringer

AFTER = 120
WAITING = replace(ROUTE, name="open", when='Stage == "OPEN"', wait=Wait(after=timedelta(minutes=AFTER)))
STEP = replace(WAITING, name="open.step", wait=Wait(after=timedelta(minutes=AFTER), escalates="open"))
IDS = count(1)


@dataclass(frozen=True)
class Turn:
    """What happens `minutes` after the turn before: a state arrives that is `old` minutes old, or (no stage) a look."""

    minutes: int
    stage: str
    old: int


turns = st.lists(
    st.builds(Turn, st.integers(0, 150), st.sampled_from(["Open", "Open", "Won", ""]), st.integers(0, 50)),
    max_size=10,
)


def modelled(turns: Sequence[Turn]) -> tuple[int, int]:
    """Count how often the route tells, and its step."""
    clock, newest = 0, -1000
    since: int | None = None
    told_at: int | None = None
    told = stepped = 0
    done = False
    for turn in turns:
        clock += turn.minutes
        stamp = clock - turn.old
        if turn.stage and stamp >= newest:
            newest = stamp
            since = (stamp if since is None else since) if turn.stage == "Open" else None
        if since is None:
            told_at, done = None, False
        elif told_at is None and clock >= since + AFTER:
            told_at, told = clock, told + 1
        elif told_at is not None and not done and clock >= told_at + AFTER:
            done, stepped = True, stepped + 1
    return told, stepped


def lived(one: Bridge, turns: Sequence[Turn]) -> tuple[int, int]:
    """Live through it with a record of its own."""
    id_ = f"d{next(IDS)}"
    begin = at("09:00") + timedelta(days=next(IDS))
    clock = 0
    for number, turn in enumerate(turns):
        clock += turn.minutes
        one.clock.time = begin + timedelta(minutes=clock)
        if turn.stage:
            stamp = one.clock.time - timedelta(minutes=turn.old)
            one.arrive(deal(turn.stage, number, id=id_, version=str(number), stamp=stamp))
        else:
            Ringer(one.ledger, one.programs, 100).ring()
    mine = [row.route for row in rows(one.ledger, notice) if row.subject == subject("crm", "Deal", id_)]
    return mine.count("open"), mine.count("open.step")


def check(one: Bridge) -> None:

    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    @given(turns)
    def holds(given: Sequence[Turn]) -> None:
        assert lived(one, given) == modelled(given)

    holds()


def test_it_is_told_exactly_as_often_as_the_model_says(bridge: Open) -> None:
    check(bridge(WAITING, STEP))
