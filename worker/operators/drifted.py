"""What operators are told of a field that no longer comes as it always did."""

from __future__ import annotations

from datetime import datetime

from pipelines.drift import Change
from pipelines.plan import Drift
from pipelines.sentence import Sentence, sentence
from worker.ledger.sightings import Drifted
from worker.operators import phrases

_FROZEN = {Drift.FREEZE: phrases.DRIFT_FREEZES, Drift.HOLD: phrases.DRIFT_HOLDS}


def drifted(one: Drifted, mode: Drift, since: datetime) -> Sentence:
    """Return the change, since when (aware), and what becomes of facts meanwhile; no value of a field stands in it."""
    then = sentence(phrases.DRIFT_EVOLVES)
    if mode is not Drift.EVOLVE:
        then = sentence(_FROZEN[mode], source=one.source, kind=one.kind)
    given = {"source": one.source, "kind": one.kind, "path": one.path, "record": one.sight.record}
    match one.sight.change:
        case Change.RETYPED:
            was = ", ".join(sorted(one.sight.types - {one.sight.became}))
            became = one.sight.became
            return sentence(phrases.DRIFT_RETYPED, since=since, types=was, became=became, then=then, **given)
        case Change.NEW:
            return sentence(phrases.DRIFT_NEW, since=since, then=then, **given)
        case _:
            return sentence(phrases.DRIFT_GONE, since=since, then=then, **given)
