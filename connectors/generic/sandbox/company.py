"""A company's purchase requests: who works there, what was requested, and what was decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

KIND = "purchase_request"
CURRENCY = "HKD"
COST_CENTRES = frozenset({"CC-10", "CC-20", "CC-30"})
ACCOUNT = "request.supplier_account"


class State(StrEnum):
    """Where a request stands."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    ORDERED = "ordered"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody of the company. `limit` is the amount in HKD up to which they may decide, 0: they decide nothing."""

    id: str
    name: str
    limit: Decimal = Decimal(0)
    buys: bool = False

    @property
    def reads_all(self) -> bool:
        """Whether they may read requests of others."""
        return self.buys or self.limit > 0


@dataclass(frozen=True, slots=True)
class PurchaseRequest:
    """One request, as it is now. `limit_text` is a number that this company keeps as text."""

    id: int
    number: str
    subject: str
    requester: str
    amount: Decimal
    lines: tuple[Mapping[str, Any], ...]
    changed_at: datetime
    changed_by: str
    revision: int = 1
    state: State = State.SUBMITTED
    cost_centre: str = "CC-10"
    note: str | None = None
    limit_text: str = "0.00"
    supplier_account: str = "012-345-678901"
    decided_by: str | None = None
    comment: str = ""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Carried:
    """A decision that was carried out: the digest of its body and what was answered."""

    digest: bytes
    answer: Mapping[str, Any]


@dataclass(slots=True)
class Company:
    """All of it. `writes` counts changes by decisions; `pace` is how many seconds one takes to be carried out."""

    now: Callable[[], datetime]
    users: dict[str, User] = field(default_factory=dict)
    requests: dict[str, PurchaseRequest] = field(default_factory=dict)
    carried: dict[tuple[str, str], Carried] = field(default_factory=dict)
    working: set[tuple[str, str]] = field(default_factory=set)
    writes: int = 0
    pace: float = 0.0

    def change(self, request: PurchaseRequest, by: str, **values: Any) -> PurchaseRequest:
        """Store new values of a request under its next revision."""
        revision = request.revision + 1
        changed = replace(request, **values, revision=revision, changed_at=self.now(), changed_by=by)
        self.requests[str(request.id)] = changed
        return changed

    def shown(self, request: PurchaseRequest) -> dict[str, Any]:
        """Return a request as it is pushed and read."""
        return {
            "type": KIND,
            "id": request.id,
            "revision": request.revision,
            "changed_at": request.changed_at.isoformat(),
            "changed_by": request.changed_by,
            "deleted": request.deleted,
            "request": {
                "number": request.number,
                "subject": request.subject,
                "state": request.state,
                "amount": request.amount,
                "currency": CURRENCY,
                "cost_centre": request.cost_centre,
                "note": request.note,
                "limit": request.limit_text,
                "supplier_account": request.supplier_account,
                "requester": self._person(request.requester),
                "lines": request.lines,
                "decided_by": request.decided_by,
                "comment": request.comment,
            },
        }

    def named(self, user: str | None) -> dict[str, str] | None:
        """Return a person as an answer names them."""
        return None if user is None else self._person(user)

    def fields_for(self, user: User, request: PurchaseRequest) -> list[str]:
        """Return the names of the fields that this person may read, none where the request is not theirs to read."""
        if request.deleted or not (user.reads_all or request.requester == user.id):
            return []
        names = _names(self.shown(request), "")
        return [name for name in names if name != ACCOUNT or user.buys]

    def _person(self, user: str) -> dict[str, str]:
        known = self.users.get(user)
        return {"id": user, "name": known.name if known else user}


def _names(value: Mapping[str, Any], head: str) -> list[str]:
    """Name the members of an object: dotted; rows first, then their columns."""
    names: list[str] = []
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            names += _names(inner, f"{head}{name}.")
            continue
        names.append(head + name)
        if isinstance(inner, tuple):
            names += dict.fromkeys(f"{head}{name}.{column}" for row in inner for column in row)
    return names


def filled(now: Callable[[], datetime]) -> Company:
    """Return a company at the beginning of its day."""
    company = Company(now)
    for user in (
        User("u-201", "Mira Chan"),
        User("u-204", "Ada Ho", Decimal(50_000)),
        User("u-205", "Lin Yun", Decimal(1_000_000)),
        User("u-209", "Tom Fu"),
        User("u-300", "Pia Lau", buys=True),
    ):
        company.users[user.id] = user
    gloves = {"item": "Gloves, size M", "quantity": Decimal(120), "unit": "box", "price": Decimal("38.50")}
    pump = {"item": "Vacuum pump", "quantity": Decimal(1), "unit": "pc", "price": Decimal("97000.25")}
    for number, (subject, amount, lines) in enumerate(
        (
            ("Gloves for the filling line", Decimal("4620.00"), (gloves,)),
            ("Vacuum pump, line 2", Decimal("97000.25"), (pump,)),
            ("Gloves, spare stock", Decimal("12800.50"), (gloves, gloves)),
        ),
        501,
    ):
        request = PurchaseRequest(
            number, f"PR-{number + 541}", subject, "u-201", amount, lines, company.now(), "u-201", limit_text="13000.00"
        )
        company.requests[str(number)] = request
    return company
