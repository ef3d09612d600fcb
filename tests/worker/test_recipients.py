"""Who is told one to one because a field names them: over a real ledger, only the chats are played."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from connectors.contract import Delivers, Person, Record
from pipelines.matching import Bond, Matched, MatchState
from pipelines.plan import ByPerson, Destination, FieldMap, FieldType, Kind, Plan, Route
from pipelines.verdict import Reason
from tests.worker.office import go
from tests.worker.stand_ins import Chat, deal, decider, rows, store
from worker.channels import Channel, Channels
from worker.dispatch import Crew, Dispatcher
from worker.ledger import matches, people
from worker.ledger.engine import Ledger, now
from worker.ledger.tables import MessageState, NoticeState, message, notice
from worker.limiter import Limiter

OFFICE = "office"
KIND = Kind(
    "crm",
    "Deal",
    (FieldMap("stage", "Stage", FieldType.CHOICE, "Stage"), FieldMap("owner", "Owner", FieldType.LIST, "Owner")),
)
ROUTE = Route("deals", "crm", "Deal", ("staff", "sales"), "Deal", ("stage",), by=ByPerson("owner", "staff", ("sales",)))


@dataclass
class Company:
    """A ledger whose people are matched, a group, and a chat with each person."""

    ledger: Ledger
    limiter: Limiter
    route: Route = ROUTE
    sales: Chat = field(default_factory=lambda: Chat("sales"))
    chats: dict[str, Chat] = field(default_factory=dict)

    @property
    def plan(self) -> Plan:
        places = {name: Destination(name, "UTC", "en") for name in ("staff", "sales")}
        return Plan(repr(self.route), {("crm", "Deal"): KIND}, (self.route,), places)

    @property
    def channels(self) -> Channels:
        def to(_name: str, user: str) -> Delivers:
            return self.chats.setdefault(user, Chat("staff"))

        return Channels({"sales": self._channel(self.sales)}, {"staff": self._channel(Chat("staff"))}, to)

    @staticmethod
    def _channel(chat: Chat) -> Channel:
        return Channel(chat.name, chat, chat.budgets())

    def match(self, users: Mapping[str, str]) -> None:
        """Let the source's users be these people, and nobody else be matched."""
        found = [Matched(user, MatchState.MATCHED, Bond(person)) for user, person in users.items()]
        with self.ledger.write() as connection:
            matches.put(self.ledger, connection, "crm", OFFICE, found)

    def hire(self, user: str, manager: str = "") -> None:
        one = Person(user, user.title(), datetime.now(UTC), manager=manager)
        with self.ledger.write() as connection:
            people.put(self.ledger, connection, OFFICE, [one], now())

    def tell(self, *records: Record) -> None:
        store(self.ledger, *records)
        decider(self.ledger, self.plan).step()

    @contextmanager
    def worker(self) -> Iterator[Dispatcher]:
        crew = Crew("worker-1", list, 4, 30.0)
        one = Dispatcher(self.ledger, self.limiter, self.plan, self.channels, crew)
        try:
            yield one
        finally:
            one.close()

    def dispatch(self) -> None:
        """Send until nothing waits."""
        with self.worker() as worker:
            assert go(worker, lambda: not self._open())

    def _open(self) -> bool:
        waits = any(row.state in {NoticeState.WAITING, NoticeState.FRAMED} for row in rows(self.ledger, notice))
        return waits or any(row.state != MessageState.DELIVERED for row in rows(self.ledger, message))

    @property
    def told(self) -> dict[str, list[list[str]]]:
        """What came, by person and in the group."""
        everywhere = {"sales": self.sales, **self.chats}
        return {name: chat.told for name, chat in everywhere.items() if chat.told}


@pytest.fixture
def company(ledger: Ledger, limiter: Limiter) -> Company:
    return Company(ledger, limiter)


