"""The starting mappings are whole: sound alone and together, one for each source, and nothing in them is unread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config import starting
from config.bridge import check, load
from config.problem import format_problems
from connectors import registry
from connectors.contract import Pulls, Receives
from pipelines.expressions import named
from pipelines.plan import OWN, PUBLIC, ByPerson, FieldType, Plan, Policy, Route
from tests.config.starting.copies import CRMS, ENVIRON, ERPS, copied


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return load(copied(tmp_path_factory.mktemp("all"), *starting.names()), environ=ENVIRON).plan


@pytest.mark.parametrize("chosen", [*starting.names(), "+".join(starting.names())])
def test_it_is_sound_alone_and_together(chosen: str, tmp_path: Path) -> None:
    assert format_problems(check(copied(tmp_path, *chosen.split("+")), environ=ENVIRON)) == ""


def test_each_connector_that_facts_come_from_has_one() -> None:
    found = {name for name in registry.names() if {Pulls, Receives} & registry.connector(name).fulfils}
    assert {one.connector for one in starting.systems()} == found


def test_a_deal_is_followed_from_each_crm_into_each_erp() -> None:
    together = {file.stem for crm in CRMS for erp in ERPS for file in starting.files((crm, erp)) if "+" in file.stem}
    assert together == {f"{crm}+{erp}" for crm in CRMS for erp in ERPS}
    assert {*CRMS, *ERPS} == set(starting.names())


def test_what_is_for_two_comes_with_the_second_of_them() -> None:
    assert starting.files(("zoho",)) == (Path("systems/zoho.yaml"), Path("systems/cases/zoho.yaml"))
    names = [file.name for file in starting.files(("shop",), beside=("zoho", "salesforce"))]
    assert sorted(set(names)) == ["salesforce+shop.yaml", "shop.yaml", "zoho+shop.yaml"]


def test_each_file_has_its_cases() -> None:
    files = starting.files(starting.names())
    assert all(starting.text(file) for file in files)
    cases = {file.name for file in files if file.parent.name == "cases"}
    assert {file.name for file in files if file.parent.name != "cases"} == cases


def used(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """What routes, summaries and expectations read: source, kind, field."""
    asked = [each.expects.asks for each in plan.routes if each.expects is not None]
    for route in (*plan.routes, *asked, *(each.asks for each in plan.summaries)):
        yield from ((*route.of_kind, name) for name in of_route(route))
    for route in plan.routes:
        if route.expects is not None:
            yield route.source, route.kind, route.expects.of
            yield route.expects.asks.source, route.expects.asks.kind, route.expects.key


def of_route(route: Route) -> set[str]:
    words = {word for name in named(route.when) for word in name.split(".")}
    return {*route.fields, *words, *route.equals, *(each.field for each in route.thresholds)}


def test_nothing_is_read_that_nobody_is_told_of(plan: Plan, tmp_path: Path) -> None:
    sources = load(copied(tmp_path, *starting.names()), environ=ENVIRON).sources.values()
    known = {
        (one.name, one.people.kind, field)
        for one in sources
        if one.people is not None
        for field in one.people.fields.values()
    }
    mapped = {(*key, field.name) for key, kind in plan.kinds.items() if key[0] != OWN for field in kind.fields}
    assert mapped - set(used(plan)) - known == set()


def test_no_amount_and_nobodys_address_is_public(plan: Plan) -> None:
    fields = [(key, field) for key, kind in plan.kinds.items() for field in kind.fields]
    money = [(key, field.name) for key, field in fields if field.type is FieldType.MONEY and field.data_class == PUBLIC]
    reached = [
        (key, field.name)
        for key, field in fields
        if any(word in field.label.lower() for word in ("mail", "phone")) and field.data_class != "personal"
    ]
    assert (money, reached) == ([], [])


def test_each_system_tells_of_what_waits_and_sums_up_the_day(plan: Plan) -> None:
    waits = {route.source for route in plan.routes if route.wait is not None}
    sums = {each.asks.source for each in plan.summaries}
    assert waits == sums == set(starting.names())
    assert {route.source for route in plan.routes if route.decide is not None} == {
        "salesforce",
        "netsuite",
        "dataverse",
        "shop",
    }


def test_the_page_names_each_system_and_what_it_reads() -> None:
    page = (Path(__file__).parents[3] / "docs" / "starting-mappings.md").read_text("utf-8")
    for one in starting.systems():
        assert f"| `{one.name}` | {', '.join(one.kinds)} |" in page


def test_who_is_named_is_told_one_to_one_where_users_are_known(plan: Plan) -> None:
    """Zoho CRM and Business Central name their users by nothing that people of DingTalk have."""
    named = {route.source for route in plan.routes if isinstance(route.by, ByPerson)}
    assert named == {"salesforce", "netsuite", "dataverse", "shop"}


def test_what_is_withheld_from_a_group_reaches_those_who_are_cleared(plan: Plan) -> None:
    split = [route for route in plan.routes if route.policy is Policy.SPLIT]
    assert {route.source for route in split} == {"netsuite", "dataverse", "business-central", "shop"}
    for route in split:
        fields = {field.name: field.data_class for field in plan.kinds[route.of_kind].fields}
        assert "finance" in {fields[name] for name in route.fields}


def test_nights_and_holidays_are_quiet_but_for_decisions(plan: Plan) -> None:
    quiet = {name for name, one in plan.destinations.items() if one.quiet is not None}
    assert set(plan.destinations) - quiet == {"approvals"}
    assert {one.quiet.calendar for one in plan.destinations.values() if one.quiet is not None} == {"HK", "CN"}
