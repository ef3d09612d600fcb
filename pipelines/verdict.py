"""What the stages answer: a reason, never a boolean."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a fact was told, was not told yet, or will not be told. `explain` has a sentence for each."""

    TOLD = "told"
    # will not be told
    UNMAPPED = "unmapped"
    OLDER = "older"
    UNCHANGED = "unchanged"
    BASELINE = "baseline"
    FILTERED = "filtered"
    TAKEN = "taken"
    WAITS = "waits"
    MET = "met"
    SHADOW = "shadow"
    SILENCED = "silenced"
    SUPERSEDED = "superseded"
    DROPPED = "dropped"
    OWN_CHANGE = "own_change"
    MUTED = "muted"
    KEPT_BACK = "kept_back"
    ACTED = "acted"
    NO_LONGER = "no_longer"
    ALREADY = "already"
    # held for a person to decide
    NO_CURRENCY = "no_currency"
    NO_UNIT = "no_unit"
    UNKNOWN_UNIT = "unknown_unit"
    NO_FACTOR = "no_factor"
    OTHER_FACTOR = "other_factor"
    WRONG_TYPE = "wrong_type"
    FIELD_HIDDEN = "field_hidden"
    REQUIRED_MISSING = "required_missing"
    OTHER_CURRENCY = "other_currency"
    OTHER_UNIT = "other_unit"
    NOT_COMPARABLE = "not_comparable"
    DRIFT = "drift"
    CONDITION_FAILED = "condition_failed"
    REQUIRED_WITHHELD = "required_withheld"
    NOT_FOR_ALL = "not_for_all"
    UNVERIFIED = "unverified"
    DESTINATION_GONE = "destination_gone"
    UNSHOWABLE = "unshowable"
    MAY_HAVE_BEEN_SENT = "may_have_been_sent"
    NOBODY_DECIDES = "nobody_decides"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one event on one route. `detail` names the check and the field, never a field's value."""

    route: str
    reason: Reason
    detail: str = ""


SUPPRESSED = frozenset(
    {
        Reason.UNMAPPED,
        Reason.OLDER,
        Reason.UNCHANGED,
        Reason.BASELINE,
        Reason.FILTERED,
        Reason.TAKEN,
        Reason.WAITS,
        Reason.MET,
        Reason.SHADOW,
        Reason.SILENCED,
        Reason.SUPERSEDED,
        Reason.DROPPED,
        Reason.OWN_CHANGE,
        Reason.MUTED,
        Reason.KEPT_BACK,
        Reason.ACTED,
        Reason.NO_LONGER,
        Reason.ALREADY,
    }
)
"""Final and not told."""

HELD = frozenset(
    {
        Reason.NO_CURRENCY,
        Reason.NO_UNIT,
        Reason.UNKNOWN_UNIT,
        Reason.NO_FACTOR,
        Reason.OTHER_FACTOR,
        Reason.WRONG_TYPE,
        Reason.FIELD_HIDDEN,
        Reason.REQUIRED_MISSING,
        Reason.OTHER_CURRENCY,
        Reason.OTHER_UNIT,
        Reason.NOT_COMPARABLE,
        Reason.DRIFT,
        Reason.CONDITION_FAILED,
        Reason.REQUIRED_WITHHELD,
        Reason.NOT_FOR_ALL,
        Reason.UNVERIFIED,
        Reason.DESTINATION_GONE,
        Reason.UNSHOWABLE,
        Reason.MAY_HAVE_BEEN_SENT,
        Reason.NOBODY_DECIDES,
        Reason.UNANSWERED,
    }
)
"""Kept until a person releases or drops it, or a later state of the record goes through."""
