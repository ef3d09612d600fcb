"""What one state comes to, by hand-made plans."""

from __future__ import annotations

from dataclasses import replace

import pytest

from config.casebook import Situation
from connectors.contract import Verb
from pipelines.plan import Decide, FieldType, Merge, Mode, Plan, Silence
from pipelines.verdict import Reason
from tests.pipelines.channel import Splitting
from tests.pipelines.make import NOW, at, deal, field, plan, record, route
from worker.trial.rule import Shown, live, rule, show, with_audience

KIND = deal(field("stage"), field("approver"), field("amount", FieldType.TEXT, data_class="finance"))
ROUTE = route(fields=("stage", "approver", "amount"), when="changed.stage")
STATES = (
    record({"stage": "open", "approver": "u1", "amount": "5"}, minute=0),
    record({"stage": "won"}, minute=1, number="D-1", url="https://crm.example/1"),
)
SITUATION = Situation(STATES, at(2))


def shown(of: Plan, situation: Situation = SITUATION) -> Shown:
    ruled = rule(of, situation)
    return show(of, Splitting(), ruled.notices("r")["sales"], ruled.at)


def test_what_the_last_state_did_not_read_stands_as_it_was_known() -> None:
    (part,) = shown(plan(KIND, ROUTE)).parts
    lines = part.text.splitlines()
    assert lines[1:3] == ["Stage: open → won", "Approver: u1"]
    assert (part.title, part.links, part.most) == ("Deal D-1", (("Open", "https://crm.example/1"),), 0)


def test_an_audience_takes_the_place_of_words() -> None:
    of = plan(KIND, ROUTE)
    assert shown(of).withheld == ("amount",)
    cleared = replace(SITUATION, audience={"sales": frozenset({"finance"}), "elsewhere": frozenset()})
    assert shown(with_audience(of, cleared), cleared).withheld == ()


def test_a_verdict_on_the_whole_state_is_that_of_each_route() -> None:
    of = plan(KIND, ROUTE, route("other"))
    ruled = rule(of, replace(SITUATION, states=STATES[:1], first_pull=True))
    assert {name: verdict.reason for name, verdict in ruled.verdicts.items()} == dict.fromkeys(
        ("r", "other"), Reason.BASELINE
    )


def test_what_is_on_trial_or_silenced_is_shown_when_it_is_asked_for() -> None:
    trial = replace(ROUTE, mode=Mode.SHADOW)
    of = replace(plan(KIND, trial), silences=(Silence("move", at(9), "Ann", "moved", destinations=("sales",)),))
    assert shown(of).reason is Reason.SHADOW
    assert shown(replace(of, routes=(ROUTE,))).reason is Reason.SILENCED
    assert shown(live(of, trial)).reason is Reason.TOLD


@pytest.mark.parametrize(("approver", "reason"), [("u1", Reason.TOLD), ("", Reason.NOBODY_DECIDES)])
def test_whom_the_source_names_decides(approver: str, reason: Reason) -> None:
    asks = replace(ROUTE, merge=Merge.NEVER, decide=Decide("approver", (Verb.APPROVE,), ("stage",)))
    states = (replace(STATES[0], fields={**STATES[0].fields, "approver": approver}), STATES[1])
    assert shown(plan(KIND, asks), Situation(states, NOW)).reason is reason
