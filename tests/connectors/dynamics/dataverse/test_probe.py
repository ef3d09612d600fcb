from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from connectors.contract import Finding, Level
from connectors.dynamics.dataverse.client import Client
from tests.connectors.dynamics.dataverse.deciding import (
    BRIDGE,
    ORDERS,
    Office,
    lacking,
    offices,
)
from tests.connectors.dynamics.dataverse.parts import NOW, SECRET
from tests.connectors.dynamics.dataverse.pushed import KEY
from tests.connectors.dynamics.dataverse.scripted import no
from tests.connectors.dynamics.dataverse.vendor import API, Asked, Said, rows

USER = f"systemusers({BRIDGE})"
TABLE = "EntityDefinitions(LogicalName='salesorder')"
ENDPOINT = "0a9e1c6d-9f9f-e711-8122-000d3aa2331c"
STEPS = f"serviceendpoints({ENDPOINT})/serviceendpoint_sdkmessageprocessingstep"
READ_ONLY = {**ORDERS, "approve": {}, "reject": {}, "transitions": {}, "comment": None}
HOOK = {"keys": [KEY]}


def privilege(name: str) -> str:
    return f"{USER}/Microsoft.Dynamics.CRM.RetrieveUserPrivilegeByPrivilegeName(PrivilegeName='{name}')"


def held(*depths: str) -> Said:
    return Said(200, {"RolePrivileges": [{"Depth": depth, "PrivilegeId": BRIDGE} for depth in depths]})


def endpoint(**changes: Any) -> dict[str, Any]:
    url = "https://bridge.example.test/hooks/crm"
    return {"serviceendpointid": ENDPOINT, "name": "bridge", "url": url, "authtype": 4} | changes


def step(message: str, table: str = "salesorder", **changes: Any) -> dict[str, Any]:
    inner = {"sdkmessageid": {"name": message}, "sdkmessagefilterid": {"primaryobjecttypecode": table}}
    return {"name": f"{message} of {table}", "mode": 1, "stage": 40, "statecode": 0} | inner | changes


def registered(office: Office, *steps: dict[str, Any], **changes: Any) -> None:
    every = [
        step(message, table)
        for table in ("salesorder", "salesorderdetail")
        for message in ("Create", "Update", "Delete")
    ]
    office.vendor.on(
        "GET", "serviceendpoints", rows(endpoint(url="https://elsewhere.test/hooks/other"), endpoint(**changes))
    )
    office.vendor.on("GET", STEPS, rows(*(steps or every)))


@pytest.fixture
def office() -> Iterator[Office]:
    with offices() as office:
        vendor = office.vendor
        date = {"Date": format_datetime(NOW, usegmt=True)}
        vendor.on("GET", "WhoAmI", Said(200, {"UserId": BRIDGE, "OrganizationId": ENDPOINT}, date))
        roles = [{"name": "Bridge"}]
        vendor.on("GET", USER, Said(200, {"isdisabled": False, "systemuserroles_association": roles}))
        vendor.on("GET", privilege("prvActOnBehalfOfAnotherUser"), held("Global"))
        vendor.on("GET", privilege("prvWriteOrder"), held("Basic", "Global"))
        vendor.on("GET", "salesorders", rows({"salesorderid": BRIDGE}))
        vendor.on("GET", "salesorderdetails", rows())
        decided(office)
        registered(office)
        yield office


def decided(office: Office, **changes: Any) -> None:
    """Say what a decision needs of the table."""
    vendor = office.vendor
    known = vendor.answer(Asked("GET", API + TABLE, {}, "")).body
    privileges = [
        {"Name": "prvReadOrder", "PrivilegeType": "Read"},
        {"Name": "prvWriteOrder", "PrivilegeType": "Write"},
    ]
    vendor.on("GET", TABLE, Said(200, known | {"Privileges": privileges} | changes))
    vendor.asked.clear()


