"""What a card says of a press, to everybody and to the one who pressed."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.contract import Verb
from pipelines import decisions
from pipelines.language import Phrase
from pipelines.sentence import Sentence, sentence
from worker.ledger.actions import Why
from worker.ledger.cards import Card, Said

_ALOUD: Mapping[Why, Phrase] = {
    Why.NO_BUTTON: decisions.FORBIDDEN,
    Why.FORWARDED: decisions.FORWARDED,
    Why.NOT_ASKED: decisions.FORBIDDEN,
    Why.UNMATCHED: decisions.STRANGER,
    Why.AMBIGUOUS: decisions.STRANGER,
    Why.UNDER_WAY: decisions.UNDER_WAY,
    Why.DECIDED: decisions.DECIDED,
    Why.CLOSED: decisions.CHANGED,
}
_DECIDED: Mapping[str, Phrase] = {Verb.APPROVE: decisions.APPROVED, Verb.REJECT: decisions.REJECTED}


def aside(why: Why | None, of: Card, before: Said | None) -> Sentence:
    """Return what the one who pressed is told at once; `before` is what the card says so far."""
    phrase = _ALOUD[why] if why is not None else decisions.UNDER_WAY
    if phrase is decisions.STRANGER:
        return sentence(phrase, system=of.subject[0])
    if phrase is decisions.DECIDED:
        who = before.standing.values.get("who") if before else None
        return sentence(phrase, who=who) if isinstance(who, str) else sentence(decisions.NO_LONGER)
    return sentence(phrase)


def decided(verb: str) -> Phrase:
    """Return the phrase of a decision that was carried out."""
    return _DECIDED[verb]
