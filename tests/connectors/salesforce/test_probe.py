"""What `check --live` finds out, against the twin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import Describes, Finding, Level, Money, Probes
from connectors.salesforce import CONNECTOR
from connectors.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET, create
from tests.connectors.salesforce.sandbox.served import Served, fresh
from tests.contract.suite import local_services
from tests.served import Host, served_session, serving


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with serving(create) as host:
        yield host


@pytest.fixture
def sf(host: Host) -> Iterator[Served]:
    with fresh(host) as served:
        yield served


def client(sf: Served, ahead: timedelta = timedelta(0), **kinds: Any) -> object:
    settings = CONNECTOR.settings.model_validate(
        {
            "url": sf.base,
            "auth": {"client_credentials": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}},
            "kinds": kinds or {"Opportunity": {"fields": ["Amount", "Owner.Name"], "number": "Deal_Number__c"}},
        }
    )
    services = replace(local_services(), session=served_session, now=lambda: datetime.now(UTC) + ahead)
    return CONNECTOR.build("crm", settings, services)


def found(probed: object) -> dict[str, Finding]:
    assert isinstance(probed, Probes)
    return {one.about: one for one in probed.probe()}


def test_all_is_granted(sf: Served) -> None:
    findings = found(client(sf))
    assert findings.keys() == {"sign in", "quota", "clock", "Opportunity"}
    assert {one.level for one in findings.values()} == {Level.FINE}


def test_a_field_that_is_not_there_is_named(sf: Served) -> None:
    findings = found(client(sf, Opportunity={"fields": ["Amount", "Nonsense__c"], "number": "No_Number__c"}))
    wrong = {about for about, one in findings.items() if one.level is Level.WRONG}
    assert wrong == {"Opportunity.Nonsense__c", "Opportunity.No_Number__c"}


def test_an_object_without_access_is_named_and_the_others_are_looked_at(sf: Served) -> None:
    kind = {"fields": ["Name"], "number": "Name"}
    findings = found(client(sf, Secret__c=kind, Account=kind))
    assert findings["Secret__c"].level is Level.WRONG
    assert "grant Read" in findings["Secret__c"].sentence
    assert findings["Account"].level is Level.FINE


def test_a_clock_that_is_wrong_is_told_which_way(sf: Served) -> None:
    clock = found(client(sf, ahead=timedelta(minutes=5)))["clock"]
    assert clock.level is Level.WRONG
    assert "ahead of Salesforce's" in clock.sentence
    assert found(client(sf, ahead=timedelta(seconds=30)))["clock"].level is Level.FINE


def test_stamps_that_are_finer_than_shown_are_found(sf: Served) -> None:
    sf.control("POST", "/switches", {"hidden_milliseconds": True})
    sf.control("PATCH", f"/records/Opportunity/{sf.deal(1042)}", {"values": {"Amount": 97_000}})
    deals: dict[str, Any] = {"Opportunity": {"fields": ["Amount"], "number": "Deal_Number__c"}}
    assert "A-SALESFORCE-4" not in found(client(sf, **deals))
    assert found(client(sf, **deals))["A-SALESFORCE-1"].level is Level.DOUBT


def test_a_value_that_is_in_no_picklist_is_said_before_anybody_is_told(sf: Served) -> None:
    sf.control("PATCH", f"/records/Opportunity/{sf.deal(1042)}", {"values": {"StageName": "A stage of last year"}})
    finding = found(client(sf, Opportunity={"fields": ["StageName"], "number": "Deal_Number__c"}))
    assert finding["Opportunity.StageName"].level is Level.DOUBT
    assert "last year" not in finding["Opportunity.StageName"].sentence


def test_wrong_credentials_say_what_to_do(sf: Served) -> None:
    settings = {
        "url": sf.base,
        "auth": {"client_credentials": {"client_id": CLIENT_ID, "client_secret": "a wrong one"}},
        "kinds": {"Account": {"fields": ["Name"], "number": "Name"}},
    }
    services = replace(local_services(), session=served_session, now=lambda: datetime.now(UTC))
    finding = found(CONNECTOR.build("crm", CONNECTOR.settings.model_validate(settings), services))["sign in"]
    assert finding.level is Level.WRONG
    assert "Check client_id and client_secret" in finding.sentence
    assert "a wrong one" not in finding.sentence


def test_a_quota_that_runs_out_is_doubtful(sf: Served) -> None:
    def left() -> int:
        return int(found(client(sf))["quota"].sentence.split()[0])

    sf.control("POST", "/settings", {"daily_max": 1000})
    first, second = left(), left()
    # what the next one has used when it has signed in
    sf.control("POST", "/settings", {"daily_max": 1000 - second + (first - second)})
    quota = found(client(sf))["quota"]
    assert (quota.level, quota.sentence.split()[0]) == (Level.DOUBT, "0")


def test_fields_are_described_as_they_are_read(sf: Served) -> None:
    asked = client(sf)
    assert isinstance(asked, Describes)
    described = {one.path: one for one in asked.describe("Opportunity")}
    assert (described["Amount"].value, described["Amount"].currency_path) == (Money, "CurrencyIsoCode")
    assert described["Discount__c"].value is Decimal
