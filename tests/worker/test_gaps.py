"""What clearances name that nobody has is found, whether by `check` or while the installation runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from config.compile import Bridge, RetentionConfig, SourceConfig
from config.schedule import interval
from connectors.generic import CONNECTOR
from connectors.generic.settings import GenericSettings
from pipelines.clearances import Clearance, Clearances, SourceRoles
from pipelines.matching import Key, Keys
from pipelines.plan import FieldMap, FieldType, Kind
from tests.worker.company import APP, Company, person
from tests.worker.stand_ins import deal, decider, plan_of, store
from worker.gaps import Gap, Lack, gaps, unmet
from worker.ledger.engine import Ledger, now
from worker.ledger.faults import Kind as Fault
from worker.matcher import Matcher
from worker.members import Members
from worker.operators.monitor import Monitor

KEYS = Keys(APP, "User", {Key.EMAIL: "mail"})
TITLES = SourceRoles("crm", APP, "User", "title", {"CFO": ("finance",), "Clerk": ()})
SETTINGS = GenericSettings.model_validate(
    {"signature": {"keys": ["a-key-of-this-test-alone"]}, "kind": "Deal", "id": "id"}
)
KEPT = RetentionConfig(timedelta(days=90), timedelta(days=400), interval(timedelta(days=1)))


def bridge(*of: Clearance, roles: Sequence[SourceRoles] = ()) -> Bridge:
    users = Kind("crm", "User", tuple(FieldMap(each, each, FieldType.TEXT, each) for each in ("mail", "title")))
    plan = plan_of()
    plan = replace(plan, kinds={**plan.kinds, ("crm", "User"): users}, clearances=Clearances(of, tuple(roles)))
    source = SourceConfig("crm", CONNECTOR, SETTINGS, {}, None, ("Deal", "User"), people=KEYS)
    return Bridge(plan, {"crm": source}, {}, KEPT)


@pytest.fixture
def company(ledger: Ledger) -> Company:
    company = Company(ledger)
    company.read()
    return company


def found(company: Company, of: Bridge) -> list[Gap]:
    with company.ledger.read() as connection:
        return [*gaps(connection, of), *unmet(company.ledger, connection, of)]


def users(company: Company, of: Bridge, **titles: str) -> None:
    records = [
        deal(id_, kind="User", fields={"mail": f"{id_}@example.com", "title": of_}) for id_, of_ in titles.items()
    ]
    store(company.ledger, *records)
    decider(company.ledger, of.plan).step()
    Matcher(company.ledger, {"crm": KEYS}).run("crm")


def test_what_is_there_lacks_nothing(company: Company) -> None:
    rule = Clearance("finance", APP, ("Controller", "Accounting/Controller"), ("Head office", "Finance"), ("u-ben",))
    assert found(company, bridge(rule)) == []


def test_roles_departments_and_people_that_are_not_there_are_named_with_what_is_like_them(company: Company) -> None:
    rule = Clearance("finance", APP, ("Controllers", "Sales/Controller"), ("Finanse",), ("u-eve", "u-amy"))
    assert found(company, bridge(rule)) == [
        Gap(Lack.ROLE, "finance", APP, "Controllers", like="Controller"),
        Gap(Lack.ROLE, "finance", APP, "Sales/Controller", like="Controller"),
        Gap(Lack.DEPARTMENT, "finance", APP, "Finanse", like="Finance"),
        Gap(Lack.PERSON, "finance", APP, "u-eve"),
    ]


def test_of_people_who_were_never_read_nothing_is_said(ledger: Ledger) -> None:
    assert found(Company(ledger), bridge(Clearance("finance", APP, ("Controllers",)))) == []


def test_a_role_of_a_sources_users_that_stands_nowhere_is_named(company: Company) -> None:
    of = bridge(Clearance("finance", APP), roles=[TITLES])
    users(company, of, s1="CFO", s2="Intern", s3="Clerk", s4="Intern")
    assert found(company, of) == [Gap(Lack.COUNTERPART, "crm", APP, "Intern")]


def test_users_who_could_be_several_people_are_named(company: Company) -> None:
    company.people["u-ann"] = replace(person("u-ann"), email="u-amy@example.com")
    company.read()
    of = bridge(Clearance("finance", APP, people=("u-ben",)))
    users(company, of, **{"u-amy": "CFO", "u-ben": "CFO"})
    assert found(company, of) == [Gap(Lack.DISTINCTION, "crm", APP, "u-amy")]


def test_operators_are_told_while_it_runs(company: Company, members: Members) -> None:
    of = bridge(Clearance("finance", APP, ("Controllers",)))
    with company.ledger.read() as connection:
        told = Monitor(of, members, now(), timedelta(0)).look(connection, now())
    (said,) = [one.sentence for one in told if one.kind is Fault.CLEARANCE]
    assert said == "finance is cleared by the role Controllers, which office does not have: correct it"
