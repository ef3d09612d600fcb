"""The people of an application and the users who are matched with them, over a real ledger; only the channel is played."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from connectors.contract import (
    Change,
    ConnectorError,
    Department,
    Leaver,
    Leaving,
    Misconfigured,
    Person,
    Retryable,
    Role,
    Topic,
)
from pipelines.matching import Key, Keys, MatchState
from pipelines.plan import FieldMap, FieldType, Kind, Plan
from tests.worker.stand_ins import deal, decider, rows, store
from worker import matcher
from worker.directory import DirectoryReader
from worker.ledger import cursors, matches, people
from worker.ledger.changes import changed
from worker.ledger.engine import Ledger
from worker.ledger.tables import department, match, person, role_person
from worker.matcher import Matcher

APP, CRM = "company", "crm"
KEYS = Keys(APP, "Deal", {Key.EMAIL: "mail", Key.MOBILE: "phone"})
FIELDS = (FieldMap("mail", "Mail", FieldType.TEXT, "Mail"), FieldMap("phone", "Phone", FieldType.TEXT, "Phone"))
PLAN = Plan("users", {(CRM, "Deal"): Kind(CRM, "Deal", FIELDS)}, (), {})
NOW = datetime.now(UTC)
AMY = Person("amy", "Amy Wong", NOW, "u-1", "98765432", "852", "amy@example.com")
BEN = Person("ben", "Ben Lau", NOW, "u-2", "91110000", "852", "ben@example.com")


@dataclass
class Directory:
    """An organisation that says who is in it, or fails."""

    people: dict[str, Person] = field(default_factory=lambda: {each.id: each for each in (AMY, BEN)})
    gone: list[Leaver] = field(default_factory=list)
    failing: ConnectorError | None = None
    closed: ConnectorError | None = None
    asked: list[str] = field(default_factory=list)

    @property
    def directory(self) -> Directory:
        return self

    def everybody(self) -> Mapping[str, Person]:
        if self.failing is not None:
            raise self.failing
        return dict(self.people)

    def person(self, user: str) -> Person | None:
        self.asked.append(user)
        return self.people.get(user)

    def departments(self) -> Iterator[Department]:
        yield Department("1", "All", "", NOW)
        yield Department("2", "Sales", "1", NOW)

    def roles(self) -> Iterator[Role]:
        yield Role("9", "Approver", "Posts")

    def people_with(self, role: str) -> Iterator[str]:
        assert role == "9"
        yield from sorted(self.people)[:1]

    def leavers(self, since: datetime, until: datetime) -> Iterator[Leaver]:
        assert since < until
        if self.closed is not None:
            raise self.closed
        yield from self.gone


@dataclass
class Firm:
    """An organisation, a source with its users, and what the ledger knows of both."""

    ledger: Ledger
    directory: Directory
    read: list[str] = field(default_factory=list)

    @property
    def reader(self) -> DirectoryReader:
        return DirectoryReader(self.ledger, {APP: self.directory}, "worker-1", self.read.append)

    def users(self, minute: int = 0, **users: Mapping[str, str]) -> None:
        """Tell the source's users: their mail and phone."""
        records = [deal(id_, minute=minute, fields={**_EMPTY, **keys}) for id_, keys in users.items()]
        store(self.ledger, *records)
        decider(self.ledger, PLAN).step()

    def news(self, topic: Topic, *users: str) -> None:
        with self.ledger.write() as connection:
            changed(self.ledger, connection, APP, Change("e", topic, "event", NOW, people=users))

    def matched(self, keys: Keys = KEYS) -> dict[str, tuple[str, str]]:
        Matcher(self.ledger, {CRM: keys}).run(CRM)
        return {row.source_user: (row.state, row.user) for row in rows(self.ledger, match)}

    def outdated(self, keys: Keys = KEYS) -> bool:
        with self.ledger.read() as connection:
            return matcher.outdated(CRM, keys, connection)


_EMPTY: dict[str, Any] = {"Mail": "", "Phone": ""}


@pytest.fixture
def firm(ledger: Ledger) -> Firm:
    firm = Firm(ledger, Directory())
    assert firm.reader.everybody(APP).failure == ""
    return firm


def users_of(firm: Firm) -> set[str]:
    with firm.ledger.read() as connection:
        here, _ = people.everybody(firm.ledger, connection, APP)
    return set(here)


