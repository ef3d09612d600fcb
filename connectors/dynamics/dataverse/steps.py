"""What the settings say that a decision writes."""

from __future__ import annotations

from connectors.contract import Action, Verb
from connectors.dynamics.dataverse.settings import Kind, Step


def step_of(action: Action, kind: Kind) -> Step | None:
    """Return the columns that a decision writes beside its own fields, None where the settings do not know it."""
    if action.verb is Verb.SET:
        return {} if action.fields else None
    if action.transition:
        return kind.transitions.get(action.transition)
    return {Verb.APPROVE: kind.approve, Verb.REJECT: kind.reject}.get(action.verb) or None
