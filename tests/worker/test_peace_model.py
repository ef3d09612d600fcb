"""Whatever happens in whatever order, quiet hours, budgets and gathering lose nothing and tell nothing twice."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.contract import Delivery, Outcome
from pipelines.quiet import Allowance
from tests.worker.bureau import HOUR, NIGHT, Bureau, Clock, rules
from tests.worker.office import Office
from tests.worker.stand_ins import SEALER, Chat, deal, plan_of, rows
from worker.ledger.arrivals import moment
from worker.ledger.engine import Ledger
from worker.ledger.tables import NoticeState, message
from worker.limiter import Limiter

NUMBERS = count()
RULE = replace(NIGHT, budget=Allowance(2, HOUR), gather=timedelta(minutes=30))
STEP = st.one_of(
    st.tuples(st.just("tell"), st.integers(0, 4)),
    st.tuples(st.just("tell"), st.integers(0, 4)),
    st.tuples(st.just("wait"), st.sampled_from([1, 7, 31, 200, 600])),
    st.tuples(st.just("fail"), st.sampled_from([Outcome.RETRY, Outcome.UNKNOWN])),
    st.tuples(st.just("die"), st.booleans()),
)


def play(office: Bureau, clock: Clock, steps: Sequence[tuple[str, Any]]) -> dict[str, str]:
    """Do these steps, then let days pass until nothing waits; return the newest state of each record by its number."""
    newest: dict[str, str] = {}
    (chat,) = office.chats
    for minute, (step, what) in enumerate(steps):
        if step == "tell":
            newest[f"SO-d{what}"] = f"s{minute}"
            office.tell(deal(f"d{what}", f"s{minute}", minute))
        elif step == "wait":
            clock.later(timedelta(minutes=what))
            office.tell()
        elif step == "fail":
            chat.answers.append(Delivery(what, after=timedelta(seconds=1)))
        else:
            office.die(sent=what)
        # what got no answer goes again in time
        clock.later(timedelta(seconds=2))
        office.tell()
    chat.answers.clear()
    for _ in range(40):
        clock.later(timedelta(minutes=31))
        office.tell()
        if not {NoticeState.WAITING, NoticeState.FRAMED} & set(office.office.notices()):
            break
    return newest


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=3, max_size=12))
def test_nothing_is_lost_and_nothing_told_twice(
    steps: list[tuple[str, Any]], tables: Path, tmp_path: Path, client: redis.Redis, prefix: str, clock: Clock
) -> None:
    clock("18 19:00")
    place = tmp_path / f"{next(NUMBERS)}.sqlite3"
    shutil.copy(tables, place)
    ledger, chat, plan = Ledger(f"sqlite:///{place}", SEALER), Chat(), rules(plan_of(), RULE)
    office = Bureau(Office(ledger, Limiter(client, prefix=f"{prefix}-{place.stem}"), plan, [chat]), plan, [chat])
    newest = play(office, clock, steps)
    told = {one["key"]: one["facts"] for one in chat.sent}
    facts = [fact for key in dict.fromkeys(chat.keys) for fact in told[key]]
    assert len(facts) == len(set(facts))
    assert dict(fact.split(" ") for fact in facts) == newest
    assert set(office.office.notices()) <= {NoticeState.SHOWN, NoticeState.SUPERSEDED}
    made = [moment(row.framed_at) for row in rows(ledger, message)]
    assert not [at for at in made if RULE.rests(at)]
    assert all(sum(one <= other < one + HOUR for other in made) <= 2 for one in made)
    ledger.close()