def test_everybody_is_kept_sealed_with_departments_and_roles(firm: Firm) -> None:
    assert firm.read == [APP]
    with firm.ledger.read() as connection:
        here, gone = people.everybody(firm.ledger, connection, APP)
        stands = people.standing(connection, APP)
        parents = {row.id: row.parent for row in connection.execute(select(department))}
        having = [(row.role, row.user) for row in connection.execute(select(role_person))]
        payloads = list(connection.execute(select(person.c.payload)).scalars())
    assert (here, gone) == ({"amy": AMY, "ben": BEN}, {})
    assert (stands.people, stands.stale, stands.failure) == (2, 0, "")
    assert stands.read_at is not None
    assert parents == {"1": "", "2": "1"}
    assert having == [("9", "amy")]
    assert not any(b"example.com" in payload for payload in payloads)


def test_who_is_not_there_any_more_has_left(firm: Firm) -> None:
    del firm.directory.people["ben"]
    firm.reader.everybody(APP)
    assert users_of(firm) == {"amy"}


def test_what_cannot_be_read_is_told_and_what_is_known_stays(firm: Firm) -> None:
    firm.directory.failing = Retryable("The vendor is away.")
    assert firm.reader.everybody(APP).failure == "The vendor is away."
    assert users_of(firm) == {"amy", "ben"}
    with firm.ledger.read() as connection:
        assert people.standing(connection, APP).failure == "The vendor is away."


def test_without_the_permission_to_ask_who_left_the_others_are_read(ledger: Ledger) -> None:
    firm = Firm(ledger, Directory(closed=Misconfigured("Add Contact.Common.Read.")))
    assert firm.reader.everybody(APP).people == 2


def test_whom_news_names_is_read_alone(firm: Firm) -> None:
    firm.directory.people["amy"] = replace(AMY, email="a.wong@example.com")
    firm.directory.people["eve"] = replace(AMY, id="eve", union="u-3")
    firm.news(Topic.PERSON, "amy", "eve")
    with firm.ledger.read() as connection:
        assert people.any_stale(connection, APP)
        assert people.news_job(APP) in cursors.due_jobs(connection, firm.ledger.now(connection))
    assert firm.reader.news(APP).people == 2
    assert sorted(firm.directory.asked) == ["amy", "eve"]
    with firm.ledger.read() as connection:
        here, _ = people.everybody(firm.ledger, connection, APP)
        assert not people.any_stale(connection, APP)
    assert here["amy"].email == "a.wong@example.com"
    assert "eve" in here


@pytest.mark.parametrize("topic", [Topic.DEPARTMENT, Topic.ROLE])
def test_departments_and_roles_are_read_again_when_news_say_so(firm: Firm, topic: Topic) -> None:
    firm.directory.people = {"ben": BEN}
    firm.news(topic)
    firm.reader.news(APP)
    with firm.ledger.read() as connection:
        assert not people.any_stale(connection, APP)
        having = [row.user for row in connection.execute(select(role_person))]
    assert having == (["ben"] if topic is Topic.ROLE else ["amy"])


def test_news_of_the_whole_company_have_everybody_read(firm: Firm) -> None:
    firm.news(Topic.COMPANY)
    with firm.ledger.read() as connection:
        assert people.job_name(APP) in cursors.due_jobs(connection, firm.ledger.now(connection))


def test_news_before_the_first_reading_are_nothing(ledger: Ledger) -> None:
    firm = Firm(ledger, Directory())
    firm.news(Topic.PERSON_LEFT, "amy")
    assert rows(ledger, person) == []


def test_an_answer_that_was_asked_for_before_the_news_does_not_settle_them(firm: Firm) -> None:
    with firm.ledger.read() as connection:
        asked_at = firm.ledger.now(connection)
    firm.news(Topic.PERSON, "amy")
    with firm.ledger.write() as connection:
        people.put(firm.ledger, connection, APP, [AMY], asked_at)
        assert people.any_stale(connection, APP)


def test_users_are_matched_and_again_when_either_side_changes(firm: Firm) -> None:
    firm.users(s1={"Mail": "AMY@example.com"}, s2={"Phone": "+852 9111 0000"}, s3={"Mail": "eve@example.com"})
    assert firm.outdated()
    assert firm.matched() == {"s1": ("matched", "amy"), "s2": ("matched", "ben"), "s3": ("nobody", "")}
    assert not firm.outdated()
    firm.users(1, s1={"Mail": "eve@example.com"})
    assert firm.outdated()
    assert firm.matched()["s1"] == ("nobody", "amy")
    firm.directory.people["ben"] = replace(BEN, email="eve@example.com")
    firm.news(Topic.PERSON, "ben")
    firm.reader.news(APP)
    assert firm.outdated()
    assert firm.matched() == dict.fromkeys(("s1", "s2", "s3"), ("ambiguous", "amy")) | {
        "s2": ("ambiguous", "ben"),
        "s3": ("ambiguous", ""),
    }