def owned(*owners: str, id_: str = "d1", stage: str = "Open", minute: int = 0) -> Record:
    record = deal(id_, stage, minute)
    return replace(record, fields={**record.fields, "Owner": tuple(owners)})


def test_whom_the_field_names_is_told_alone(company: Company) -> None:
    company.match({"005A": "amy", "005B": "ben"})
    company.tell(owned("005A"), owned("005B", id_="d2"))
    company.dispatch()
    assert company.told == {"amy": [["SO-d1 Open"]], "ben": [["SO-d2 Open"]]}
    assert [row.destination for row in rows(company.ledger, message)] == ["staff/amy", "staff/ben"]


def test_several_are_told_each_and_nobody_twice(company: Company) -> None:
    company.match({"005A": "amy", "005B": "ben", "old-A": "amy"})
    company.tell(owned("005A", "old-A", "005B"))
    company.dispatch()
    assert company.told == {"amy": [["SO-d1 Open"]], "ben": [["SO-d1 Open"]]}


def test_nobody_known_means_the_others(company: Company) -> None:
    company.match({"005B": "ben"})
    company.tell(owned("005A"), owned(id_="d2"))
    company.dispatch()
    assert sorted(company.sales.told) == [["SO-d1 Open"], ["SO-d2 Open"]]


def test_two_unknown_people_are_one_message_to_the_others(company: Company) -> None:
    company.tell(owned("005A", "005B"))
    company.dispatch()
    assert company.told == {"sales": [["SO-d1 Open"]]}


def test_the_manager_is_told(company: Company) -> None:
    company.route = replace(ROUTE, by=ByPerson("owner", "staff", ("sales",), manager=True))
    company.hire("amy", manager="dora")
    company.hire("dora")
    company.match({"005A": "amy", "005D": "dora"})
    company.tell(owned("005A"), owned("005D", id_="d2"))
    company.dispatch()
    assert company.told == {"dora": [["SO-d1 Open"]], "sales": [["SO-d2 Open"]]}


def test_who_left_before_their_turn_is_not_told(company: Company) -> None:
    company.match({"005A": "amy"})
    company.tell(owned("005A"))
    with company.ledger.write() as connection:
        matches.leave(connection, OFFICE, ["amy"])
    company.dispatch()
    assert company.told == {"sales": [["SO-d1 Open"]]}


def test_a_later_state_takes_the_place_of_an_earlier_one_for_each_person(company: Company) -> None:
    company.match({"005A": "amy", "005B": "ben"})
    company.tell(owned("005A"))
    company.tell(owned("005A", "005B", stage="Won", minute=5))
    company.dispatch()
    assert company.told == {"amy": [["SO-d1 Won"]], "ben": [["SO-d1 Won"]]}


def test_what_the_route_no_longer_tells_is_kept_for_somebody_to_decide(company: Company) -> None:
    company.match({"005A": "amy"})
    company.tell(owned("005A"))
    company.route = replace(ROUTE, to=("sales",), by=None)
    with company.worker() as worker:
        worker.step()
    (row,) = rows(company.ledger, notice)
    assert (row.state, row.reason) == (NoticeState.HELD, Reason.DESTINATION_GONE)


def test_a_destination_that_is_gone_takes_its_people_along(company: Company) -> None:
    company.match({"005A": "amy"})
    company.tell(owned("005A"))
    crew = Crew("worker-1", list, 4, 30.0)
    only = {"sales": Channel("sales", company.sales, company.sales.budgets())}
    Dispatcher(company.ledger, company.limiter, company.plan, only, crew).step()
    (row,) = rows(company.ledger, notice)
    assert (row.state, row.reason) == (NoticeState.HELD, Reason.DESTINATION_GONE)


def test_more_people_than_one_turn_looks_at_are_all_told(company: Company) -> None:
    company.match({f"005{n}": f"u{n}" for n in range(100)})
    company.tell(*(owned(f"005{n}", id_=f"d{n}") for n in range(100)))
    company.dispatch()
    assert len(company.told) == 100
