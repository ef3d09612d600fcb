"""What one of the system's people may do and see, as the system answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.contract import Action, Answer, Verb
from connectors.generic.acts import GONE
from connectors.generic.reading import Reading
from connectors.generic.values import Unwritable, document
from connectors.generic.wire import Call, Counterpart, unreadable

MOST = 200
"""Records that are asked for at once."""
_NO = "The system does not let you do this."


class Permissions:
    """Asks the sender's system about people."""

    def __init__(self, counterpart: Counterpart, reading: Reading) -> None:
        self._counterpart = counterpart
        self._reading = reading

    def may(self, actor: str, action: Action) -> Answer:
        """Ask whether the system would let `actor` do this. Raises the contract's errors."""
        present = self._reading.one(action.kind, action.id).fields if action.verb is Verb.SET else {}
        try:
            body = {**document(action, present), "actor": actor}
        except Unwritable as error:
            return Answer(allowed=False, reason=str(error))
        answer = self._counterpart.call(Call("POST", (action.kind, action.id, "may"), body))
        if answer.gone(action.kind, action.id):
            return Answer(allowed=False, reason=GONE)
        if answer.status >= 300:
            raise answer.unexpected()
        allowed, reason = answer.problem.get("allowed"), answer.problem.get("reason")
        if not isinstance(allowed, bool):
            raise unreadable(answer, "The system does not say whether it is `allowed`: true or false.")
        said = " ".join(reason.split()) if isinstance(reason, str) else ""
        return Answer(allowed, "" if allowed else said or _NO)

    def sees(self, actor: str, kind: str, ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Give the names of the fields that `actor` may read of each of these records that they may read.

        Raises the contract's errors.
        """
        wanted = list(dict.fromkeys(ids))
        seen: dict[str, frozenset[str]] = {}
        for start in range(0, len(wanted), MOST):
            some = wanted[start : start + MOST]
            told = self.asked(actor, kind, some)
            seen |= {each: frozenset(told[each]) for each in some if each in told}
        return seen

    def asked(self, actor: str, kind: str, ids: Sequence[str]) -> Mapping[str, Any]:
        """Ask once, as it is answered: names of fields by record. Raises the contract's errors."""
        answer = self._counterpart.call(Call("POST", ("sees",), {"actor": actor, "kind": kind, "ids": list(ids)}))
        if answer.status >= 300:
            raise answer.unexpected()
        told = answer.document
        if not isinstance(told, dict) or not all(_names(each) for each in told.values()):
            raise unreadable(answer, "The system does not give the names of fields by record.")
        return told


def _names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and each for each in value)
