"""What people want done to a record, what became of it, and whether they may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connectors.contract.records import Record, Ref, Scalar


class Verb(StrEnum):
    """What a person wants done to a record. Nothing deletes."""

    SET = "set"
    APPROVE = "approve"
    REJECT = "reject"
    TRANSITION = "transition"


@dataclass(frozen=True, slots=True)
class Action:
    """A person's decision on a record. `key` is the same for the same decision, however often it is carried out.

    `actor` is the person's user id in the source; `version` the record's version that the person saw; `fields` the new
    values of SET by the source's own names; `transition` the vendor's name of what TRANSITION does.
    """

    key: str
    verb: Verb
    kind: str
    id: str
    actor: str
    version: str
    fields: Mapping[str, Scalar] = field(default_factory=dict)
    transition: str = ""
    comment: str = ""


class Effect(StrEnum):
    """What became of an action. What may pass by itself is a `Retryable` instead, a lost answer `Unknown`."""

    DONE = "done"
    ALREADY = "already"
    """It had been decided before, by this person or another: nothing was written now."""
    MOVED = "moved"
    """The record is not what the person saw: nothing was written."""
    DENIED = "denied"
    """The source does not let this person do it."""
    REFUSED = "refused"
    """The source's own rules do not allow it: a missing field, a validation, a lock."""


@dataclass(frozen=True, slots=True)
class Acted:
    """An action's effect; `record` is the state read back afterwards, `by` who decided where the source tells.

    `reason` is a sentence for the person, without a field's value unless the vendor's rule names one.
    """

    effect: Effect
    record: Record | None = None
    by: Ref | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the source lets somebody do something; `reason` is a sentence for the person when it does not."""

    allowed: bool
    reason: str = ""
