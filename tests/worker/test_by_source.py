"""The source itself says who may see a field of a record; only the source, the group and its organisation are played."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from connectors.contract import Choice, Delivery, Misconfigured, Outcome, Recalled, Record, Retryable, Throttled, Topic
from pipelines.audience import MOST_ASKED
from pipelines.clearances import Clearance, Clearances
from pipelines.plan import FieldMap, FieldType, Plan, Policy, Route
from tests.worker.company import APP, Company
from tests.worker.company import person as member
from tests.worker.crm import Crm, matched
from tests.worker.group import Group
from tests.worker.office import Office, go, news, rest
from tests.worker.stand_ins import KIND, ROUTE, Chat, deal, plan_of, rows
from worker.channels import Channel
from worker.disclosed import Disclosed
from worker.ledger import disclosures
from worker.ledger.audiences import Ages
from worker.ledger.engine import Ledger
from worker.ledger.tables import MessageState, NoticeState, disclosure, match, notice
from worker.limiter import Limiter
from worker.readers import Readers
from worker.repair.recall import Recaller

BY_SOURCE = Clearance("finance", APP, by_source=True)
AMOUNT = FieldMap("amount", "Amount", FieldType.NUMBER, "Amount", data_class="finance")
SHOWN, BARE = [["SO-d1 Open 1"]], [["SO-d1 Open"]]


def plan(*of: Clearance, kind: tuple[FieldMap, ...] = (AMOUNT,), route: Route = ROUTE) -> Plan:
    plain = plan_of(replace(route, fields=("stage", *(one.name for one in kind))))
    return replace(
        plain,
        kinds={("crm", "Deal"): replace(KIND, fields=(*KIND.fields, *kind))},
        destinations={name: replace(each, application=APP) for name, each in plain.destinations.items()},
        clearances=Clearances(of or (BY_SOURCE,)),
    )


@pytest.fixture
def crm() -> Iterator[Crm]:
    crm = Crm()
    yield crm
    if crm.gate is not None:
        crm.gate.set()


@pytest.fixture
def group() -> Group:
    return Group(people={"u-amy"})


@pytest.fixture
def company(ledger: Ledger) -> Iterator[Company]:
    company = Company(ledger)
    company.read()
    matched(ledger, "u-amy", "u-ben")
    yield company
    for thread in threading.enumerate():
        # what is asked beside the turns writes to the ledger, which is closed after this
        if thread.name.startswith(("readers-", "sights-")):
            thread.join(10)


@pytest.fixture
def office(company: Company, limiter: Limiter, group: Group, crm: Crm) -> Office:
    return Office(company.ledger, limiter, plan(), [group], {"crm": crm.source})


def told(office: Office, *records: Record, ages: Ages | None = None) -> list[list[str]]:
    """Tell records, and return what the group read of them."""
    (group,) = office.chats
    before = len(group.bodies)
    office.tell(*records)
    with office.worker(ages=ages or Ages()) as worker:
        assert go(worker, lambda: NoticeState.WAITING not in office.notices())
        rest(worker, 0.2)
    return group.told[before:]


def test_whoever_the_source_lets_read_the_field_is_told_it(office: Office, crm: Crm) -> None:
    assert told(office, deal()) == SHOWN
    assert crm.asked == [("s-amy", "Deal", ("d1",))]


@pytest.mark.parametrize("hidden", ["Amount", "d1"])
def test_whom_the_source_hides_the_field_or_the_record_from_is_not(office: Office, crm: Crm, hidden: str) -> None:
    crm.hidden = {("s-amy", hidden)}
    assert told(office, deal()) == BARE


def test_each_member_of_a_group_must_be_let(office: Office, crm: Crm, group: Group) -> None:
    group.people = {"u-amy", "u-ben"}
    assert told(office, deal()) == SHOWN
    crm.hidden = {("s-ben", "Amount")}
    assert told(office, deal("d2")) == [["SO-d2 Open"]]


def test_who_is_cleared_otherwise_is_not_asked_about(office: Office, crm: Crm, group: Group) -> None:
    office.plan = plan(replace(BY_SOURCE, roles=("Controller",)))
    group.people = {"u-amy", "u-ben"}
    crm.hidden = {("s-amy", "Amount")}
    assert told(office, deal()) == SHOWN
    assert [actor for actor, *_ in crm.asked] == ["s-ben"]


def test_each_record_of_a_message_is_by_itself(office: Office, crm: Crm, group: Group) -> None:
    group.people = {"u-amy", "u-ben"}
    crm.hidden = {("s-ben", "d2")}
    facts = [fact for message in told(office, deal("d1"), deal("d2"), deal("d3")) for fact in message]
    assert sorted(facts) == ["SO-d1 Open 1", "SO-d2 Open", "SO-d3 Open 1"]
    assert sorted(actor for actor, *_ in crm.asked) == ["s-amy", "s-ben"], "one question for all records"


def test_all_fields_of_the_class_that_the_route_shows_must_be_let(office: Office, crm: Crm) -> None:
    cost = FieldMap("cost", "Cost", FieldType.NUMBER, "Cost", data_class="finance")
    office.plan = plan(kind=(AMOUNT, cost))
    both = {"Stage": Choice("Open", "Open"), "Amount": Decimal(1), "Cost": Decimal(2)}
    assert told(office, deal(fields=both)) == BARE
    crm.fields |= {"Cost"}
    assert told(office, deal("d2", fields=both)) == [["SO-d2 Open 1 2"]]


@pytest.mark.parametrize("state", ["ambiguous", "left", "nobody"])
def test_who_is_not_matched_beyond_doubt_is_not_let(office: Office, crm: Crm, group: Group, state: str) -> None:
    with office.ledger.write() as connection:
        connection.execute(update(match).where(match.c.user == "u-ben").values(state=state))
    group.people = {"u-amy", "u-ben"}
    assert told(office, deal()) == BARE
    assert crm.asked == [], "it is the same for all whatever the source says of the others"


def test_who_is_to_be_read_again_is_not_let(office: Office, company: Company, crm: Crm) -> None:
    company.news(Topic.PERSON, "u-amy")
    assert told(office, deal(), ages=Ages(settling=timedelta(0))) == BARE
    assert crm.asked == []


@pytest.mark.parametrize(
    "failing",
    [Misconfigured("no"), Throttled("later", after=timedelta(hours=1), scope="org"), Retryable("away"), OSError()],
)
def test_a_source_that_cannot_be_asked_clears_nobody_and_keeps_nobody_waiting(
    office: Office, crm: Crm, failing: Exception
) -> None:
    crm.failing = failing
    assert told(office, deal()) == BARE


def test_one_person_about_whom_it_cannot_be_asked_stands_in_nobody_elses_way(
    company: Company, limiter: Limiter, crm: Crm
) -> None:
    amy, ben = Group("amy", people={"u-amy"}, place="amy"), Group("ben", people={"u-ben"}, place="ben")
    office = Office(company.ledger, limiter, plan(route=replace(ROUTE, to=("amy", "ben"))), [amy, ben])
    office.sources = {"crm": crm.source}
    crm.failing, crm.failing_of = Misconfigured("not licensed"), "s-amy"
    office.tell(deal())
    with office.worker() as worker:
        assert go(worker, lambda: amy.told == BARE and ben.told == SHOWN)


def test_a_source_that_is_not_asked_such_things_clears_nobody(office: Office) -> None:
    office.sources = {"crm": replace(Crm().source, client=object())}
    assert told(office, deal()) == BARE


def test_a_group_of_more_than_twenty_is_not_asked_about(
    office: Office, company: Company, crm: Crm, group: Group
) -> None:
    users = [f"u-{number}" for number in range(21)]
    company.people |= {user: member(user) for user in users}
    company.read()
    matched(office.ledger, *users)
    group.people = set(users)
    assert told(office, deal()) == BARE
    assert crm.asked == []
    group.people.remove("u-20")
    news(office, Topic.GROUP_LEFT)
    assert told(office, deal("d2")) == [["SO-d2 Open 1"]]
    assert len(crm.asked) == MOST_ASKED


def test_a_fact_waits_for_the_answer_and_no_other_does(
    company: Company, limiter: Limiter, crm: Crm, group: Group
) -> None:
    other = Chat("ops")
    of = plan(route=replace(ROUTE, to=("sales", "ops")))
    office = Office(company.ledger, limiter, of, [group, other], {"crm": crm.source})
    crm.gate, crm.gated = threading.Event(), "s-amy"
    office.tell(deal("d1"), deal("d2", fields={"Stage": Choice("Open", "Open")}))
    with office.worker() as worker:
        assert go(worker, lambda: len(other.told) == 2 and group.told == [["SO-d2 Open"]])
        rest(worker, 0.3)
        assert group.told == [["SO-d2 Open"]]
        crm.gate.set()
        assert go(worker, lambda: len(group.told) == 2)
    assert group.told[1:] == SHOWN


def test_an_answer_holds_for_so_long_and_for_one_state_of_a_record(office: Office, crm: Crm, group: Group) -> None:
    ages = Ages(listed=timedelta(seconds=1.5))
    with office.worker(ages=ages) as worker:
        for minute in (0, 1):
            office.tell(deal(stage=f"Open {minute}", minute=minute))
            assert go(worker, lambda: len(group.told) == minute + 1)  # noqa: B023 - it is called at once
        assert len(crm.asked) == 2
        crm.hidden = {("s-amy", "Amount")}
        rest(worker, 1.6)
        office.tell(deal(stage="Won", minute=2))
        assert go(worker, lambda: len(group.told) == 3)
    assert group.told == [["SO-d1 Open 0 1"], ["SO-d1 Open 1 1"], ["SO-d1 Won"]]


def test_a_split_tells_one_to_one_whom_the_source_lets_see_it(company: Company, limiter: Limiter, crm: Crm) -> None:
    group = Group(people={"u-amy", "u-ben"})
    route = replace(ROUTE, policy=Policy.SPLIT, details="staff", required=("amount",))
    of = plan(route=route)
    of = replace(of, destinations={**of.destinations, "staff": replace(of.destinations["sales"], name="staff")})
    office = Office(company.ledger, limiter, of, [group], {"crm": crm.source})
    crm.hidden = {("s-ben", "Amount")}
    office.tell(deal())
    with office.worker() as worker:
        assert go(worker, lambda: group.told == BARE)
        rest(worker, 0.2)
    assert [row.destination for row in rows(office.ledger, notice)] == ["sales", "staff/u-amy"]


@pytest.mark.parametrize("hides", [True, False])
def test_a_message_that_goes_out_again_shows_what_the_source_lets_be_read_then(
    office: Office, crm: Crm, group: Group, hides: bool
) -> None:
    group.answers.append(Delivery(Outcome.THROTTLED, "130101", "send too fast", timedelta(seconds=1)))
    office.tell(deal())
    with office.worker(ages=Ages(listed=timedelta(seconds=0.8))) as worker:
        assert go(worker, lambda: office.attempts() == [Outcome.THROTTLED])
        crm.hidden = {("s-amy", "Amount")} if hides else set()
        assert go(worker, lambda: office.notices() == [NoticeState.SHOWN])
    assert group.told == [*SHOWN, *(BARE if hides else SHOWN)]
    assert office.messages() == ([MessageState.DEAD] if hides else []) + [MessageState.DELIVERED]
    assert [actor for actor, *_ in crm.asked] == ["s-amy"] * 2


@dataclass
class Room(Group):
    """A group whose messages can be taken back."""

    recalled_within: timedelta = timedelta(hours=24)
    back: list[str] = field(default_factory=list)

    def send(self, frozen: bytes) -> Delivery:
        return replace(super().send(frozen), handle=f"h{len(self.bodies)}")

    def recall(self, handles: Sequence[str]) -> Recalled:
        self.back += handles
        return Recalled(tuple(handles), {})


@pytest.fixture
def room(office: Office) -> Room:
    room = Room(people={"u-amy"})
    office.chats = [room]
    return room


def look(office: Office, times: int = 2) -> list[tuple[str, ...]]:
    """Look who read what was sent, as if the time for it had come, and return who read what they may not."""
    channels = {"sales": Channel("sales", office.chats[0], ())}
    readers = Readers(office.ledger, office.limiter, lambda: None, Ages())
    readers.follow(channels, office.plan, office.sources)
    recaller = Recaller(office.ledger, office.limiter, channels, "clearance")
    for _ in range(times):
        with office.ledger.write() as connection:
            connection.execute(update(disclosure).where(disclosure.c.look_at.is_not(None)).values(look_at=0))
        Disclosed(office.ledger, readers, recaller, office.plan, Ages()).run()
        time.sleep(0.3)  # the source is asked beside
    with office.ledger.read() as connection:
        return [one.people for one in disclosures.overseen_since(connection, 0)]


def test_who_joined_and_may_not_read_it_in_the_source_is_reported_alone(office: Office, crm: Crm, room: Room) -> None:
    crm.hidden = {("s-ben", "Amount")}
    assert told(office, deal()) == SHOWN
    room.people = {"u-amy", "u-ben"}
    assert look(office, times=1) == [], "the source is asked first"
    assert (look(office), room.back) == ([("u-ben",)], ["h1"])


def test_who_joined_and_may_read_it_is_not_reported(office: Office, room: Room) -> None:
    assert told(office, deal()) == SHOWN
    room.people = {"u-amy", "u-ben"}
    assert look(office) == []
    assert [row.look_at for row in rows(office.ledger, disclosure)] == [None]


def test_nobody_is_reported_while_the_source_cannot_be_asked(office: Office, crm: Crm, room: Room) -> None:
    assert told(office, deal()) == SHOWN
    room.people = {"u-amy", "u-ben"}
    crm.failing = Retryable("away")
    assert look(office) == []
    assert [row.look_at is None for row in rows(office.ledger, disclosure)] == [False]


def test_one_that_may_not_read_one_of_two_records_is_found_by_that_one(office: Office, crm: Crm, room: Room) -> None:
    assert len(told(office, deal("d1"), deal("d2"))) == len(room.bodies)
    room.people = {"u-amy", "u-ben"}
    crm.hidden = {("s-ben", "d2")}
    assert look(office) == [("u-ben",)]
