"""A channel that splits by weight, so that a test can say which fact is too large."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from connectors.contract import Budget, Delivery, Draft, Fact, Outcome, Resend

ROOM = 4
"""The weight that one message carries."""
MOST_MENTIONS = 2


def weight(fact: Fact) -> int:
    """What the number of a fact says behind `w`; 1 where it says nothing."""
    found = re.search(r"w(\d+)$", fact.number)
    return int(found[1]) if found else 1


@dataclass(slots=True)
class Splitting:
    """Packs greedily, cuts what is too large into pieces, and mentions only a few people in each message."""

    resend: Resend = Resend.IDEMPOTENT
    drafts: list[Draft] = field(default_factory=list)

    def budgets(self) -> Sequence[Budget]:
        """No quota: a test says how many messages are free."""
        return (Budget("test"),)

    def pack(self, draft: Draft) -> Sequence[tuple[Draft, Sequence[int]]]:
        """Split as the contract says."""
        self.drafts.append(draft)
        groups: list[list[int]] = []
        used = ROOM
        for index, fact in enumerate(draft.facts):
            left = weight(fact)
            while left > 0:
                piece = min(left, ROOM)
                if used + piece > ROOM:
                    groups.append([])
                    used = 0
                groups[-1].append(index)
                used, left = used + piece, left - piece
        people = [draft.mentions[n : n + MOST_MENTIONS] for n in range(0, len(draft.mentions), MOST_MENTIONS)]
        parts: list[tuple[Draft, Sequence[int]]] = []
        for n in range(max(len(groups), len(people), 1)):
            group = groups[n] if n < len(groups) else []
            mentions = people[n] if n < len(people) else ()
            parts.append((replace(draft, facts=tuple(draft.facts[i] for i in group), mentions=mentions), group))
        return parts

    def freeze(self, draft: Draft, key: str) -> bytes:
        """Bytes that a person can read in a failed test."""
        return f"{key} {draft!r}".encode()

    def send(self, frozen: bytes) -> Delivery:
        """Deliver nothing anywhere."""
        return Delivery(Outcome.DELIVERED, code=str(len(frozen)))
