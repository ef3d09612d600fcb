"""Decisions that a message asks for: who decides, which buttons there are, whether what was shown still holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.contract import Button, Choice, Ref, Value, Verb
from pipelines.decisions import APPROVE, REJECT
from pipelines.language import Phrase, say
from pipelines.plan import Decide
from pipelines.stages.match import as_text

LABELS: Mapping[Verb, Phrase] = {Verb.APPROVE: APPROVE, Verb.REJECT: REJECT}
"""The actions that need nothing but a press, and what stands on their buttons."""


def buttons(decide: Decide, locale: str) -> tuple[Button, ...]:
    """Return the buttons of a route's messages, labelled for a reader of `locale` (a Babel name)."""
    return tuple(Button(verb, say(LABELS[verb], locale)) for verb in decide.actions)


def deciders(decide: Decide, fields: Mapping[str, Value]) -> tuple[str, ...]:
    """Return the source's users who decide, as the field that names them says."""
    return named(fields.get(decide.by))


def named(value: Value) -> tuple[str, ...]:
    """Return the source's users whom a field's value names: a reference, ids by commas, a list."""
    match value:
        case Ref(id=id_):
            found: Sequence[object] = (id_,)
        case str(text):
            found = text.split(",")
        case tuple(several):
            found = several
        case _:
            found = ()
    ids = (each.strip() for each in found if isinstance(each, str))
    return tuple(dict.fromkeys(id_ for id_ in ids if id_))


@dataclass(frozen=True, slots=True)
class Holding:
    """What must hold of a record that a message asks about: fields as they were shown, and those of `equals` as texts."""

    compared: tuple[str, ...]
    equals: Mapping[str, str]

    def holds(self, shown: Mapping[str, Value], present: Mapping[str, Value]) -> bool:
        """Tell whether it still holds; a field that was not read now is not known to differ.

        Choices and references are compared by what they are: a label may be another one in another way of reading.
        """
        meant = all(as_text(present[name]) == wanted for name, wanted in self.equals.items() if name in present)
        both = (name for name in self.compared if name in present and name in shown)
        return meant and all(_bare(present[name]) == _bare(shown[name]) for name in both)


def _bare(value: Value) -> Value:
    match value:
        case Choice(code=code) if code:
            return code
        case Ref(id=id_) if id_:
            return id_
        case _:
            return value
