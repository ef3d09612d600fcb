"""Decisions that a message asks for: who decides, what its buttons do, and every word of it that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from connectors.contract import Button, Ref, Value, Verb
from pipelines.plan import Decide


class Phrase(StrEnum):
    """What a card says, to everybody or to the one who pressed."""

    WAITING = "waiting"
    UNDER_WAY = "under_way"
    LATER = "later"
    LOOKED_UP = "looked_up"
    APPROVED = "approved"
    REJECTED = "rejected"
    DECIDED_BY = "decided_by"
    NOT_DONE = "not_done"
    CHANGED = "changed"
    SAVED_AGAIN = "saved_again"
    NO_LONGER = "no_longer"
    MAY_NOT = "may_not"
    FORWARDED = "forwarded"
    NOT_KNOWN = "not_known"
    NO_SUCH_CARD = "no_such_card"


APPROVE = "Approve"
REJECT = "Reject"

LABELS: Mapping[Verb, str] = {Verb.APPROVE: APPROVE, Verb.REJECT: REJECT}

WORDS: Mapping[Phrase, str] = {
    Phrase.WAITING: "Waiting for a decision",
    Phrase.UNDER_WAY: "Being carried out…",
    Phrase.LATER: "{system} does not take it now: it is tried again.",
    Phrase.LOOKED_UP: "It is not known whether this was carried out; it is being looked up.",
    Phrase.APPROVED: "Approved by {who}, {when}",
    Phrase.REJECTED: "Rejected by {who}, {when}",
    Phrase.DECIDED_BY: "Already decided by {who}",
    Phrase.NOT_DONE: "Not carried out: {reason}",
    Phrase.CHANGED: "The record changed since this was shown; see the new message.",
    Phrase.SAVED_AGAIN: "The record was saved again since this was shown, with the same content: press again.",
    Phrase.NO_LONGER: "Nothing is to be decided here any more: the record changed.",
    Phrase.MAY_NOT: "You may not decide this.",
    Phrase.FORWARDED: "This card was forwarded; decide where it was sent.",
    Phrase.NOT_KNOWN: "You are not known in {system}.",
    Phrase.NO_SUCH_CARD: "This card is no longer known here.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A phrase with what is filled in: plain text, already as the reader's locale and zone have it."""

    phrase: Phrase
    facts: Mapping[str, str]


def words(line: Line, locale: str) -> str:
    """Return a phrase as a reader of `locale` (a Babel name) reads it."""
    del locale  # there is one language so far
    return WORDS[line.phrase].format_map(line.facts)


def buttons(decide: Decide, locale: str) -> tuple[Button, ...]:
    """Return the buttons of a route's cards, labelled for a reader of `locale`."""
    del locale
    return tuple(Button(verb, LABELS[verb]) for verb in decide.actions)


def deciders(decide: Decide, fields: Mapping[str, Value]) -> tuple[str, ...]:
    """Return the source's users who decide, as the field that names them says."""
    match fields.get(decide.by):
        case Ref(id=id_) if id_:
            return (id_,)
        case str(text) if text.strip():
            return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
        case tuple(several):
            return tuple(dict.fromkeys(each for each in several if isinstance(each, str) and each))
        case _:
            return ()


def same(decide: Sequence[str], shown: Mapping[str, Value], present: Mapping[str, Value]) -> bool:
    """Tell whether the fields of these names are as they were shown; what was not read now is not known to differ."""
    return all(present[name] == shown[name] for name in decide if name in present and name in shown)
