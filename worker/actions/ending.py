"""What becomes of an action and of its card, by what the source said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.contract import Acted, Effect, Record
from pipelines import decisions
from pipelines.sentence import sentence
from worker.actions import sayings
from worker.actions.scene import Scene
from worker.ledger.actions import Settled, Why
from worker.ledger.cards import Said
from worker.ledger.tables import ActionState, CardState


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of an action: where the card stands then and what it says, and the record's state that was read.

    `version` is the version that the card is of from now on, None: as before.
    """

    settled: Settled
    card: CardState
    said: Said
    record: Record | None = None
    version: str | None = None


def moved(of: Scene, present: Record) -> Ending | None:
    """Return why a decision is void: the record is not what the card shows. None: it is."""
    if present.deleted or not of.same(present):
        end = Settled(ActionState.VOID, Why.CHANGED)
        return Ending(end, CardState.CLOSED, Said(sentence(decisions.CHANGED)), present)
    if present.version != of.one.version:
        # what the person saw holds, but the version is not the one they decided on: the next press is of this one
        saying = Said(sentence(decisions.WAITING), of.one.by, sentence(decisions.AGAIN))
        end = Settled(ActionState.VOID, Why.SAVED_AGAIN)
        return Ending(end, CardState.OPEN, saying, present, present.version)
    return None


def ended(of: Scene, acted: Acted) -> Ending:
    """Return the end that follows from the source's answer."""
    match acted.effect:
        case Effect.DONE:
            return _done(of, acted)
        case Effect.ALREADY:
            ours = of.one.state is not ActionState.HEARD and acted.by is not None and acted.by.id == of.one.actor
            return _done(of, acted) if ours else _decided_before(of, acted)
        case Effect.MOVED:
            end = Settled(ActionState.VOID, Why.CHANGED, acted.reason)
            return Ending(end, CardState.CLOSED, Said(sentence(decisions.CHANGED)), acted.record)
        case Effect.DENIED:
            return _refused(of, acted, Why.DENIED)
        case Effect.REFUSED:
            return _refused(of, acted, Why.RULES)


def _done(of: Scene, acted: Acted) -> Ending:
    saying = sentence(sayings.decided(of.one.verb), who=of.who(acted), when=datetime.now(UTC))
    end = Settled(ActionState.DONE, None, acted.reason)
    return Ending(end, CardState.DECIDED, Said(saying), acted.record)


def _decided_before(of: Scene, acted: Acted) -> Ending:
    end = Settled(ActionState.LATE, Why.DECIDED, acted.reason)
    known = acted.by is not None
    saying = sentence(decisions.DECIDED, who=of.who(acted)) if known else sentence(decisions.NO_LONGER)
    return Ending(end, CardState.DECIDED, Said(saying), acted.record)


def _refused(of: Scene, acted: Acted, why: Why) -> Ending:
    """Leave the card open for whoever may; why not is told to the one who pressed, because it may name a value."""
    reason = acted.reason
    note = sentence(decisions.FAILED, reason=reason) if reason else sentence(decisions.FORBIDDEN)
    saying = Said(sentence(decisions.WAITING), of.one.by, note)
    return Ending(Settled(ActionState.REFUSED, why, reason), CardState.OPEN, saying, acted.record)


def failed(why: Why, detail: str, of: Scene | None = None) -> Ending:
    """Return the end of what cannot be carried out: nothing was written, and an operator has to repair something."""
    note = sentence(decisions.FAILED, reason=detail)
    saying = Said(sentence(decisions.WAITING), of.one.by if of else "", note if of else None)
    return Ending(Settled(ActionState.FAILED, why, detail), CardState.OPEN, saying)


def given_up(of: Scene, why: Why) -> Ending:
    """Return the end of what found no answer: whoever still wants it presses again."""
    phrase = decisions.NO_ANSWER if why is Why.NO_ANSWER else decisions.NOT_SEEN
    reason = sentence(phrase, system=of.source.name)
    saying = Said(sentence(decisions.FAILED, reason=reason))
    return Ending(Settled(ActionState.FAILED, why, reason.said("UTC", "en")), CardState.OPEN, saying)


def saying_later(of: Scene) -> Said:
    """Return what the card of an action says that waits."""
    return Said(sentence(decisions.LATER, system=of.source.name))


def saying_unknown() -> Said:
    """Return what the card of an action says that found no answer."""
    return Said(sentence(decisions.UNKNOWN))
