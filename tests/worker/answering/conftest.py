"""A room beside a bridge."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from tests.worker.answering.chats import REACHES, Enter
from tests.worker.answering.robots import Room
from tests.worker.ledgers import Bridge
from worker.ledger.tables import reader
from worker.limiter import Limiter


@pytest.fixture
def enter(limiter: Limiter) -> Enter:
    """Give a room whose readers have read everything since ever."""

    def entered(one: Bridge) -> Room:
        room = Room(one.ledger, limiter, one.plan, dict(REACHES))
        room.note()
        with one.ledger.write() as connection:
            connection.execute(update(reader).values(since=0))
        return room

    return entered
