"""The starting mappings: they load as they stand and read what every org has by default."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from config.bridge import check, load
from config.problem import format_problems
from connectors.contract import Choice, Record, Value
from connectors.salesforce.settings import SalesforceSettings
from pipelines.case import Event, program
from pipelines.chain import decide
from pipelines.plan import PUBLIC
from pipelines.stages.clearance import clear
from tests.config.starting.copies import ENVIRON, copied
from tests.connectors.salesforce.parts import NOW


@pytest.fixture
def bridge(tmp_path: Path) -> Path:
    return copied(tmp_path, "salesforce")


def test_they_load_as_they_stand(bridge: Path) -> None:
    assert format_problems(check(bridge, environ=ENVIRON)) == ""


def test_each_object_has_a_number_and_a_route_but_users(bridge: Path) -> None:
    loaded = load(bridge, environ=ENVIRON)
    settings = loaded.sources["salesforce"].settings
    assert isinstance(settings, SalesforceSettings)
    assert {name: kind.number for name, kind in settings.kinds.items()} == {
        "Opportunity": "Name",
        "Account": "Name",
        "Case": "CaseNumber",
        "Quote": "QuoteNumber",
        "User": "Name",
    }
    assert {name: kind.history for name, kind in settings.kinds.items() if kind.history} == {"Opportunity": 5}
    told = {route.kind for route in loaded.plan.routes if route.source == "salesforce"}
    assert told == set(settings.kinds) - {"User"}


def test_an_opportunity_is_told_in_the_vendors_words(bridge: Path) -> None:
    kind = load(bridge, environ=ENVIRON).plan.kinds["salesforce", "Opportunity"]
    assert {field.path: field.label for field in kind.fields} == {
        "Name": "Opportunity Name",
        "Account.Name": "Account",
        "Amount": "Amount",
        "StageName": "Stage",
        "Probability": "Probability (%)",
        "CloseDate": "Close Date",
        "NextStep": "Next Step",
        "Owner.Name": "Owner",
        "history": "History",
    }


def test_a_new_opportunity_shows_its_customers_history_to_those_who_are_cleared(bridge: Path) -> None:
    plan = load(bridge, environ=ENVIRON).plan
    key = ("salesforce", "Opportunity")
    fields: dict[str, Value] = {"Name": "Pump station 7", "StageName": Choice("Open", "Open")}
    history = ("2026-02-20 Call: Price talk (Amy Wong)", "Case: Too warm (New; High; Ben Ho)")
    new = Record(*key, id="1", version="1", stamp=NOW, fields=fields, context={"history": history})
    decision = decide(program(plan)[key], Event(1, new, False, None), NOW)
    [notice] = decision.notices
    kind = plan.kinds[key]
    assert clear(notice, kind, frozenset({PUBLIC, "internal"})).fields["history"] == history
    assert clear(notice, kind, frozenset({PUBLIC})).withheld == ("history",)
    won = replace(new, version="2", fields=fields | {"StageName": Choice("Won", "Won")})
    [later] = decide(program(plan)[key], Event(2, won, False, decision.state), NOW).notices
    assert (later.fields["stage"], "history" in later.fields) == (Choice("Won", "Won"), False)
