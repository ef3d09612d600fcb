"""Blueprints: the processes that some records go through, and who may do which transition.

See https://www.zoho.com/crm/developer/docs/api/v8/blueprint-details.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.zoho.sandbox import ids
from connectors.zoho.sandbox.people import ADMINISTRATOR, SALES, STANDARD, User


@dataclass(frozen=True, slots=True)
class Transition:
    """A step from one value of the process's field to another, for these profiles; `asks` are mandatory fields."""

    id: int
    name: str
    start: str
    end: str
    profiles: frozenset[int]
    asks: Sequence[str] = ()

    def open_to(self, user: User) -> bool:
        """Tell whether this user may do it."""
        return user.profile.id in self.profiles


@dataclass(frozen=True, slots=True)
class Process:
    """One blueprint: it owns the values of one field of the records in it."""

    id: int
    name: str
    field: str
    transitions: Sequence[Transition]

    def open_to(self, user: User, value: object) -> list[Transition]:
        """Return what this user may do from this value on."""
        return [t for t in self.transitions if t.start == value and t.open_to(user)]


_ALL = frozenset({ADMINISTRATOR.id, STANDARD.id, SALES.id})
_HEADS = frozenset({STANDARD.id})


def _step(number: int, name: str, way: tuple[str, str], profiles: frozenset[int], *asks: str) -> Transition:
    return Transition(ids.TRANSITIONS + number, name, *way, profiles, asks)


PROCESSES = {
    "Deals": Process(ids.TRANSITIONS + 100, "Deal approval", "Stage", (
        _step(1, "Ask for approval", ("Proposal/Price Quote", "Negotiation/Review"), _ALL),
        _step(2, "Approve", ("Negotiation/Review", "Closed Won"), _HEADS),
        _step(3, "Reject", ("Negotiation/Review", "Closed Lost"), _HEADS, "Reason"),
    )),
    "Quotes": Process(ids.TRANSITIONS + 101, "Quote approval", "Quote_Stage", (
        _step(4, "Send", ("Draft", "Negotiation"), _ALL),
        _step(5, "Confirm", ("Negotiation", "Confirmed"), _HEADS),
    )),
}  # fmt: skip
