"""Who has read a message: asked once, kept, and said in plain words where it cannot be known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import update

from connectors.contract import Budget, Delivery, Month, Outcome, Purpose, Reached, Refused, Resend
from tests.worker.office import Office, go, rest
from tests.worker.stand_ins import Chat, deal, rows
from worker.channels import Channel
from worker.ledger import months
from worker.ledger.engine import MICROSECONDS, now
from worker.ledger.months import Spent
from worker.ledger.tables import message, message_person
from worker.reading import Answer, ReaderInquiry, Readers


@dataclass
class Letters(Chat):
    """A channel that tells who has read what it sent."""

    resend: Resend = Resend.DUPLICATES
    read_within: timedelta = timedelta(hours=24)
    people: Mapping[str, Reached] | Exception = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def read_by(self, handle: str) -> Mapping[str, Reached]:
        self.asked.append(handle)
        if isinstance(self.people, Exception):
            raise self.people
        return self.people


@pytest.fixture
def chat() -> Letters:
    return Letters()


def deliver(office: Office, chat: Chat, handle: str = "m1") -> None:
    chat.answers.append(Delivery(Outcome.DELIVERED, handle=handle, people={"amy": Reached.TAKEN}))
    office.tell(deal(f"d{len(rows(office.ledger, message)) + 1}"))
    with office.worker() as worker:
        assert go(worker, lambda: all(row.settled_at for row in rows(office.ledger, message)))
        rest(worker, 0.3)


def inquiry(office: Office, chat: Chat, *more: Budget) -> ReaderInquiry:
    return ReaderInquiry(office.ledger, office.limiter, {chat.name: Channel(chat.name, chat, (*chat.budgets(), *more))})


def ask(office: Office, chat: Chat) -> Readers:
    [found] = inquiry(office, chat).message(1)
    return found


def test_who_has_read_it_is_asked_once_and_kept(office: Office, chat: Letters) -> None:
    deliver(office, chat)
    chat.people = {"amy": Reached.READ, "ben": Reached.UNREAD}
    found = ask(office, chat)
    assert (found.answer, found.people) == (Answer.ASKED, chat.people)
    assert found.sentence == "In sales: read by amy; not read yet by ben."
    assert chat.asked == ["m1"]
    known = [(row.person, row.reached) for row in rows(office.ledger, message_person)]
    assert known == [("amy", "read"), ("ben", "unread")]


def test_each_message_of_a_record_is_asked_about(office: Office, chat: Letters) -> None:
    deliver(office, chat)
    deliver(office, chat, "m2")
    [found] = inquiry(office, chat).record("SO-d2")
    assert (found.message_id, found.sentence) == (2, "In sales: nobody has read it yet.")
    assert chat.asked == ["m2"]
    assert inquiry(office, chat).record("SO-d9") == []


def test_why_nobody_can_say(office: Office, chat: Letters) -> None:
    deliver(office, chat)
    assert ask(office, Chat()).answer is Answer.CANNOT
    assert ask(office, Letters("other")).answer is Answer.GONE
    chat.people = Refused("DingTalk does not know this message.")
    refused = ask(office, chat)
    assert (refused.answer, "does not know this message" in refused.sentence) == (Answer.REFUSED, True)
    with office.ledger.write() as connection:
        connection.execute(update(message).values(settled_at=now() - 25 * 3600 * MICROSECONDS))
    late = ask(office, chat)
    assert (late.answer, "within 24 hours" in late.sentence) == (Answer.TOO_LATE, True)
    with office.ledger.write() as connection:
        connection.execute(update(message).values(handle=""))
    assert ask(office, chat).answer is Answer.NO_NAME
    with office.ledger.write() as connection:
        connection.execute(update(message).values(recalled_at=now()))
    assert ask(office, chat).answer is Answer.RECALLED
    assert chat.asked == ["m1"]


def test_what_is_urgent_keeps_its_share_of_the_month(office: Office, chat: Letters) -> None:
    deliver(office, chat)
    month = Month(100, "Asia/Shanghai")
    with office.ledger.write() as connection:
        months.spend(office.ledger, connection, [Spent("company", month, Purpose.MESSAGE, now(), 96)])
    [found] = inquiry(office, chat, Budget("company", month=month)).message(1)
    assert (found.answer, "quota" in found.sentence, chat.asked) == (Answer.REFUSED, True, [])
