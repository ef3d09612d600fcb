"""What becomes of a decision on a purchase request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.generic.sandbox.company import COST_CENTRES, CURRENCY, Company, PurchaseRequest, State, User


@dataclass(frozen=True, slots=True)
class Decision:
    """The body of a decision."""

    action: str
    actor: str
    fields: Mapping[str, Any]
    transition: str
    comment: str


@dataclass(slots=True)
class Declined(Exception):
    """A decision that is not carried out: the status, and the members of the problem."""

    status: int
    problem: dict[str, Any]


def refused(detail: str) -> Declined:
    """Return the word of a rule: 422."""
    return Declined(422, {"detail": detail})


def permitted(company: Company, decision: Decision, request: PurchaseRequest) -> str:
    """Return why this person may not do this, empty where they may."""
    user = company.users.get(decision.actor)
    if user is None:
        return "You are not known here."
    return _PERMISSIONS.get(decision.action, _nobody)(user, decision, request)


def changes(company: Company, decision: Decision, request: PurchaseRequest, version: str) -> dict[str, Any]:
    """Return the values that a decision sets. Raises Declined, in the order of the protocol."""
    if why := permitted(company, decision, request):
        raise Declined(403, {"detail": why})
    if decision.action in _DECIDED and request.state is not State.SUBMITTED:
        detail = f"It was {request.state} before."
        raise Declined(409, {"detail": detail, "by": company.named(request.decided_by)})
    if version != str(request.revision):
        raise Declined(412, {"detail": "The request was changed."})
    if decision.action in _DECIDED:
        made = {"state": _DECIDED[decision.action], "decided_by": decision.actor}
        return {**made, "comment": decision.comment}
    if decision.action == "set":
        return _values(decision.fields)
    if decision.transition != "order" or request.state is not State.APPROVED:
        raise refused(f"{decision.transition} is not possible for a request that is {request.state}.")
    return {"state": State.ORDERED}


_DECIDED = {"approve": State.APPROVED, "reject": State.REJECTED}


def _may_decide(user: User, _decision: Decision, request: PurchaseRequest) -> str:
    if user.id == request.requester:
        return "Nobody decides their own request."
    if request.amount > user.limit:
        return f"Your limit is {CURRENCY} {user.limit:,}."
    return ""


def _may_set(user: User, _decision: Decision, request: PurchaseRequest) -> str:
    may = user.buys or user.limit > 0 or user.id == request.requester
    return "" if may else "Only the requester and those who decide may change a request."


def _may_order(user: User, _decision: Decision, _request: PurchaseRequest) -> str:
    return "" if user.buys else "Only purchasing orders."


def _nobody(_user: User, decision: Decision, _request: PurchaseRequest) -> str:
    return f"There is no {decision.action} here."


_PERMISSIONS: Mapping[str, Callable[[User, Decision, PurchaseRequest], str]] = {
    "approve": _may_decide,
    "reject": _may_decide,
    "set": _may_set,
    "transition": _may_order,
}


def _values(fields: Mapping[str, Any]) -> dict[str, Any]:
    if not fields:
        raise refused("Nothing is to be set.")
    made = {}
    for name, value in fields.items():
        if name not in _SETTABLE:
            raise refused(f"{name} cannot be set.")
        member, take = _SETTABLE[name]
        made[member] = take(value)
    return made


def _note(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise refused("A note is text.")
    return value


def _cost_centre(value: object) -> str:
    if not isinstance(value, str) or value not in COST_CENTRES:
        raise refused("There is no such cost centre.")
    return value


def _amount(value: object) -> Decimal:
    if isinstance(value, Mapping):
        if value.get("currency") != CURRENCY:
            raise refused(f"Requests are kept in {CURRENCY}.")
        value = value.get("amount")
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value <= 0:
        raise refused("An amount is a number above 0.")
    return Decimal(value)


def _limit(value: object) -> str:
    try:
        Decimal(value if isinstance(value, str) else "?")
    except InvalidOperation:
        raise refused("A limit is a number, written as text.") from None
    return str(value)


_SETTABLE: Mapping[str, tuple[str, Callable[[object], Any]]] = {
    "request.note": ("note", _note),
    "request.cost_centre": ("cost_centre", _cost_centre),
    "request.amount": ("amount", _amount),
    "request.limit": ("limit_text", _limit),
}
