"""What the day promises of who reads what, and when: what was expected, beside what people were shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.demo.chat import ALONE, Message

DEAL, DISCOUNT = "OPP-1042", "Discount %"
UNCONFIRMED = "SO-1040"
NIGHT: Mapping[str, str] = {"SO-1031": "packed", "SO-1032": "paid", "SO-1033": "paid"}
"""Orders of the night, with the status that each has in the morning."""

STATUS = "Status 状态"
BURST = 10
"""So many items are counted at once."""

Lines = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing that people were to be shown, in words: what was expected and what the chat shows."""

    name: str
    expected: Lines
    shown: Lines

    @property
    def kept(self) -> bool:
        """Whether people were shown what was expected, and nothing else."""
        return self.expected == self.shown

    def to_plain(self) -> dict[str, Any]:
        """Return it as values that JSON can hold."""
        return {"expected": self.expected, "shown": self.shown, "kept": self.kept}

    @property
    def sentence(self) -> str:
        """Both in words."""
        return f"{self.name}: expected {'; '.join(self.expected)}; shown {'; '.join(self.shown) or 'nothing'}"


def promises(read_by: Mapping[str, Sequence[Message]], shown: Sequence[Message], morning: datetime) -> list[Promise]:
    """Hold what was expected against what the people of Sales Hong Kong can read (`read_by`), and what all were shown.

    `morning` (aware) is when the quiet hours end.
    """
    return [
        Promise("withheld", tuple(f"{name} reads 1 field withheld" for name in read_by), tuple(_withheld(read_by))),
        Promise("split", ("Amy Wong reads, one to one, Discount %: 7.50",), tuple(_discounts(read_by))),
        Promise("digest", ("1 item in a message", f"{BURST} items in a message"), tuple(_counted(shown))),
        Promise("quiet", (_orders("after", list(NIGHT.items())),), tuple(_night(shown, morning))),
        Promise(
            "escalation",
            (
                f"Ben Lau reads, one to one, Please confirm order {UNCONFIRMED}",
                f"Amy Wong reads, one to one, Nobody has confirmed order {UNCONFIRMED}",
            ),
            tuple(_unconfirmed(read_by)),
        ),
    ]


def _withheld(read_by: Mapping[str, Sequence[Message]]) -> Iterator[str]:
    for name, messages in read_by.items():
        for message in _of("sales-hk", messages):
            if DEAL in message.facts and message.withheld:
                yield f"{name} reads {message.withheld} field withheld"


def _discounts(read_by: Mapping[str, Sequence[Message]]) -> Iterator[str]:
    """Tell who reads the discount where; Management, of which Amy is a member, is vouched for and another story."""
    for name, messages in read_by.items():
        for message in messages:
            if DEAL in message.facts and message.destination != "management":
                values = message.values(DISCOUNT)
                yield from (f"{name} reads, {_where(message)}, {DISCOUNT}: {value}" for value in values)


def _counted(shown: Sequence[Message]) -> Iterator[str]:
    for message in _of("warehouse", shown):
        items = len(set(message.facts))
        yield f"{items} item{'' if items == 1 else 's'} in a message"


def _night(shown: Sequence[Message], morning: datetime) -> Iterator[str]:
    for message in _of("export", shown):
        when = "after" if message.at >= morning.timestamp() else "in"
        yield _orders(when, sorted(zip(message.facts, message.values(STATUS), strict=False)))


def _orders(when: str, orders: Sequence[tuple[str, str]]) -> str:
    told = ", ".join(f"{number} {status}" for number, status in orders)
    return f"{when} the quiet hours, in one message: {told}"


def _unconfirmed(read_by: Mapping[str, Sequence[Message]]) -> Iterator[str]:
    found = [(message.at, name, message) for name, messages in read_by.items() for message in messages]
    for _, name, message in sorted(found, key=lambda one: one[0]):
        if UNCONFIRMED in message.facts:
            yield f"{name} reads, {_where(message)}, {message.title}"


def _of(destination: str, messages: Sequence[Message]) -> Iterator[Message]:
    return (message for message in messages if message.destination == destination)


def _where(message: Message) -> str:
    return "one to one" if message.conversation.startswith(ALONE) else f"in {message.destination}"
