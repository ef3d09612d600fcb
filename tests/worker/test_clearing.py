"""A class goes into a group only when each of its members is cleared; only the group and its organisation are played."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from connectors.contract import Choice, Topic, WhyUnlisted
from pipelines.clearances import Clearance, Clearances, SourceRoles
from pipelines.matching import Key, Keys
from pipelines.plan import Attestation, FieldMap, FieldType, Kind, Plan
from tests.worker.company import APP, Company
from tests.worker.group import Alone, Group
from tests.worker.office import Office, go, news, rest
from tests.worker.stand_ins import KIND, ROUTE, deal, decider, plan_of, rows, store, within
from worker.clearing import Clearing
from worker.ledger import audiences
from worker.ledger.audiences import Ages
from worker.ledger.engine import Ledger
from worker.ledger.tables import NoticeState, person
from worker.limiter import Limiter
from worker.matcher import Matcher

WORD = Attestation("K. Wong", date(2020, 1, 1), date(2999, 1, 1), frozenset({"finance"}))
BY_ROLE = Clearance("finance", APP, roles=("Accounting/Controller",))
KEYS = Keys(APP, "User", {Key.EMAIL: "mail"})
TITLES = SourceRoles("crm", APP, "User", "title", {"CFO": ("finance",), "Clerk": ()})


def plan(*of: Clearance, roles: tuple[SourceRoles, ...] = ()) -> Plan:
    """Return a plan in which finance is ruled, and the group's word would let it through."""
    secret = FieldMap("amount", "Amount", FieldType.NUMBER, "Amount", data_class="finance")
    plain = plan_of(replace(ROUTE, fields=("stage", "amount")))
    users = Kind("crm", "User", tuple(FieldMap(each, each, FieldType.TEXT, each) for each in ("mail", "title")))
    kinds = {("crm", "Deal"): replace(KIND, fields=(*KIND.fields, secret)), ("crm", "User"): users}
    groups = {name: replace(each, attestation=WORD, application=APP) for name, each in plain.destinations.items()}
    return replace(plain, kinds=kinds, destinations=groups, clearances=Clearances(of, roles))


@pytest.fixture
def company(ledger: Ledger) -> Company:
    company = Company(ledger)
    company.read()
    return company


@pytest.fixture
def group() -> Group:
    return Group()


def office(company: Company, limiter: Limiter, group: Group, of: Plan) -> Office:
    office = Office(company.ledger, limiter, of, [group])
    with office.ledger.write() as connection:
        audiences.attested(office.ledger, connection, of.destinations)
    return office


def told(office: Office, group: Group, *records: Any) -> list[list[str]]:
    """Tell records to the group, and return what it read of them."""
    before = len(group.bodies)
    office.tell(*records)
    with office.worker() as worker:
        assert go(worker, lambda: NoticeState.WAITING not in office.notices())
        rest(worker, 0.2)
    return group.told[before:]


def classes(ledger: Ledger, of: Plan, *users: str) -> dict[str, set[str]]:
    """Return what people are cleared for, found out anew."""
    clearing = Clearing(ledger, of.clearances)
    with ledger.read() as connection:
        found = clearing.people(connection, APP, users, ledger.now(connection))
    return {user: set(classes) for user, classes in found.items()}


RULES: dict[str, tuple[Clearance, set[str]]] = {
    "a role with its group": (BY_ROLE, {"u-amy"}),
    "a role by its name": (Clearance("finance", APP, roles=("Controller",)), {"u-amy"}),
    "a role of another group": (Clearance("finance", APP, roles=("Sales/Controller",)), set()),
    "a department": (Clearance("finance", APP, departments=("Finance",)), {"u-amy"}),
    "a department above": (Clearance("finance", APP, departments=("Head office",)), {"u-amy"}),
    "the whole company": (Clearance("finance", APP, departments=("Company",)), {"u-amy", "u-ben"}),
    "a department below": (Clearance("finance", APP, departments=("Payroll",)), set()),
    "people": (Clearance("finance", APP, people=("u-ben",)), {"u-ben"}),
    "any of them": (Clearance("finance", APP, roles=("Controller",), people=("u-ben",)), {"u-amy", "u-ben"}),
    "people of another organisation": (Clearance("finance", "plant", people=("u-ben",)), set()),
}


@pytest.mark.parametrize("name", RULES)
def test_somebody_is_cleared_by_role_department_or_name(company: Company, name: str) -> None:
    rule, whom = RULES[name]
    found = classes(company.ledger, plan(rule), "u-amy", "u-ben", "u-eve")
    assert {user for user, classes in found.items() if "finance" in classes} == whom


