"""What is told at once to operators, as mail and as JSON, and as records that take the way of all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from config.operators import FAULT, SIGN_OF_LIFE, SILENCE
from connectors.contract import Record, Scalar
from pipelines import texts
from pipelines.plan import OWN
from pipelines.sentence import Sentence, sentence
from worker.ledger.faults import Kind, Known
from worker.operators import phrases
from worker.operators.monitor import moment


class Letter(msgspec.Struct, frozen=True):
    """One telling: a subject line, and paragraphs. `faults` is empty in a sign of life."""

    subject: str
    paragraphs: tuple[str, ...]
    faults: tuple[Mapping[str, Any], ...] = ()


def of_faults(told: Sequence[Known], zone: str) -> Letter:
    """Return the letter about these faults; times are written in `zone`."""
    begun = sum(one.open for one in told)
    over = len(told) - begun
    counts = [f"{n} {what}" for n, what in ((begun, "open" if over else "open faults"), (over, "over")) if n]
    subject = (
        f"dingbridge: {', '.join(counts)}" if len(told) > 1 else f"dingbridge: {_state(told[0])}: {_name(told[0])}"
    )
    return Letter(subject, tuple(_paragraph(one, zone) for one in told), tuple(_plain(one) for one in told))


def _name(of: Known) -> str:
    return f"{of.kind.replace('_', ' ')} {of.subject}".strip()


def _state(of: Known) -> str:
    return "fault" if of.open else "over"


def _paragraph(of: Known, zone: str) -> str:
    since = texts.moment(moment(of.first_at), zone, "en")
    if of.open:
        return f"{of.sentence}\n(since {since})"
    return f"Over: {of.sentence}\n(from {since} to {texts.moment(moment(of.last_at), zone, 'en')})"


def _plain(of: Known) -> Mapping[str, Any]:
    return {
        "kind": str(of.kind),
        "subject": of.subject,
        "state": "open" if of.open else "over",
        "sentence": of.sentence,
        "since": moment(of.first_at).isoformat(),
        "seen": moment(of.last_at).isoformat(),
    }


def records(told: Sequence[Known], at: int, zone: str) -> list[Record]:
    """Return the records by which a destination is told of these faults, in its own language.

    `zone` is of the times in the English that stands beside it for everybody else.
    """
    return [
        _record(
            FAULT,
            one.key,
            at,
            {
                "what": one.said.choice(zone),
                "state": sentence(phrases.LASTS if one.open else phrases.OVER).choice(zone),
                "since": moment(one.first_at),
                "seen": moment(one.last_at),
            },
        )
        for one in told
    ]


def silences(turned: Sequence[Known], heard: Mapping[str, int], at: int, zone: str) -> list[Record]:
    """Return the records by which groups learn that a source they rely on fell silent, or is heard again."""
    return [
        _record(
            SILENCE,
            one.subject,
            at,
            {
                "name": one.subject,
                "state": sentence(phrases.SILENT if one.open else phrases.HEARD).choice(zone),
                "heard": moment(heard[one.subject]) if one.subject in heard else None,
            },
            number=one.subject,
        )
        for one in turned
        if one.kind is Kind.SOURCE_SILENT
    ]


def life(said: Sentence, at: int, zone: str) -> Record:
    """Return the record of a sign of life."""
    return _record(SIGN_OF_LIFE, "daily", at, {"what": said.choice(zone), "seen": moment(at)})


def _record(kind: str, id_: str, at: int, fields: Mapping[str, Scalar], number: str = "") -> Record:
    return Record(source=OWN, kind=kind, id=id_, version=str(at), stamp=moment(at), fields=fields, number=number)
