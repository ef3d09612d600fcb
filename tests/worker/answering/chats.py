"""A bridge whose group and whose board are told, and ask about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from connectors.contract import Reach
from tests.worker.answering.robots import Room, words
from tests.worker.ledgers import ROUTE, Bridge, deal

GROUP = "cid-sales"
REACHES = {"sales": Reach(place=GROUP), "board": Reach(people=frozenset({"u-boss"}))}
BOTH = replace(ROUTE, to=("sales", "board"))
Enter = Callable[[Bridge], Room]


def ask(one: Bridge, room: Room, text: str = "/why SO-1042", by: str = "u-boss", **where: object) -> str:
    """Ask in a chat of one's own; returns the answer."""
    room.plan = one.plan
    room.hear(words(text, by, **where), at=one.clock())
    room.answerer().run()
    return room.robot.texts.pop()


def in_group(one: Bridge, room: Room, text: str = "/why SO-1042", by: str = "u-amy") -> str:
    """Ask in the group."""
    return ask(one, room, text, by, conversation=GROUP, in_group=True)


def told(one: Bridge, stage: str, when: str) -> None:
    """Let the deal come into a stage, and be told."""
    one.clock.set(when)
    one.arrive(deal(stage, when=when))
    one.dispatch()
