"""Who muted a route is not told by it for a while; what presses is told whatever they said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.contract import Verb
from pipelines.plan import OWN, Decide, Lane, Route, Wait
from pipelines.stages.muted import mutable, muted_as, muting
from pipelines.stages.supersede import Waiting
from tests.pipelines.make import at, notice, route

ASKS = Decide("owner", (Verb.APPROVE,), ())


def waiting(lane: Lane = Lane.NORMAL) -> Waiting:
    return Waiting(1, replace(notice({}), lane=lane), muted=at(10))


def test_a_mute_ends_at_its_moment() -> None:
    assert muting(route(), waiting(), at(9.99)) == at(10)
    assert muting(route(), waiting(), at(10)) is None
    assert muting(route(), replace(waiting(), muted=None), at(0)) is None


@pytest.mark.parametrize("lane", list(Lane))
def test_only_lanes_that_do_not_press_are_muted(lane: Lane) -> None:
    presses = lane in {Lane.URGENT, Lane.APPROVAL}
    assert mutable(replace(route(), lane=lane)) is not presses
    assert (muting(replace(route(), lane=lane), waiting(), at(0)) is None) is presses
    # what was urgent when it was decided, is
    assert (muting(route(), waiting(lane), at(0)) is None) is presses


@pytest.mark.parametrize("of", [replace(route(), decide=ASKS), replace(route(), source=OWN)])
def test_decisions_and_the_programs_own_news_are_not_muted(of: Route) -> None:
    assert not mutable(of)
    assert muting(of, waiting(), at(0)) is None


def test_the_steps_of_an_escalation_bear_its_name() -> None:
    assert muted_as(route()) == route().name
    assert muted_as(replace(route(), name="r.1", wait=Wait(timedelta(hours=1), escalates="r"))) == "r"
