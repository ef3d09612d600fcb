from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.contract import Finding, Level, Misconfigured, Page
from connectors.netsuite.client import Client
from connectors.netsuite.people import People
from connectors.netsuite.probe import Probe, Sample
from connectors.netsuite.wire import Account
from tests.connectors.netsuite.scripted import (
    MEI,
    NOW,
    RECORDS,
    SECRETS,
    SUITEQL,
    Asked,
    Said,
    Vendor,
    error,
    rows,
    services,
    settings,
    tba,
)

SYSTEM = "/services/rest/system/v1/"
ORDER = f"{RECORDS}purchaseOrder/1042"
# 09:00 in UTC is 01:00 of the same day in California in winter.
ROW = {"id": "1042", "stamp": "2026-03-02 01:00:00", "c0": "2026-03-02", "c1": "Paper", "doc_number": "PO1042"}
LINE = {"doc_id": "1042", "id": "1", "item": "7", "c0": "12"}
STATUSES = [
    {"status": code, "label": label} for code, label in (("1", "Pending"), ("2", "Approved"), ("3", "Rejected"))
]


@dataclass
class Office:
    """A vendor that grants everything, until a test says otherwise: answers by what a query asks for."""

    vendor: Vendor = field(default_factory=Vendor)
    page: Said = field(default_factory=lambda: rows(ROW))
    lines: Said = field(default_factory=lambda: rows(LINE))
    statuses: Said = field(default_factory=lambda: rows(*STATUSES))
    deleted: Said = field(default_factory=rows)

    def __post_init__(self) -> None:
        self.vendor.on("GET", SYSTEM + "serverTime", Said(200, {"serverTime": "2026-03-02T09:00:01.000Z"}))
        limits = {"accountConcurrencyLimit": 15, "accountUnallocatedConcurrencyLimit": 5}
        self.vendor.on("GET", SYSTEM + "governanceLimits", Said(200, limits | {"integrationLimitType": "accountLimit"}))
        self.vendor.on("GET", ORDER, Said(200, {"id": "1042", "lastModifiedDate": "2026-03-02T09:00:00Z"}))
        self.vendor.on("POST", SUITEQL, self.answer)

    def answer(self, asked: Asked) -> Said:
        if "deletedrecord" in asked.query:
            return self.deleted
        if "DISTINCT" in asked.query:
            return self.statuses
        return self.lines if "FROM transactionline" in asked.query else self.page

    def probe(self, **changes: Any) -> dict[str, Finding]:
        found = Client("erp", settings(**changes), services(self.vendor)).probe()
        assert {one.method for one in self.vendor.asked} <= {"GET", "POST"}
        assert {one.path for one in self.vendor.calls("POST")} <= {SUITEQL}, "a probe changes nothing"
        assert not [each for each in found if any(secret in each.sentence for secret in SECRETS)]
        return {each.about: each for each in found}


@pytest.fixture
def office() -> Office:
    return Office()


def wrong(found: dict[str, Finding]) -> dict[str, str]:
    return {about: each.sentence for about, each in found.items() if each.level is Level.WRONG}


def test_all_is_well(office: Office) -> None:
    found = office.probe()
    assert {each.level for each in found.values()} == {Level.FINE}
    expected = {"sign in", "clock", "quota", f"actor {MEI}", "purchaseOrder", "purchaseOrder.approval"}
    assert set(found) == expected | {"deletions", "zone"}
    assert "2: Approved" in found["purchaseOrder.approval"].sentence


def test_a_refused_sign_in_is_all_there_is_to_say(office: Office) -> None:
    office.vendor.on("GET", SYSTEM + "serverTime", error("INVALID_LOGIN", 401))
    found = office.probe()
    assert set(found) == {"sign in"}
    for name in ("REST Web Services", "Log in using OAuth 2.0 Access Tokens", "Log in using Access Tokens"):
        assert name in found["sign in"].sentence


