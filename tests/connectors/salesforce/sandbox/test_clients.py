"""A client that others wrote: simple-salesforce, which insists on https and Salesforce's hosts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)
from simple_salesforce.format import format_soql

from tests.connectors.salesforce.sandbox.served import Served


class ToTwin(HTTPAdapter):
    """Sends what is meant for any https host to the twin."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.url = f"{self._base}{parts.path}{f'?{parts.query}' if parts.query else ''}"
        return super().send(request, stream=stream, timeout=timeout or 10, verify=verify, cert=cert, proxies=proxies)


@pytest.fixture
def session(sf: Served) -> requests.Session:
    session = requests.Session()
    session.mount("https://", ToTwin(sf.base))
    return session


@pytest.fixture
def client(sf: Served, session: requests.Session) -> Any:
    return Salesforce(session_id=sf.token(), instance_url=sf.base, session=session)


def test_it_reads_writes_and_deletes(client: Any) -> None:
    made = client.Opportunity.create({"Name": "By a client", "StageName": "Prospecting", "CloseDate": "2027-01-31"})
    assert made["success"] is True
    assert client.Opportunity.update(made["id"], {"NextStep": "Call"}) == 204
    assert client.Opportunity.get(made["id"])["NextStep"] == "Call"
    assert client.Opportunity.delete(made["id"]) == 204
    soql = format_soql("SELECT Id FROM Opportunity WHERE Id = {}", made["id"])
    assert client.query(soql)["totalSize"] == 0
    assert client.query(soql, include_deleted=True)["totalSize"] == 1


def test_it_follows_the_pages(sf: Served, client: Any) -> None:
    sf.control("POST", "/settings", {"page_size": 4})
    numbers = [r["Deal_Number__c"] for r in client.query_all_iter("SELECT Deal_Number__c FROM Opportunity ORDER BY Id")]
    assert numbers == [f"OPP-{n}" for n in range(1041, 1047)]


def test_it_knows_the_metadata_and_the_usage(client: Any) -> None:
    assert {o["name"] for o in client.describe()["sobjects"]} >= {"Opportunity", "Account"}
    assert client.Opportunity.describe()["keyPrefix"] == "006"
    assert client.Opportunity.metadata()["objectDescribe"]["name"] == "Opportunity"
    assert client.limits()["DailyApiRequests"]["Max"] == 15000
    assert client.api_usage["api-usage"].total == 15000


def test_it_asks_what_changed(sf: Served, client: Any) -> None:
    now = datetime.now(UTC)
    stamp = (now - timedelta(minutes=2)).isoformat(timespec="seconds")
    sf.control("PATCH", f"/records/Opportunity/{sf.deal(1043)}", {"values": {"NextStep": "x"}, "stamp": stamp})
    answer = client.Opportunity.updated(now - timedelta(minutes=10), now + timedelta(minutes=2))
    assert answer["ids"] == [sf.deal(1043)]
    assert client.Opportunity.deleted(now - timedelta(minutes=10), now)["deletedRecords"] == []


def test_its_errors_are_the_right_ones(sf: Served, client: Any) -> None:
    with pytest.raises(SalesforceMalformedRequest):
        client.query("SELECT Nothing FROM Opportunity")
    with pytest.raises(SalesforceResourceNotFound):
        client.Opportunity.get("0065g000000zzzz")
    sf.control("POST", "/throttle", {"kind": "daily"})
    with pytest.raises(SalesforceRefusedRequest, match="TotalRequests Limit exceeded"):
        client.query("SELECT Id FROM Opportunity")
    sf.control("POST", "/expire-tokens")
    with pytest.raises(SalesforceExpiredSession):
        client.query("SELECT Id FROM Opportunity")


def test_it_logs_in_with_client_credentials_and_renews(sf: Served, session: requests.Session) -> None:
    facts = sf.facts
    client = Salesforce(
        consumer_key=facts["client_id"], consumer_secret=facts["client_secret"], domain="harbour.my", session=session
    )
    sf.control("POST", "/expire-tokens")
    assert client.query("SELECT Id FROM Opportunity")["totalSize"] == 6


def test_it_logs_in_with_a_jwt(sf: Served, session: requests.Session) -> None:
    facts = sf.facts
    client: Any = Salesforce(
        username="tessa@harbour.example",
        consumer_key=facts["client_id"],
        privatekey=facts["jwt"]["private_key"],
        session=session,
    )
    # the salesperson may not see discounts
    with pytest.raises(SalesforceMalformedRequest, match="No such column 'Discount__c'"):
        client.query("SELECT Discount__c FROM Opportunity")
    client.Opportunity.update(sf.deal(1041), {"NextStep": f"Call at {time.strftime('%H:%M')}"})
    soql = format_soql("SELECT LastModifiedBy.Username FROM Opportunity WHERE Id = {}", sf.deal(1041))
    assert client.query(soql)["records"][0]["LastModifiedBy"]["Username"] == "tessa@harbour.example"
