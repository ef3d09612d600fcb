"""What a message shows is checked until it leaves, and looked after once it has; only group and organisation are played."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from connectors.contract import Delivery, Outcome, Recalled, Retryable, Topic
from pipelines.clearances import Clearance, Clearances
from pipelines.plan import FieldMap, FieldType, Plan
from tests.worker.company import APP, Company
from tests.worker.group import Group
from tests.worker.office import Office, go, news, rest
from tests.worker.stand_ins import KIND, ROUTE, deal, plan_of, rows
from worker.channels import Channel
from worker.clearing import Clearing
from worker.disclosed import Disclosed, Losing
from worker.ledger import disclosures
from worker.ledger.audiences import Ages
from worker.ledger.disclosures import Overseen
from worker.ledger.tables import MessageState, NoticeState, disclosure, message
from worker.limiter import Limiter
from worker.readers import Readers
from worker.repair.recall import Recaller

AGES = Ages(listed=timedelta(seconds=60))
SHOWN, BARE = ["SO-d1 Open 1"], ["SO-d1 Open"]


@dataclass
class Room(Group):
    """A group whose messages can be taken back."""

    recalled_within: timedelta = timedelta(hours=24)
    back: list[str] = field(default_factory=list)

    def send(self, frozen: bytes) -> Delivery:
        said = super().send(frozen)
        return replace(said, handle=f"h{len(self.bodies)}") if said.outcome is Outcome.DELIVERED else said

    def recall(self, handles: Sequence[str]) -> Recalled:
        self.back += handles
        return Recalled(tuple(handles), {})


@dataclass
class House:
    """A group in which finance goes to whoever has the role, and what looks after its messages."""

    company: Company
    office: Office
    room: Room

    @property
    def plan(self) -> Plan:
        return self.office.plan

    def tell(self, minute: int = 0) -> list[list[str]]:
        before = len(self.room.bodies)
        self.office.tell(deal(minute=minute, stage="Open" if not minute else f"Open {minute}"))
        with self.office.worker(ages=AGES) as worker:
            assert go(worker, lambda: NoticeState.WAITING not in self.office.notices())
            rest(worker, 0.2)
        return self.room.told[before:]

    def look(self) -> int:
        """Look who read what, as if the time for it had come."""
        with self.office.ledger.write() as connection:
            due = update(disclosure).where(disclosure.c.look_at.is_not(None))
            connection.execute(due.values(look_at=0))
        channels = {"sales": Channel("sales", self.room, self.room.budgets())}
        readers = Readers(self.office.ledger, self.office.limiter, lambda: None, AGES)
        readers.follow(channels, self.plan)
        recaller = Recaller(self.office.ledger, self.office.limiter, channels, "clearance")
        return Disclosed(self.office.ledger, readers, recaller, self.plan, AGES).run()

    def overseen(self) -> list[Overseen]:
        with self.office.ledger.read() as connection:
            return disclosures.overseen_since(connection, 0)

    def lost(self) -> dict[str, tuple[tuple[str, ...], int, tuple[str, ...]]]:
        """Look who may see less, and return all that was ever found."""
        clearing = Clearing(self.office.ledger, self.plan.clearances, AGES)
        Losing(self.office.ledger, self.plan, clearing).run(APP)
        with self.office.ledger.read() as connection:
            return {
                one.user: (one.classes, one.messages, one.destinations) for one in disclosures.lost_since(connection, 0)
            }


@pytest.fixture
def house(ledger: object, limiter: Limiter) -> House:
    company = Company(ledger)  # type: ignore[arg-type]  # the fixture of both engines
    company.read()
    secret = FieldMap("amount", "Amount", FieldType.NUMBER, "Amount", data_class="finance")
    plain = plan_of(replace(ROUTE, fields=("stage", "amount")))
    whole = replace(
        plain,
        kinds={("crm", "Deal"): replace(KIND, fields=(*KIND.fields, secret))},
        destinations={name: replace(each, application=APP) for name, each in plain.destinations.items()},
        clearances=Clearances((Clearance("finance", APP, roles=("Controller",)),)),
    )
    room = Room(people={"u-amy"})
    return House(company, Office(company.ledger, limiter, whole, [room]), room)


def test_who_joined_while_a_message_left_is_reported_and_the_message_taken_back(house: House) -> None:
    assert house.tell() == [SHOWN]
    house.room.people = {"u-amy", "u-ben"}
    assert house.look() == 1
    (one,) = house.overseen()
    assert (one.message_id, one.destination, one.classes, one.people) == (1, "sales", ("finance",), ("u-ben",))
    assert one.became == "recalled"
    assert house.room.back == ["h1"]
    assert house.look() == 0


def test_somebody_from_outside_is_reported_as_well(house: House) -> None:
    house.tell()
    house.room.outsiders = {"union-1"}
    house.look()
    assert [one.people for one in house.overseen()] == [("outside",)]


def test_where_nobody_joined_nothing_is_said(house: House) -> None:
    house.tell()
    asked = house.room.asked
    assert house.look() == 0
    assert house.overseen() == []
    assert house.room.asked == asked + 1
    assert [row.look_at for row in rows(house.office.ledger, disclosure)] == [None]


def test_a_member_who_is_just_being_read_again_is_waited_for(house: House) -> None:
    house.tell()
    house.company.news(Topic.PERSON, "u-amy")
    assert (house.look(), house.overseen()) == (0, [])
    assert [row.look_at is None for row in rows(house.office.ledger, disclosure)] == [False]
    house.company.heed()
    assert (house.look(), house.overseen(), house.room.back) == (0, [], [])


def test_who_lost_the_role_meanwhile_did_not_join(house: House) -> None:
    house.tell()
    house.company.takes("u-amy")
    house.company.heed()
    assert (house.look(), house.overseen(), house.room.back) == (0, [], [])


def test_who_joined_and_left_again_is_reported_as_well(house: House) -> None:
    with house.office.worker(ages=AGES) as worker:
        house.room.gate = threading.Event()
        house.office.tell(deal())
        assert go(worker, lambda: bool(house.room.bodies))
        news(house.office, Topic.GROUP_JOINED, people=("u-ben",))
        house.room.gate.set()
        assert go(worker, lambda: house.office.notices() == [NoticeState.SHOWN])
    news(house.office, Topic.GROUP_LEFT, people=("u-ben",))
    assert house.look() == 1
    assert [one.people for one in house.overseen()] == [("u-ben",)]


def test_what_everybody_may_see_is_not_looked_after(house: House) -> None:
    house.room.people = {"u-amy", "u-ben"}
    assert house.tell() == [BARE]
    assert rows(house.office.ledger, disclosure) == []


def test_readers_that_cannot_be_asked_are_asked_again(house: House) -> None:
    house.tell()
    house.room.people = {"u-amy", "u-ben"}
    house.room.failing = Retryable("DingTalk is busy.")
    assert (house.look(), house.overseen()) == (0, [])
    house.room.failing = None
    assert house.look() == 1


def test_a_message_that_goes_out_again_goes_to_those_who_may_read_it(house: House) -> None:
    house.room.answers.append(Delivery(Outcome.THROTTLED, "130101", "send too fast", timedelta(seconds=1)))
    house.office.tell(deal())
    with house.office.worker(ages=AGES) as worker:
        assert go(worker, lambda: house.office.attempts() == [Outcome.THROTTLED])
        house.room.people = {"u-amy", "u-ben"}
        news(house.office, Topic.GROUP_JOINED, people=("u-ben",))
        assert go(worker, lambda: house.office.notices() == [NoticeState.SHOWN])
    assert house.room.told == [SHOWN, BARE]
    assert house.office.messages() == [MessageState.DEAD, MessageState.DELIVERED]
    assert rows(house.office.ledger, message)[0].reason == disclosures.ALTERED


def test_a_message_that_may_have_come_is_not_told_again_to_others(house: House) -> None:
    house.room.answers.append(Delivery(Outcome.UNKNOWN, "timeout", "no answer"))
    house.office.tell(deal())
    with house.office.worker(ages=AGES) as worker:
        assert go(worker, lambda: house.office.attempts() == [Outcome.UNKNOWN])
        house.room.people = {"u-amy", "u-ben"}
        news(house.office, Topic.GROUP_JOINED, people=("u-ben",))
        assert go(worker, lambda: house.office.notices() == [NoticeState.DEAD])
    assert house.room.told == [SHOWN]


def test_what_somebody_was_shown_is_reported_when_they_lose_the_role(house: House) -> None:
    assert house.lost() == {}
    house.tell()
    house.tell(minute=5)
    house.company.takes("u-amy")
    assert house.lost() == {}, "nothing is said before it was read"
    house.company.heed()
    assert house.lost() == {"u-amy": (("finance",), 2, ("sales",))}
    house.company.gives("u-amy")
    house.company.heed()
    assert len(house.lost()) == 1


def test_a_queue_that_takes_too_long_is_looked_at_again(house: House) -> None:
    """A message leaves only while the list holds by which it was put together."""
    house.office.tell(deal())
    with house.office.worker(ages=Ages(listed=timedelta(seconds=0.001))) as worker:
        rest(worker, 1.0)
    assert house.room.told == []
    assert NoticeState.SHOWN not in house.office.notices()