def test_a_release_without_the_clock_is_signed_in_to(office: Office) -> None:
    office.vendor.on("GET", SYSTEM + "serverTime", error("NONEXISTENT_ID", 404))
    assert office.probe()["clock"].level is Level.FINE


@pytest.mark.parametrize(("away", "way"), [(timedelta(minutes=6), "ahead"), (timedelta(minutes=-6), "behind")])
def test_a_wrong_clock_is_told(office: Office, away: timedelta, way: str) -> None:
    office.vendor.on(
        "GET", SYSTEM + "serverTime", Said(200, {"serverTime": (NOW - away).isoformat().replace("+00:00", "Z")})
    )
    assert way in wrong(office.probe())["clock"]


def test_the_limit_is_an_administrators_to_know(office: Office) -> None:
    office.vendor.on("GET", SYSTEM + "governanceLimits", error("INSUFFICIENT_PERMISSION", 403))
    found = office.probe()["quota"]
    assert found.level is Level.DOUBT
    assert "Integration Governance" in found.sentence


def test_more_calls_than_the_integration_has_are_told(office: Office) -> None:
    limits = {"accountConcurrencyLimit": 15, "accountUnallocatedConcurrencyLimit": 9, "integrationConcurrencyLimit": 2}
    office.vendor.on("GET", SYSTEM + "governanceLimits", Said(200, limits))
    assert "2 calls" in wrong(office.probe())["quota"]


@pytest.mark.parametrize(
    ("asked", "about", "permission"),
    [
        ("page", "purchaseOrder", "Purchase Order (Transactions)"),
        ("page", "purchaseOrder", "SuiteAnalytics Workbook"),
        ("deleted", "deletions", "Deleted Records"),
    ],
)
def test_a_missing_permission_is_named_to_the_letter(office: Office, asked: str, about: str, permission: str) -> None:
    setattr(office, asked, error("INSUFFICIENT_PERMISSION", 403))
    assert permission in wrong(office.probe())[about]


def test_no_visible_record_is_a_doubt(office: Office) -> None:
    office.page = rows()
    found = office.probe()["purchaseOrder"]
    assert found.level is Level.DOUBT
    assert "Purchase Order (Transactions)" in found.sentence


def test_a_field_that_is_hidden_or_misspelt_is_named(office: Office) -> None:
    unknown = error(
        "INVALID_PARAMETER", 400, "Search error occurred: Field 'memo' for record 'transaction' was not found."
    )

    def answer(asked: Asked) -> Said:
        return unknown if "t.memo" in asked.query else office.answer(asked)

    office.vendor.on("POST", SUITEQL, answer)
    assert set(wrong(office.probe())) == {"purchaseOrder.memo"}


def test_a_field_of_lines_is_named_as_well(office: Office) -> None:
    unknown = error("INVALID_PARAMETER", 400, "Field 'custcol_x' for record 'transactionline' was not found.")

    def answer(asked: Asked) -> Said:
        return unknown if "n.custcol_x" in asked.query else office.answer(asked)

    office.vendor.on("POST", SUITEQL, answer)
    kinds = {"purchaseOrder": {"fields": ["tranDate", "memo", "item.quantity", "item.custcol_x"]}}
    assert set(wrong(office.probe(kinds=kinds))) == {"purchaseOrder.item.custcol_x"}


def test_a_record_that_does_not_fit_is_a_doubt(office: Office) -> None:
    office.page = rows(ROW | {"c0": "3/2/2026"})
    found = office.probe()["purchaseOrder"]
    assert found.level is Level.DOUBT
    assert "tranDate" in found.sentence


@pytest.mark.parametrize(("zone", "hours"), [("Asia/Hong_Kong", "16 h behind"), ("America/New_York", "3 h behind")])
def test_another_zone_than_the_accounts_is_found(office: Office, zone: str, hours: str) -> None:
    assert hours in wrong(office.probe(zone=zone))["zone"]