def probe(office: Office, **changes: Any) -> dict[str, Finding]:
    found = Client("crm", office.settings(webhook=HOOK, **changes), office.services()).probe()
    assert {one.method for one in office.vendor.asked} <= {"GET"}, "a look changes nothing"
    assert not [each for each in found if SECRET in each.sentence or KEY in each.sentence]
    return {each.about: each for each in found}


def test_all_is_well(office: Office) -> None:
    found = probe(office)
    assert {each.about: each.level for each in found.values() if each.level is not Level.FINE} == {}
    assert set(found) == {
        "sign in",
        "clock",
        "application user",
        "acting for people",
        "salesorder",
        "salesorder.change tracking",
        "salesorder.decisions",
        "webhook",
    }


@pytest.mark.parametrize(
    "said", [no(403, "0x80072560"), Said(401), Said(200, {"UserId": "nobody"}), Said(200, b"<html>"), Said(cut=True)]
)
def test_a_refused_sign_in_is_all_there_is_to_say(office: Office, said: Said) -> None:
    office.vendor.on("GET", "WhoAmI", said)
    found = probe(office)
    assert set(found) == {"sign in"}
    assert found["sign in"].level is Level.WRONG


@pytest.mark.parametrize(
    ("path", "said", "about", "level", "word"),
    [
        (USER, Said(200, {"systemuserroles_association": []}), "application user", Level.WRONG, "role"),
        (
            USER,
            Said(200, {"systemuserroles_association": [{"name": "System Administrator"}]}),
            "application user",
            Level.DOUBT,
            "Administrator",
        ),
        (USER, lacking(), "application user", Level.DOUBT, "role"),
        (privilege("prvActOnBehalfOfAnotherUser"), held(), "acting for people", Level.WRONG, "prvActOnBehalf"),
        (privilege("prvWriteOrder"), held("Local"), "salesorder.decisions", Level.WRONG, "prvWriteOrder"),
        (privilege("prvWriteOrder"), held(), "salesorder.decisions", Level.WRONG, "prvWriteOrder"),
        (TABLE, no(404, "0x80060888"), "salesorder", Level.WRONG, "logical name"),
        (privilege("prvWriteOrder"), lacking(), "salesorder.decisions", Level.DOUBT, "cannot be seen"),
        ("salesorders", lacking(), "salesorder.change tracking", Level.WRONG, "whole organization"),
        ("salesorders", rows(), "salesorder", Level.DOUBT, "whole organization"),
        ("salesorderdetails", lacking(), "salesorder", Level.WRONG, "privilege"),
        ("serviceendpoints", rows(), "webhook", Level.DOUBT, "/hooks/crm"),
        ("serviceendpoints", lacking(), "webhook", Level.DOUBT, "Service Endpoint"),
        ("serviceendpoints", rows(endpoint(authtype=5)), "webhook", Level.WRONG, "authentication"),
    ],
)
def test_what_is_missing_is_said(office: Office, path: str, said: Said, about: str, level: Level, word: str) -> None:
    office.vendor.on("GET", path, said)
    client = Client("crm", office.settings(webhook=HOOK), office.services())
    told = [each for each in client.probe() if each.about == about and each.level is level]
    assert told
    assert any(word in each.sentence for each in told)


def test_who_reads_only_needs_no_right_to_act_for_people(office: Office) -> None:
    office.vendor.on("GET", privilege("prvActOnBehalfOfAnotherUser"), held())
    found = probe(office, kinds={"salesorder": READ_ONLY})
    assert found["acting for people"].level is Level.DOUBT
    assert "salesorder.decisions" not in found
    assert "acting for people" not in probe(office, act_as="application_user")


def test_a_table_without_change_tracking_is_read_all_the_same(office: Office) -> None:
    decided(office, ChangeTrackingEnabled=False)
    found = probe(office)
    assert found["salesorder.change tracking"].level is Level.DOUBT
    assert "Track changes" in found["salesorder.change tracking"].sentence
    assert found["salesorder"].level is Level.FINE
    assert "salesorder.change tracking" not in probe(office, kinds={"salesorder": {**ORDERS, "tracking": False}})


