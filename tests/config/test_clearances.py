"""Who may see a data class: what a file may say of it, and what it becomes."""

from __future__ import annotations

import pytest

from config.bridge import blueprint, check
from config.datamap import Reach, data_map
from config.problem import format_problems
from pipelines.clearances import Clearance, Clearances, SourceRoles
from tests.config.conftest import Write
from tests.config.test_connection import ENVIRON
from tests.config.test_people import APPLICATION, DESTINATIONS, LISTED, SHOP
from tests.config.test_push import loaded

OTHER = APPLICATION.replace("company:", "plant:").removeprefix("applications:\n")
HEARING = "  ears: {connector: hearing, settings: {token: env:CHAT_TOKEN}}\n"
TO = "\nroutes:\n"
GROUP = """  finance:
    connector: dingtalk
    zone: UTC
    locale: en
    settings: {kind: group, conversation: cid, application: {client_id: a, client_secret: env:CHAT_TOKEN}}
"""
PERSON = "{application: company, kind: order, match: {number: number}, roles: ROLES}"


def changes(
    clearances: str = "", *, applications: str = APPLICATION, roles: str = "", people: str = PERSON, group: str = ""
) -> tuple[tuple[str, str], ...]:
    more = "tests.config.stand_ins.chat, tests.config.stand_ins.hearing]"
    found = [(DESTINATIONS, f"clearances: {clearances}\n{applications}{DESTINATIONS}{group}"), (LISTED, more)]
    if roles:
        found.append((SHOP, f"{SHOP}    people: {people.replace('ROLES', roles)}\n"))
    return tuple(found)


def test_it_names_roles_departments_and_people_of_the_only_application(write: Write) -> None:
    written = "{finance: {roles: [Finance, Accounting/Controller], departments: Finance, people: u1}}"
    bridge = loaded(write(*changes(written)))
    assert bridge.plan.clearances == Clearances(
        (Clearance("finance", "company", ("Finance", "Accounting/Controller"), ("Finance",), ("u1",)),)
    )
    assert bridge.plan.clearances.ruled == {"finance"}
    assert bridge.applications["company"].people is not None


def test_the_sources_own_roles_clear_as_well(write: Write) -> None:
    roles = "{by: number, clear: {CFO: finance, Sales Rep: []}}"
    bridge = loaded(write(*changes("{finance: {application: company}}", roles=roles)))
    assert bridge.plan.clearances.source_roles == (
        SourceRoles("shop", "company", "order", "number", {"CFO": ("finance",), "Sales Rep": ()}),
    )


CRM = "    connector: asked\n"
ROBOT = """  hook:
    connector: dingtalk
    zone: UTC
    locale: en
    settings: {kind: robot, webhook: env:HOOK}
"""


def by_source(people: str = "", connector: str = "authorising", **more: str) -> tuple[tuple[str, str], ...]:
    said = f"    people: {people}\n" if people else ""
    listed = ("[tests.config.stand_ins.asked", "[tests.config.stand_ins.authorising, tests.config.stand_ins.asked")
    return (
        *changes("{finance: {by_source: true, application: company}}", **more),
        listed,
        (CRM, f"    connector: {connector}\n{said}"),
    )


def test_the_source_itself_says_who_may_see_a_class(write: Write) -> None:
    bridge = loaded(write(*by_source("{application: company, by: user}")))
    assert bridge.plan.clearances == Clearances((Clearance("finance", "company", by_source=True),))
    assert bridge.plan.clearances.by_source == {"finance"}


@pytest.mark.parametrize(
    ("people", "connector", "said"),
    [
        (
            "{application: company, by: user}",
            "asked",
            "'asked' cannot be asked who may read them: clear people by roles",
        ),
        ("", "authorising", "who its users are is not known: say it under sources.crm.people"),
        ("{application: plant, by: user}", "authorising", "its users are people of 'plant', not of 'company'"),
    ],
)
def test_a_source_with_such_fields_must_be_able_to_say_it(write: Write, people: str, connector: str, said: str) -> None:
    written = by_source(people, connector, applications=APPLICATION + OTHER)
    found = format_problems(check(write(*written), environ=ENVIRON))
    assert "clearances.finance.by_source: crm has fields of this class (Opportunity.amount), and" in found
    assert said in found


def test_a_destination_is_read_by_the_people_of_its_connectors_only_application(write: Write) -> None:
    written = "{finance: {people: u1}}"
    destinations = loaded(write(*changes(written, group=GROUP))).plan.destinations
    assert (destinations["finance"].application, destinations["ops"].application) == ("company", "")
    named = GROUP.replace("zone", "application: plant\n    zone")
    both = changes(
        written.replace("{people", "{application: company, people"), applications=APPLICATION + OTHER, group=named
    )
    assert loaded(write(*both)).plan.destinations["finance"].application == "plant"


