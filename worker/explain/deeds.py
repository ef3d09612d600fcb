"""What people decided about a record, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from worker.explain.sentences import WHY_NOT, Tale
from worker.explain.story import Said, Voice
from worker.ledger.actions import Deed
from worker.ledger.tables import ActionState

_TALES: Mapping[ActionState, Tale] = {
    ActionState.HEARD: Tale.PRESS_OPEN,
    ActionState.WRITING: Tale.PRESS_WRITING,
    ActionState.UNKNOWN: Tale.PRESS_UNKNOWN,
    ActionState.DONE: Tale.PRESS_DONE,
    ActionState.REFUSED: Tale.PRESS_REFUSED,
    ActionState.VOID: Tale.PRESS_VOID,
    ActionState.LATE: Tale.PRESS_LATE,
    ActionState.FAILED: Tale.PRESS_FAILED,
}


def told(deed: Deed, voice: Voice) -> Iterator[Said]:
    """Tell a press, and what became of it."""
    facts = {"by": deed.by, "verb": deed.verb or "a button", "source": deed.source, "actor": deed.actor}
    yield voice.say(Tale.PRESSED, deed.pressed_at, **facts)
    said = f": {deed.detail.rstrip('.')}" if deed.detail else ""
    why = WHY_NOT.get(deed.why, deed.why)
    yield voice.say(_TALES[deed.state], deed.settled_at, **facts, why=why, said=said)
