from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.plan import OWN, Silence, Wait
from pipelines.stages.silenced import silencing
from tests.pipelines.make import at, route

QUIET = Silence("import", at(10), "K. Wong", "old deals are imported")


@pytest.mark.parametrize(
    ("routes", "destinations", "silent"),
    [
        (("r",), (), True),
        (("other",), (), False),
        ((), ("sales",), True),
        ((), ("ops",), False),
        (("r",), ("ops",), False),
        (("other", "r"), ("ops", "sales"), True),
    ],
)
def test_a_silence_means_the_routes_and_destinations_that_it_names(
    routes: tuple[str, ...], destinations: tuple[str, ...], silent: bool
) -> None:
    one = replace(QUIET, routes=routes, destinations=destinations)
    assert silencing([one], route(), "sales", at(0)) == (one if silent else None)


def test_a_silence_ends_at_its_moment() -> None:
    one = replace(QUIET, routes=("r",))
    assert silencing([one], route(), "sales", at(9.99)) is one
    assert silencing([one], route(), "sales", at(10)) is None


def test_of_two_the_one_that_lasts_is_named() -> None:
    over, lasts = replace(QUIET, until=at(1)), replace(QUIET, name="move", destinations=("sales",))
    assert silencing([over, lasts], route(), "sales", at(5)) is lasts


def test_what_the_program_tells_of_itself_is_never_silenced() -> None:
    everything = replace(QUIET, destinations=("sales",))
    assert silencing([everything], route(source=OWN), "sales", at(0)) is None


def test_an_escalation_is_silent_with_its_route() -> None:
    step = route("r.escalation-1", wait=Wait(escalates="r"))
    assert silencing([replace(QUIET, routes=("r",))], step, "sales", at(0)) is not None
    assert silencing([replace(QUIET, routes=("other",))], step, "sales", at(0)) is None
