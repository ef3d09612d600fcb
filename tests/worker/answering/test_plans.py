"""However much was told and answered, who asks is answered by indexes."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text, update

from tests.worker.test_postgres import ROWS, fill, plans
from worker.ledger import answers, readers, told
from worker.ledger.engine import Ledger
from worker.ledger.tables import MessageState, message, snapshot
from worker.ledger.told import Reading

LARGE = {"inbox", "snapshot", "notice", "message", "message_notice", "answer", "reader"}
READING = Reading({"d1": 0, "d2": 5}, "u-amy")
ANSWERED = """
INSERT INTO answer (application, "user", conversation, form, asked_at, state, due_at)
SELECT 'desk', 'u' || mod(g, 50), 'c', 0, g, 2, g FROM generate_series(1, :all) g
"""
READ = """
INSERT INTO reader (application, reader, destination, place, since)
SELECT 'desk', 'u' || g, 'd' || g, false, 0 FROM generate_series(1, :all) g
"""


@pytest.mark.parametrize("counted", ["", "ANALYZE"])
def test_no_answer_reads_a_whole_table(uncounted: Ledger, counted: str) -> None:
    fill(uncounted)
    with uncounted.write() as connection:
        connection.execute(update(snapshot).values(number=text("'SO-' || seq")))
        old = update(message).where(message.c.id <= ROWS - 1000)
        connection.execute(old.values(state=MessageState.DELIVERED, outcome="delivered", settled_at=message.c.id))
        for statement in (ANSWERED, READ):
            connection.execute(text(statement), {"all": ROWS})
    with uncounted.read() as connection:
        if counted:
            connection.execute(text(counted))
        with plans(uncounted) as found:
            told.of_number(uncounted, connection, READING, {f"SO-{ROWS - 2000}"}, 20)
            told.newest(uncounted, connection, READING)
            answers.any_due(connection, 0)
            answers.due(uncounted, connection, 0, 50)
            readers.of_person(connection, "desk", "u5")
    assert len(found) > 10
    read = {table for plan in found for table in re.findall(r"Seq Scan on (\w+)", plan)}
    assert read & LARGE == set()