def test_nobody_is_cleared_while_what_clears_them_is_to_be_read_again(company: Company) -> None:
    rule = plan(Clearance("finance", APP, roles=("Controller",), departments=("Finance",), people=("u-amy",)))
    company.news(Topic.PERSON, "u-amy")
    assert classes(company.ledger, rule, "u-amy") == {"u-amy": set()}
    company.heed()
    assert classes(company.ledger, rule, "u-amy") == {"u-amy": {"finance"}}


@pytest.mark.parametrize(
    ("topic", "rule"), [(Topic.ROLE, BY_ROLE), (Topic.DEPARTMENT, Clearance("finance", APP, departments=("Finance",)))]
)
def test_news_of_roles_and_departments_stop_what_they_clear(company: Company, topic: Topic, rule: Clearance) -> None:
    company.news(topic)
    assert classes(company.ledger, plan(rule), "u-amy") == {"u-amy": set()}
    company.heed()
    assert classes(company.ledger, plan(rule), "u-amy") == {"u-amy": {"finance"}}


@pytest.mark.parametrize("told_with_them", [True, False])
def test_news_of_one_persons_roles_leave_all_others_as_they_are(company: Company, told_with_them: bool) -> None:
    company.tells_roles = told_with_them
    company.gives("u-ben")
    assert classes(company.ledger, plan(BY_ROLE), "u-amy", "u-ben") == {"u-amy": {"finance"}, "u-ben": set()}
    company.heed()
    assert classes(company.ledger, plan(BY_ROLE), "u-amy", "u-ben") == {"u-amy": {"finance"}, "u-ben": {"finance"}}
    company.takes("u-amy")
    company.heed()
    assert classes(company.ledger, plan(BY_ROLE), "u-amy", "u-ben") == {"u-amy": set(), "u-ben": {"finance"}}


def test_who_left_is_cleared_for_nothing_at_once(company: Company) -> None:
    company.news(Topic.PERSON_LEFT, "u-amy")
    assert classes(company.ledger, plan(BY_ROLE), "u-amy") == {"u-amy": set()}


@pytest.mark.parametrize(("hours", "whom"), [(23.9, {"finance"}), (24.1, set())])
def test_people_who_were_not_read_for_a_day_are_cleared_for_nothing(
    company: Company, hours: float, whom: set[str]
) -> None:
    company.ages(hours)
    assert classes(company.ledger, plan(BY_ROLE), "u-amy") == {"u-amy": whom}


def test_nobody_of_an_application_that_was_never_read_is_cleared(ledger: Ledger) -> None:
    assert classes(ledger, plan(BY_ROLE), "u-amy") == {"u-amy": set()}


def test_what_is_remembered_is_found_out_anew_after_each_change(company: Company) -> None:
    rule = plan(replace(BY_ROLE, departments=("Head office",)))
    clearing = Clearing(company.ledger, rule.clearances)

    def cleared() -> set[str]:
        with company.ledger.read() as connection:
            found = clearing.people(connection, APP, ("u-amy", "u-ben"), company.ledger.now(connection))
        return {user for user, classes in found.items() if classes}

    assert cleared() == {"u-amy"}
    company.moves("u-ben", "finance")
    assert cleared() == {"u-amy"}
    company.heed()
    assert cleared() == {"u-amy", "u-ben"}
    company.moves("u-ben", "sales")
    company.moves("u-amy", "sales")
    company.heed()
    assert cleared() == {"u-amy"}
    company.takes("u-amy")
    company.heed()
    assert cleared() == set()
    company.gives("u-ben")
    company.heed()
    assert cleared() == {"u-ben"}


def user(id_: str, mail: str, title: str, minute: int = 0, **more: Any) -> Any:
    return deal(id_, minute=minute, kind="User", fields={"mail": mail, "title": title}, **more)


def test_the_sources_own_roles_clear_whom_its_users_are_matched_with(company: Company) -> None:
    rule = plan(Clearance("finance", APP), roles=(TITLES,))
    store(company.ledger, user("s1", "u-amy@example.com", "Clerk"), user("s2", "u-ben@example.com", "CFO"))
    decider(company.ledger, rule).step()
    clearing = Clearing(company.ledger, rule.clearances)

    def cleared() -> set[str]:
        with company.ledger.read() as connection:
            found = clearing.people(connection, APP, ("u-amy", "u-ben"), company.ledger.now(connection))
        return {user for user, classes in found.items() if classes}

    assert cleared() == set()
    matcher = Matcher(company.ledger, {"crm": KEYS})
    assert matcher.run("crm") == 2
    assert cleared() == {"u-ben"}
    store(company.ledger, user("s2", "u-ben@example.com", "Clerk", 1))
    decider(company.ledger, rule).step()
    assert within(5, lambda: cleared() == set())
    store(company.ledger, user("s1", "u-amy@example.com", "CFO", 2))
    decider(company.ledger, rule).step()
    assert within(5, lambda: cleared() == {"u-amy"})
    store(company.ledger, user("s1", "u-amy@example.com", "CFO", 3, deleted=True))
    decider(company.ledger, rule).step()
    assert within(5, lambda: cleared() == set())


