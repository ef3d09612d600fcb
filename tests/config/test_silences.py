"""Nothing is silenced without an end and somebody who answers for it; policies are named."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from config.bridge import check, ended, load
from config.problem import format_problems
from pipelines.plan import Policy, Silence
from tests.config.conftest import Write
from worker.cli.apply import differences

ENVIRON = {"CRM_PASSWORD": "crm-password-1", "CHAT_TOKEN": "chat-token-1"}
QUIET = "{routes: big-won, destinations: [sales-hk], until: 2026-12-01T09:00:00+08:00, owner: K. Wong, reason: import}"


def said(write: Write, silence: str) -> str:
    path = write(("routes:\n", f"silences:\n  import: {silence}\nroutes:\n"))
    return format_problems(check(path, environ=ENVIRON))


def test_a_silence_is_part_of_the_plan(write: Write) -> None:
    path = write(("routes:\n", f"silences:\n  import: {QUIET}\nroutes:\n"))
    bridge = load(path, environ=ENVIRON)
    until = datetime(2026, 12, 1, 1, tzinfo=UTC)
    assert bridge.plan.silences == (Silence("import", until, "K. Wong", "import", ("big-won",), ("sales-hk",)),)
    assert bridge.plan.fingerprint != load(write(), environ=ENVIRON).plan.fingerprint
    assert ended(bridge, datetime(2026, 12, 1, 0, 59, tzinfo=UTC)) == ()
    (note,) = ended(bridge, until)
    assert (note.line, note.key_path) == (45, "silences.import")
    assert "K. Wong" in note.sentence


def test_apply_names_a_silence_that_is_new(write: Write) -> None:
    before = load(write(), environ=ENVIRON).plan
    after = load(write(("routes:\n", f"silences:\n  import: {QUIET}\nroutes:\n")), environ=ENVIRON).plan
    assert differences(before, after) == {"new silences": ["import"]}
    assert differences(after, before) == {"removed silences": ["import"]}


@pytest.mark.parametrize(
    ("left_out", "sentence"),
    [
        ("until: 2026-12-01T09:00:00+08:00, ", "'until' is missing here"),
        ("owner: K. Wong, ", "'owner' is missing here"),
        (", reason: import", "'reason' is missing here"),
        ("routes: big-won, destinations: [sales-hk], ", "name the routes or the destinations that are silent"),
        ("+08:00", "say in which zone"),
    ],
)
def test_a_silence_is_refused_without(write: Write, left_out: str, sentence: str) -> None:
    assert left_out in QUIET
    assert sentence in said(write, QUIET.replace(left_out, ""))


def test_a_silence_names_routes_and_destinations_that_there_are(write: Write) -> None:
    assert "'big-wun' is no route: did you mean 'big-won'?" in said(write, QUIET.replace("big-won", "big-wun"))
    assert "'sales' is no destination" in said(write, QUIET.replace("sales-hk", "sales"))


def test_a_route_points_only_where_it_says_so(write: Write) -> None:
    assert [route.policy for route in load(write(), environ=ENVIRON).plan.routes] == [Policy.WITHHOLD] * 2
    path = write(("    title: Deal won\n", "    title: Deal won\n    policy: pointer\n"))
    assert load(path, environ=ENVIRON).plan.routes[0].policy is Policy.POINTER
    decide = "    title: Deal won\n    policy: pointer\n    decide: {by: name}\n"
    blind = format_problems(check(write(("    title: Deal won\n", decide)), environ=ENVIRON))
    assert "routes.big-won.decide: who decides must see on what: write policy: withhold, hold or refuse" in blind
    wrong = write(("    title: Deal won\n", "    title: Deal won\n    policy: hint\n"))
    assert "routes.big-won.policy: must be 'withhold', 'split', 'hold', 'refuse' or 'pointer'" in format_problems(
        check(wrong, environ=ENVIRON)
    )