def test_it_is_part_of_what_is_applied(write: Write) -> None:
    prints = {
        loaded(write(*changes(written))).plan.fingerprint
        for written in ("{finance: {people: u1}}", "{finance: {people: u2}}", "{internal: {people: u1}}")
    }
    assert len(prints) == 3


@pytest.mark.parametrize(
    ("clearances", "said"),
    [
        ("{finanse: {people: u1}}", "'finanse' is no data class: did you mean 'finance'?"),
        ("{public: {people: u1}}", "everybody may see what is public: name another class"),
        ("{finance: {application: company}}", "clearances.finance: nobody could ever see it"),
        ("{finance: {application: compony, people: u1}}", "'compony' is no application: did you mean 'company'?"),
        ("{finance: {rolls: Finance}}", "'rolls' is no key here: did you mean 'roles'?"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said_where_it_stands(write: Write, clearances: str, said: str) -> None:
    assert said in format_problems(check(write(*changes(clearances)), environ=ENVIRON))


@pytest.mark.parametrize(
    ("applications", "said"),
    [
        ("", "clearances.finance: there is no application whose people could be asked for"),
        (APPLICATION + OTHER, "clearances.finance: name the application whose people they are: company, plant"),
        (f"applications:\n{HEARING}", "clearances.finance: 'hearing' cannot be asked who its people are"),
    ],
)
def test_an_application_must_be_known_by_which_people_are(write: Write, applications: str, said: str) -> None:
    written = changes("{finance: {people: u1}}", applications=applications)
    assert said in format_problems(check(write(*written), environ=ENVIRON))


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ("{by: profile, clear: {CFO: finance}}", "roles.by: 'profile' is no field of shop.order"),
        ("{by: number, clear: {CFO: internal}}", "clear.CFO: 'internal' has no entry in clearances"),
        ("{by: number, clear: {CFO: public}}", "everybody may see what is public"),
        ("{by: number, clear: {}}", "roles.clear: must not be empty"),
    ],
)
def test_what_is_wrong_with_a_sources_roles_is_said_where_it_stands(write: Write, roles: str, said: str) -> None:
    written = changes("{finance: {people: u1}}", roles=roles)
    assert said in format_problems(check(write(*written), environ=ENVIRON))


def test_roles_stand_in_records_of_users(write: Write) -> None:
    people = "{application: company, by: user, roles: ROLES}"
    written = changes("{finance: {people: u1}}", roles="{by: number, clear: {CFO: finance}}", people=people)
    assert "people.roles: roles stand in the records" in format_problems(check(write(*written), environ=ENVIRON))


def test_roles_clear_for_what_is_said_of_the_same_people(write: Write) -> None:
    clearances, roles = "{finance: {application: plant, people: u1}}", "{by: number, clear: {CFO: finance}}"
    written = changes(clearances, applications=APPLICATION + OTHER, roles=roles)
    said = format_problems(check(write(*written), environ=ENVIRON))
    assert "clear.CFO: who may see 'finance' is said of the people of 'plant', not of these" in said


def test_a_destination_that_may_be_told_it_must_say_whose_people_read_it(write: Write) -> None:
    clearances = "{finance: {application: company, people: u1}}"
    some = changes(clearances, applications=APPLICATION + OTHER, group=GROUP)
    assert format_problems(check(write(*some), environ=ENVIRON)) == ""
    said = format_problems(check(write(*some, ("    to: sales-hk\n", "    to: finance\n")), environ=ENVIRON))
    assert "destinations.finance: it may be told what is finance, which goes only to people who are cleared" in said
    assert "name the application whose people read it: company, plant" in said


def test_a_destination_has_an_application_of_its_own_connector(write: Write) -> None:
    group = GROUP.replace("zone", "application: ears\n    zone")
    written = changes("{finance: {application: company, people: u1}}", applications=APPLICATION + HEARING, group=group)
    said = format_problems(check(write(*written), environ=ENVIRON))
    assert "destinations.finance.application: 'ears' is no application of dingtalk: known: company" in said


def test_the_data_map_says_that_each_readers_clearance_decides_where_they_can_be_listed(write: Write) -> None:
    to = ("    to: sales-hk\n", "    to: [sales-hk, finance, hook]\n")
    environ = {**ENVIRON, "HOOK": "https://oapi.dingtalk.com/robot/send?access_token=t"}
    found = data_map(blueprint(write(*changes("{finance: {people: u1}}", group=GROUP + ROBOT), to), environ=environ))
    reach = {(row.field, row.destination): row.reach for row in found}
    assert reach["amount", "finance"] is Reach.CLEARED
    assert reach["amount", "hook"] is Reach.WITHHELD, "nobody can be asked who reads what a robot's webhook is sent"
    assert reach["amount", "sales-hk"] is Reach.WITHHELD
    assert reach["name", "finance"] is Reach.SHOWN
