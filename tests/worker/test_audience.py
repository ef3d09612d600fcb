"""Who reads what a route tells: each reader with what they may see of it, and why they may not see the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from connectors.contract import Choice, Members, Topic, Unlisted, WhyUnlisted
from pipelines.audience import MOST_ASKED
from pipelines.clearances import By, Clearance, Clearances, Ground
from pipelines.matching import Bond, Matched, MatchState
from pipelines.plan import Attestation, ByField, ByPerson, FieldMap, FieldType, Plan, Policy
from tests.worker.company import APP, NOW, Company, person
from tests.worker.crm import matched
from tests.worker.stand_ins import KIND, ROUTE, deal, plan_of
from worker.audience import BySource, Doubt, Listing, Question, Reach, ReadBy, reaches
from worker.clearing import Clearing
from worker.ledger import audiences, matches
from worker.ledger.engine import Ledger

RULE = Clearance("finance", APP, roles=("Controller",), people=("u-eve",))
WORD = Attestation("K. Wong", date(2020, 1, 1), date(2999, 1, 1), frozenset({"finance", "hr"}))


def plan(**more: object) -> Plan:
    fields = (
        FieldMap("amount", "Amount", FieldType.NUMBER, "Amount", data_class="finance"),
        FieldMap("owner", "Owner", FieldType.TEXT, "Owner"),
        FieldMap("salary", "Salary", FieldType.NUMBER, "Salary", data_class="hr"),
    )
    of = plan_of(replace(ROUTE, fields=("stage", "amount", "salary"), to=("sales", "board"), **more))  # type: ignore[arg-type]  # a route's own
    groups = {name: replace(each, application=APP) for name, each in of.destinations.items()}
    kinds = {("crm", "Deal"): replace(KIND, fields=(*KIND.fields, *fields))}
    return replace(of, kinds=kinds, destinations=groups, clearances=Clearances((RULE,)))


@pytest.fixture
def company(ledger: Ledger) -> Company:
    company = Company(ledger)
    company.read()
    return company


def listed(company: Company, found: Members | Unlisted, destination: str = "sales") -> None:
    with company.ledger.write() as connection:
        audiences.placed(company.ledger, connection, {destination: destination})
        audiences.store(company.ledger, connection, destination, found, company.ledger.now(connection))


def answered(company: Company, of: Plan, *where: Reach) -> Sequence[ReadBy]:
    question = Question(company.ledger, of, Clearing(company.ledger, of.clearances))
    places = where or reaches(of, of.routes[0], None, NOW)
    with company.ledger.read() as connection:
        return list(question.answer(connection, of.routes[0], places))


def test_each_reader_sees_by_themselves_what_they_are_cleared_for(company: Company) -> None:
    listed(company, Members({"u-amy": "Amy Wong", "u-ben": ""}, {}, datetime.now(UTC)))
    sales, board = answered(company, plan())
    assert (sales.listing, sales.shown, sales.withheld) == (Listing.LISTED, ("stage",), ("amount", "salary"))
    amy, ben = sales.readers
    assert (amy.name, amy.sees, amy.withheld) == ("Amy Wong", ("stage", "amount"), ("salary",))
    assert amy.by == (Ground("finance", By.ROLE, "Controller"),)
    assert (ben.name, ben.sees, ben.lacks, ben.doubt) == ("U-Ben", ("stage",), ("finance",), Doubt.NONE)
    assert (board.listing, board.readers) == (Listing.UNREAD, ())


def test_what_a_word_gives_to_all_is_seen_by_each_but_of_ruled_classes_it_says_nothing(company: Company) -> None:
    listed(company, Members({"u-ben": ""}, {}, datetime.now(UTC)))
    of = plan()
    of = replace(of, destinations={**of.destinations, "sales": replace(of.destinations["sales"], attestation=WORD)})
    (sales, _) = answered(company, of)
    assert (sales.shown, sales.readers[0].sees) == (("stage", "salary"), ("stage", "salary"))


def test_people_from_outside_are_named_and_stop_it(company: Company) -> None:
    listed(company, Members({"u-amy": ""}, {"union-zoe": "Zoe"}, datetime.now(UTC)))
    (sales, _) = answered(company, plan())
    assert (sales.outsiders, sales.shown) == (("Zoe",), ("stage",))


def test_who_cannot_be_listed_is_told_with_the_reason(company: Company) -> None:
    listed(company, Unlisted(WhyUnlisted.NOT_INSTALLED, NOW, "Install the cool app."))
    (sales, _) = answered(company, plan())
    assert (sales.listing, sales.sentence, sales.readers) == (Listing.UNLISTED, "Install the cool app.", ())


def doubt(company: Company, of: Plan, user: str = "u-amy") -> Doubt:
    listed(company, Members({user: ""}, {}, datetime.now(UTC)))
    (one,) = answered(company, of)[0].readers
    assert one.sees == ("stage",)
    return one.doubt


def test_it_is_said_why_somebody_with_the_role_counts_for_nothing(company: Company) -> None:
    assert doubt(company, plan(), "u-eve") is Doubt.UNKNOWN
    company.news(Topic.PERSON, "u-amy")
    assert doubt(company, plan()) is Doubt.NEWS
    company.heed()
    company.ages(25)
    assert doubt(company, plan()) is Doubt.OLD


def test_of_people_of_an_unknown_application_nothing_is_known(company: Company) -> None:
    of = plan()
    elsewhere = {name: replace(each, application="") for name, each in of.destinations.items()}
    assert doubt(company, replace(of, destinations=elsewhere)) is Doubt.NOBODYS
    unread = {name: replace(each, application="plant") for name, each in of.destinations.items()}
    assert doubt(company, replace(of, destinations=unread)) is Doubt.NEVER_READ


def test_one_person_of_a_destination_is_asked_for_alone(company: Company) -> None:
    (amy,) = answered(company, plan(), Reach("sales", ("stage", "amount"), "u-amy"))
    assert (amy.destination, amy.shown, amy.readers[0].name) == ("sales/u-amy", ("stage", "amount"), "U-Amy")
    (ben,) = answered(company, plan(), Reach("sales", ("stage", "amount"), "u-ben"))
    assert (ben.shown, ben.withheld) == (("stage",), ("amount",))


def test_a_destination_that_names_one_reader_needs_no_list(company: Company) -> None:
    of = plan()
    question = Question(company.ledger, of, Clearing(company.ledger, of.clearances), {"sales": "u-amy"})
    with company.ledger.read() as connection:
        (sales, board) = question.answer(connection, of.routes[0], reaches(of, of.routes[0], None, NOW))
    assert (sales.destination, sales.shown, [one.user for one in sales.readers]) == (
        "sales",
        ("stage", "amount"),
        ["u-amy"],
    )
    assert board.listing is Listing.UNREAD


def test_a_pointer_shows_no_field_to_anybody(company: Company) -> None:
    listed(company, Members({"u-ben": ""}, {}, datetime.now(UTC)))
    (sales, _) = answered(company, plan(policy=Policy.POINTER))
    assert (sales.shown, sales.withheld, sales.readers[0].sees) == ((), (), ())


def test_a_record_goes_where_its_field_says() -> None:
    of = plan(by=ByField("stage", {"Won": ("board",)}, ("sales",)))
    won = deal(fields={"Stage": Choice("Won", "Won")})
    assert reaches(of, of.routes[0], won, NOW) == (Reach("board", ("stage",)),)
    assert [each.destination for each in reaches(of, of.routes[0], deal(), NOW)] == ["sales"]
    assert [each.destination for each in reaches(of, of.routes[0], None, NOW)] == ["sales", "board"]


@pytest.mark.parametrize(
    ("user", "manager", "told"),
    [("s1", False, "sales/u-ben"), ("s1", True, "sales/u-amy"), ("s9", False, "board"), ("s2", True, "board")],
)
def test_a_record_goes_to_the_person_whom_its_field_names(
    company: Company, user: str, manager: bool, told: str
) -> None:
    company.people["u-ben"] = replace(company.people["u-ben"], manager="u-amy")
    company.read()
    with company.ledger.write() as connection:
        found = [Matched(f"s{n}", MatchState.MATCHED, Bond(who)) for n, who in ((1, "u-ben"), (2, "u-amy"))]
        matches.put(company.ledger, connection, "crm", APP, found)
    of = plan(by=ByPerson("owner", "sales", ("board",), manager=manager))
    record = deal(fields={"Owner": user})
    (one,) = answered(company, of, *reaches(of, of.routes[0], record, NOW))
    assert one.destination == told
    assert [each.listing for each in answered(company, of)] == [Listing.SINGLE, Listing.UNREAD]


def by_source(company: Company, users: Sequence[str], **members: str) -> tuple[ReadBy, Plan]:
    """Return who reads the group when the source itself clears for finance."""
    company.people |= {user: person(user) for user in users}
    company.read()
    listed(company, Members(dict.fromkeys(users, ""), dict(members), datetime.now(UTC)))
    of = replace(plan(), clearances=Clearances((Clearance("finance", APP, by_source=True),)))
    return answered(company, of)[0], of


def test_what_the_source_decides_for_each_record_is_told_apart(company: Company) -> None:
    matched(company.ledger, "u-amy")
    found, of = by_source(company, ("u-amy", "u-ben"))
    assert (found.shown, found.withheld) == (("stage",), ("amount", "salary"))
    assert (found.by_source, found.perhaps) == (BySource.ASKED, ("amount",))
    assert {one.user: one.unmatched for one in found.readers} == {"u-amy": False, "u-ben": True}
    (alone,) = answered(company, of, Reach("sales", ("stage", "amount"), "u-amy"))
    assert (alone.by_source, alone.perhaps) == (BySource.ASKED, ("amount",))


def test_it_is_said_that_a_source_is_not_asked_about_so_many(company: Company) -> None:
    many, _ = by_source(company, [f"u-{number}" for number in range(MOST_ASKED + 1)])
    assert (many.by_source, many.perhaps) == (BySource.TOO_MANY, ())
    assert not any(one.unmatched for one in many.readers)


def test_with_somebody_from_outside_it_is_not_asked(company: Company) -> None:
    found, _ = by_source(company, ("u-amy",), union_zoe="Zoe")
    assert (found.by_source, found.perhaps) == (BySource.NO, ())