@pytest.mark.parametrize(
    "said",
    [
        error("USER_ERROR", 400, "This record has been locked by a user defined workflow."),
        Said(200, {"lastModifiedDate": "2026-03-02T09:03:12Z"}),
        Said(200, {"id": "1042"}),
    ],
    ids=["locked", "changed meanwhile", "no stamp"],
)
def test_what_does_not_tell_the_zone_says_nothing_of_it(office: Office, said: Said) -> None:
    office.vendor.on("GET", ORDER, said)
    assert "zone" not in office.probe()


def test_an_hour_that_comes_twice_is_no_wrong_zone(office: Office) -> None:
    office.page = rows(ROW | {"stamp": "2025-11-02 01:30:00"})
    for exact in ("2025-11-02T08:30:00Z", "2025-11-02T09:30:00Z"):
        office.vendor.on("GET", ORDER, Said(200, {"lastModifiedDate": exact}))
        assert office.probe()["zone"].level is Level.FINE


def test_a_status_that_nobody_had_yet_is_a_doubt(office: Office) -> None:
    office.statuses = rows(*STATUSES[:2])
    found = office.probe()["purchaseOrder.approval"]
    assert found.level is Level.DOUBT
    assert "3: not in use yet" in found.sentence


def test_a_persons_credential_that_is_refused_is_named(office: Office) -> None:
    def answer(asked: Asked) -> Said:
        return error("INVALID_LOGIN", 401) if asked.token == "token-of-mei" else Said(200, {})

    office.vendor.on("GET", SYSTEM + "serverTime", answer)
    assert set(wrong(office.probe())) == {f"actor {MEI}"}


def test_polling_alone_is_said(office: Office) -> None:
    assert office.probe(push_keys=[])["pushes"].level is Level.DOUBT


@pytest.mark.parametrize(
    "said", [Said(cut=True), Said(500), Said(200, ["odd"]), error("CONCURRENCY_LIMIT_EXCEEDED", 429)]
)
@pytest.mark.parametrize("path", [SYSTEM + "serverTime", SYSTEM + "governanceLimits", ORDER, SUITEQL])
def test_whatever_fails_it_is_told_and_not_thrown(office: Office, path: str, said: Said) -> None:
    office.vendor.on("POST" if path == SUITEQL else "GET", path, said)
    assert office.probe()


def probed(deleted: Callable[[str, datetime], object]) -> dict[str, Finding]:
    """Look at a source that learns of deletions by SOAP, and by SOAP alone."""
    office = Office()
    token = {"soap": {"wsdl": "netsuite.wsdl", "tba": tba("token-1", SECRETS[1])["tba"]}}
    chosen = settings(**token, kinds={"salesOrder": {"fields": ["memo"], "deletions": "soap"}})
    runner = services(office.vendor)
    people = People(chosen, runner, Account(chosen, runner, sleep=lambda _seconds: None))
    sample = Sample(lambda _kind, _cursor: Page((), "", more=False), lambda _kind: (), deleted)
    found = Probe(chosen, people, sample, runner.now).findings()
    assert not any("deletedrecord" in one.query for one in office.vendor.calls("POST"))
    return {each.about: each for each in found}


def test_soap_is_asked_where_it_tells_of_deletions() -> None:
    asked: list[tuple[str, datetime]] = []
    found = probed(lambda kind, since: asked.append((kind, since)))
    assert found["deletions by SOAP"].level is Level.FINE
    assert asked == [("salesOrder", NOW - timedelta(hours=1))]


def test_what_soap_needs_is_named() -> None:
    def refused(_kind: str, _since: datetime) -> object:
        raise Misconfigured("The role may not.", detail="HTTP 500 INSUFFICIENT_PERMISSION")

    sentence = probed(refused)["deletions by SOAP"].sentence
    for name in ("Deleted Records", "SOAP Web Services", "Log in using Access Tokens"):
        assert name in sentence
