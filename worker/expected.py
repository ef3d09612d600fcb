"""Is what a rule of two sources expects there? Looked up by a mapped field among the records that are known."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.case import Case, KindProgram, RouteProgram
from pipelines.plan import Expects
from pipelines.stages.match import as_text, match
from pipelines.verdict import Reason, Verdict
from pipelines.waiting import reopened
from worker.ledger import decisions, lookups
from worker.ledger.engine import Ledger

Programs = Mapping[tuple[str, str], KindProgram]


def pending(ledger: Ledger, expects: Expects, until: int) -> bool:
    """Tell whether what arrived of the expected kind until then (microseconds) is still to be decided."""
    with ledger.read() as connection:
        return lookups.undecided(connection, (expects.asks.source, expects.asks.kind), until)


def met(ledger: Ledger, programs: Programs, route: RouteProgram, case: Case, expects: Expects) -> Verdict | None:
    """Pass where nothing is found; `MET` where it is there, or why it cannot be said, for a person to decide."""
    text = as_text(case.shown.get(expects.of))
    if not text:
        return Verdict(route.route.name, Reason.REQUIRED_MISSING, expects.of)
    kind = (expects.asks.source, expects.asks.kind)
    of = programs[kind]
    _complete(ledger, kind, expects.key)
    with ledger.read() as connection:
        subjects = lookups.found(ledger, connection, kind, expects.key, text)
        known = decisions.known(ledger, connection, subjects)
    asks = of.asked[expects.asks.name]
    doubt = None
    for subject, state in known.states.items():
        if state.deleted:
            continue
        verdict = match(asks, reopened(of, subject, known.seqs[subject], state, case.now))
        if verdict is None:
            return Verdict(route.route.name, Reason.MET)
        if verdict.reason is not Reason.FILTERED:
            doubt = Verdict(route.route.name, verdict.reason, verdict.detail)
    return doubt


def _complete(ledger: Ledger, kind: tuple[str, str], field: str) -> None:
    """Take in the records that were known before the configuration looked them up by this field."""
    while True:
        with ledger.read() as connection:
            subjects = lookups.missing(connection, kind, field)
            known = decisions.known(ledger, connection, subjects)
        if not subjects:
            return
        states = known.states
        texts = {of: {field: as_text(states[of].fields.get(field)) if of in states else ""} for of in subjects}
        with ledger.write() as connection:
            lookups.keep_new(ledger, connection, texts)