def test_a_group_reads_a_class_while_each_of_its_members_is_cleared(
    company: Company, limiter: Limiter, group: Group
) -> None:
    at = office(company, limiter, group, plan(BY_ROLE))
    group.people = {"u-amy"}
    assert told(at, group, deal("d1")) == [["SO-d1 Open 1"]]
    group.people.add("u-ben")
    news(at, Topic.GROUP_JOINED)
    assert told(at, group, deal("d2")) == [["SO-d2 Open"]]
    group.people.remove("u-ben")
    news(at, Topic.GROUP_LEFT)
    assert told(at, group, deal("d3")) == [["SO-d3 Open 1"]]


def test_a_word_decides_neither_way_of_a_class_whose_readers_can_be_listed(
    company: Company, limiter: Limiter, group: Group
) -> None:
    at = office(company, limiter, group, plan(BY_ROLE))
    assert told(at, group, deal("d1")) == [["SO-d1 Open"]]
    group.people = {"u-amy"}
    news(at, Topic.GROUP_RENAMED)
    assert told(at, group, deal("d2")) == [["SO-d2 Open 1"]]


def test_nobody_vouched_for_a_group_and_it_is_asked_who_reads_it(
    company: Company, limiter: Limiter, group: Group
) -> None:
    of = plan(BY_ROLE)
    of = replace(of, destinations={name: replace(each, attestation=None) for name, each in of.destinations.items()})
    group.people = {"u-amy"}
    assert told(office(company, limiter, group, of), group, deal("d1")) == [["SO-d1 Open 1"]]
    assert group.asked == 1


def test_of_a_group_that_nobody_can_list_a_word_decides(company: Company, limiter: Limiter, group: Group) -> None:
    group.unlisted = WhyUnlisted.NOT_INSTALLED
    assert told(office(company, limiter, group, plan(BY_ROLE)), group, deal("d1")) == [["SO-d1 Open 1"]]


@pytest.mark.parametrize("people", [set(), {"u-amy"}])
def test_with_somebody_from_outside_or_with_nobody_only_public_goes(
    company: Company, limiter: Limiter, group: Group, people: set[str]
) -> None:
    group.people = people
    group.outsiders = {"union-zoe"} if people else set()
    assert told(office(company, limiter, group, plan(BY_ROLE)), group, deal("d1")) == [["SO-d1 Open"]]


@pytest.mark.parametrize("kind", [Group, Alone])
def test_a_fact_waits_for_a_reader_who_is_being_read_again(
    company: Company, limiter: Limiter, kind: type[Group]
) -> None:
    group = kind()
    at = office(company, limiter, group, plan(BY_ROLE))
    group.people = {"u-amy"}
    assert told(at, group, deal("d1")) == [["SO-d1 Open 1"]]
    company.takes("u-amy")
    at.tell(deal("d2"), deal("d3", fields={"Stage": Choice("Open", "Open")}))
    with at.worker() as worker:
        assert go(worker, lambda: group.told[1:] == [["SO-d3 Open"]])
        rest(worker, 0.3)
        assert group.told[1:] == [["SO-d3 Open"]]
        company.heed()
        assert go(worker, lambda: len(group.told) == 3)
    assert group.told[2] == ["SO-d2 Open"]


def test_it_is_not_waited_for_long(company: Company, limiter: Limiter, group: Group) -> None:
    at = office(company, limiter, group, plan(BY_ROLE))
    group.people = {"u-amy"}
    assert told(at, group, deal("d1")) == [["SO-d1 Open 1"]]
    company.news(Topic.PERSON, "u-amy")
    at.tell(deal("d2"))
    with at.worker(ages=Ages(settling=timedelta(0))) as worker:
        assert go(worker, lambda: len(group.told) == 2)
    assert group.told[1] == ["SO-d2 Open"]


def test_a_member_of_whom_nothing_is_known_is_read(company: Company, limiter: Limiter, group: Group) -> None:
    at = office(company, limiter, group, plan(BY_ROLE))
    company.people["u-new"] = company.people["u-ben"]
    company.having["r-control"].add("u-new")
    group.people = {"u-new"}
    at.tell(deal("d1"))
    with at.worker() as worker:
        assert go(worker, lambda: [one.user for one in rows(company.ledger, person) if one.stale_at] == ["u-new"])