def test_change_tracking_is_tried_as_it_is_read(office: Office) -> None:
    probe(office)
    (tracked,) = [one for one in office.vendor.calls("GET", "salesorders") if "prefer" in one.headers]
    assert "odata.track-changes" in tracked.headers["prefer"]
    assert set(tracked.params) == {"$select"}, "no other option is taken with it"


def test_a_table_without_conditional_updates_takes_no_decisions(office: Office) -> None:
    decided(office, IsOptimisticConcurrencyEnabled=False)
    found = Client("crm", office.settings(), office.services()).probe()
    assert [each for each in found if each.about == "salesorder.decisions" and each.level is Level.WRONG]


def test_each_column_that_there_is_not_is_named(office: Office) -> None:
    fields = ["name", "gone", "gone_base", "salesorderdetail.nothing", "salesorderdetail.quantity_base"]
    kind = {
        **ORDERS,
        "fields": fields,
        "number": "no_number",
        "reject": {"no_such": 1, "statuscode": "Lost"},
        "comment": "no_comment",
    }
    found = probe(office, kinds={"salesorder": kind})
    wrong = {each.about for each in found.values() if each.level is Level.WRONG}
    assert wrong == {
        f"salesorder.{each}"
        for each in (
            "gone",
            "gone_base",
            "salesorderdetail.nothing",
            "no_number",
            "no_such",
            "no_comment",
            "statuscode",
        )
    }


def test_a_secured_column_that_arrives_empty_is_named(office: Office) -> None:
    office.vendor.on("GET", f"{TABLE}/Attributes", rows({"LogicalName": "new_margin", "MetadataId": ENDPOINT}))
    function = f"{USER}/Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivileges()"
    office.vendor.on("GET", function, Said(200, {"AttributePrivileges": []}))
    kinds = {"salesorder": {**ORDERS, "fields": ["name", "new_margin"]}}
    found = probe(office, kinds=kinds)
    assert found["salesorder.new_margin"].level is Level.WRONG
    assert "profile" in found["salesorder.new_margin"].sentence
    granted = {"AttributeId": ENDPOINT, "CanRead": 4}
    office.vendor.on("GET", function, Said(200, {"AttributePrivileges": [granted]}))
    assert "salesorder.new_margin" not in probe(office, kinds=kinds)


def test_steps_that_are_missing_are_named_and_one_that_is_off_is_missing(office: Office) -> None:
    registered(office, step("Create"), step("Update", statecode=1), step("Delete", "account"))
    found = probe(office)
    assert found["webhook"].level is Level.DOUBT
    for named in ("Update of salesorder", "Delete of salesorder", "Create of salesorderdetail"):
        assert named in found["webhook"].sentence
    assert "Create of salesorder," not in found["webhook"].sentence


def test_a_step_that_people_would_wait_for_is_wrong(office: Office) -> None:
    registered(office, step("Update", mode=0))
    found = Client("crm", office.settings(webhook=HOOK), office.services()).probe()
    assert any(each.level is Level.WRONG and "asynchronous" in each.sentence for each in found)


def test_without_a_webhook_nothing_is_asked_of_it(office: Office) -> None:
    found = {each.about: each for each in Client("crm", office.settings(), office.services()).probe()}
    assert found["webhook"].level is Level.FINE
    assert office.vendor.calls("GET", "serviceendpoints") == []


def test_a_header_needs_the_authentication_by_header(office: Office) -> None:
    registered(office, authtype=5)
    settings = office.settings(webhook={"keys": [KEY], "place": "header", "name": "X-Bridge"})
    found = {each.about: each for each in Client("crm", settings, office.services()).probe()}
    assert found["webhook"].level is Level.FINE


def test_a_clock_that_is_wrong_is_said(office: Office) -> None:
    late = {"Date": format_datetime(NOW - timedelta(minutes=5), usegmt=True)}
    office.vendor.on("GET", "WhoAmI", Said(200, {"UserId": BRIDGE}, late))
    found = probe(office)
    assert found["clock"].level is Level.WRONG
    assert "299 s ahead" in found["clock"].sentence
