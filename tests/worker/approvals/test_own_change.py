"""Nobody is told of their own change: what somebody decided goes to everybody else, and not to them alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from pipelines.plan import Destination
from tests.worker.approvals.books import BOSS, Books
from tests.worker.approvals.hall import AMY, DORA, Hall
from tests.worker.stand_ins import Chat, rows
from worker.channels import Channel
from worker.ledger.tables import notice


@dataclass
class Own(Chat):
    """A chat that one person reads."""

    reader: str = AMY


@pytest.fixture
def chats(hall: Hall) -> dict[str, Own]:
    """Amy and Dora each have a chat of their own, and all have a group, which are told of every change."""
    (asks,) = hall.plan.routes
    chats = {"amy": Own("amy", reader=AMY), "dora": Own("dora", reader=DORA), "all": Own("all", reader="")}
    tells = replace(asks, name="tells", to=tuple(chats), decide=None, title="Changed")
    places = {name: Destination(name, "UTC", "en") for name in chats}
    hall.plan = replace(hall.plan, routes=(asks, tells), destinations={**hall.plan.destinations, **places})
    hall.channels |= {name: Channel(name, chat, tuple(chat.budgets())) for name, chat in chats.items()}
    return chats


def told(chats: dict[str, Own]) -> dict[str, int]:
    return {name: len(chat.bodies) for name, chat in chats.items()}


def test_a_decision_is_told_to_all_but_the_one_who_made_it(hall: Hall, chats: dict[str, Own]) -> None:
    key = hall.ask()
    assert told(chats) == {"amy": 1, "dora": 1, "all": 1}
    hall.press(key, AMY)
    hall.work()
    hall.dispatch()
    assert told(chats) == {"amy": 1, "dora": 2, "all": 2}
    assert "Not sent to amy, because its one reader made this change." in hall.story()


def test_a_change_of_ones_own_at_the_source_is_the_same(hall: Hall, books: Books, chats: dict[str, Own]) -> None:
    hall.ask()
    books.change(worth=7, by=BOSS)
    hall.arrive()
    hall.dispatch()
    assert told(chats) == {"amy": 1, "dora": 2, "all": 2}


def test_what_somebody_else_changed_as_well_is_told(hall: Hall, books: Books, chats: dict[str, Own]) -> None:
    hall.ask()
    books.change(worth=7)
    hall.arrive()
    books.change(worth=8, by=BOSS)
    hall.arrive()
    hall.dispatch()
    assert told(chats) == {"amy": 2, "dora": 2, "all": 2}


def test_who_decides_is_asked_whoever_changed_it(hall: Hall, books: Books) -> None:
    books.by = BOSS
    key = hall.ask()
    assert hall.buttons(key, AMY) == ["Approve", "Reject"]
    assert [row.reason for row in rows(hall.ledger, notice)] == ["told"]
