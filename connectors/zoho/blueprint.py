"""Blueprint: the transitions that the vendor offers to one user for one record.

https://www.zoho.com/crm/developer/docs/api/v8/get-blueprint.html and update-blueprint.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.contract import Action, Verb
from connectors.zoho.errors import unreadable
from connectors.zoho.reading import scope_of
from connectors.zoho.settings import Kind
from connectors.zoho.wire import Account, Answer, Call


@dataclass(frozen=True, slots=True)
class Transition:
    """A step that a user may take now; `target` is the state after it, `met` whether its condition holds."""

    id: str
    name: str
    target: str
    met: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a record stands in its process: the state, and the transitions offered to whoever asked.

    `code` is the vendor's refusal to say, such as RECORD_NOT_IN_PROCESS, or empty.
    """

    state: str = ""
    offered: tuple[Transition, ...] = ()
    code: str = ""

    def find(self, name: str) -> Transition | None:
        """Return an offered transition by its name or id."""
        return next((each for each in self.offered if name in {each.name, each.id}), None)


def standing(account: Account, kind: str, record_id: str) -> Standing:
    """Ask where a record stands. Raises the contract's errors."""
    answer = account.call(Call("GET", _path(kind, record_id), scope_of(kind), refusable=True))
    if answer.status >= 400:
        return Standing(code=answer.fault.code)
    blueprint = answer.body.get("blueprint") if isinstance(answer.body, dict) else None
    if answer.body is None or blueprint is None:
        return Standing(code="RECORD_NOT_IN_PROCESS")
    try:
        process: Mapping[str, Any] = blueprint.get("process_info") or {}
        offered = tuple(_transition(each) for each in blueprint.get("transitions") or ())
    except (AttributeError, KeyError, TypeError):
        raise unreadable(str(answer.body).encode()) from None
    return Standing(str(process.get("field_value") or ""), offered)


def move(account: Account, action: Action, transition: Transition, data: Mapping[str, Any]) -> Answer:
    """Take a transition. Raises the contract's errors; a refusal is the answer."""
    body = {"blueprint": [{"transition_id": transition.id, "data": dict(data)}]}
    path = _path(action.kind, action.id)
    scope = scope_of(action.kind, "UPDATE")
    return account.call(Call("PUT", path, scope, body=body, repeatable=False, refusable=True))


def name_of(action: Action, kind: Kind) -> str:
    """Return the transition that an action means, empty where the settings name none for it."""
    named = {Verb.APPROVE: kind.approve, Verb.REJECT: kind.reject}
    return action.transition or named.get(action.verb, "")


def _path(kind: str, record_id: str) -> str:
    return f"{kind}/{record_id}/actions/blueprint"


def _transition(raw: Mapping[str, Any]) -> Transition:
    return Transition(
        id=str(raw["id"]),
        name=str(raw.get("name") or ""),
        target=str(raw.get("next_field_value") or ""),
        met=raw.get("criteria_matched") is not False,
    )