def test_other_keys_match_anew(firm: Firm) -> None:
    firm.users(s1={"Mail": "amy@example.com"})
    firm.matched()
    other = replace(KEYS, fields={Key.MOBILE: "phone"})
    assert firm.outdated(other)
    assert firm.matched(other)["s1"][0] == "nobody"


def test_a_user_who_is_gone_from_the_source_is_forgotten(firm: Firm) -> None:
    firm.users(s1={"Mail": "amy@example.com"}, s2={"Mail": "ben@example.com"})
    firm.matched()
    store(firm.ledger, deal("s1", minute=5, fields=_EMPTY, deleted=True))
    decider(firm.ledger, PLAN).step()
    assert firm.matched() == {"s2": ("matched", "ben")}


def test_only_who_is_matched_answers(firm: Firm) -> None:
    firm.users(s1={"Mail": "amy@example.com"}, s2={"Mail": "eve@example.com"})
    firm.matched()
    with firm.ledger.read() as connection:
        assert matches.users(connection, CRM, ["s1", "s2", "s9"]) == {"s1": "amy"}
        assert matches.source_users(connection, APP, CRM, "amy") == ("s1",)
        assert matches.standing(connection, CRM) == {MatchState.MATCHED: ["s1"], MatchState.NOBODY: ["s2"]}


def test_a_leaver_is_parted_from_their_user_at_once_and_the_heir_of_the_number_is_not_the_user(firm: Firm) -> None:
    firm.users(s1={"Phone": "98765432"})
    assert firm.matched() == {"s1": ("matched", "amy")}
    firm.news(Topic.PERSON_LEFT, "amy")
    with firm.ledger.read() as connection:
        assert matches.users(connection, CRM, ["s1"]) == {}
    del firm.directory.people["amy"]
    firm.directory.people["ben"] = replace(BEN, mobile=AMY.mobile)
    firm.news(Topic.PERSON, "ben")
    firm.reader.news(APP)
    assert firm.matched() == {"s1": ("left", "amy")}
    firm.users(1, s1={"Phone": "98765432", "Mail": "ben@example.com"})
    assert firm.matched() == {"s1": ("matched", "ben")}


def test_who_left_by_mistake_is_matched_again(firm: Firm) -> None:
    firm.users(s1={"Phone": "98765432"})
    firm.matched()
    firm.news(Topic.PERSON_LEFT, "amy")
    firm.reader.news(APP)
    assert firm.matched() == {"s1": ("matched", "amy")}


def test_numbers_of_those_who_left_before_are_known(ledger: Ledger) -> None:
    heir = replace(BEN, mobile=AMY.mobile)
    gone = Leaver("amy", "Amy Wong", NOW, Leaving.BY_THEMSELVES, AMY.mobile, "852")
    firm = Firm(ledger, Directory({"ben": heir}, [gone]))
    firm.reader.everybody(APP)
    firm.users(s1={"Phone": "98765432"}, s2={"Mail": "ben@example.com"})
    assert firm.matched() == {"s1": ("left", ""), "s2": ("matched", "ben")}


def test_ids_that_are_keys_need_no_records(firm: Firm) -> None:
    keys = Keys(APP, by=Key.EMAIL)
    assert firm.matched(keys) == {"amy@example.com": ("matched", "amy"), "ben@example.com": ("matched", "ben")}
    firm.directory.people["ben"] = replace(BEN, email="b.lau@example.com")
    firm.news(Topic.PERSON, "ben")
    firm.reader.news(APP)
    assert firm.matched(keys)["b.lau@example.com"] == ("matched", "ben")
    assert firm.matched(keys)["ben@example.com"] == ("nobody", "ben")


def test_one_worker_reads_an_application_at_a_time(firm: Firm) -> None:
    with firm.ledger.write() as connection:
        cursors.begin_job(connection, people.job_name(APP), "another 1", firm.ledger.now(connection), 60)
    assert firm.reader.everybody(APP).failure == "another worker reads these people now"
