"""Dataverse: descriptions of tables, columns and choices."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from tests.connectors.dynamics.sandbox.served import Served, error


def test_the_service_lists_its_sets(d365: Served) -> None:
    listed = {one["name"] for one in d365.dv("GET", "/").json()["value"]}
    assert {
        "accounts",
        "opportunities",
        "quotes",
        "salesorders",
        "incidents",
        "systemusers",
        "teams",
        "roles",
    } <= listed


def test_a_table_is_described(d365: Served) -> None:
    path = "/EntityDefinitions(LogicalName='salesorder')?$select=EntitySetName,PrimaryIdAttribute,ChangeTrackingEnabled"
    shown = d365.dv("GET", path).json()
    assert shown["EntitySetName"] == "salesorders"
    assert shown["PrimaryIdAttribute"] == "salesorderid"
    assert shown["ChangeTrackingEnabled"] is True
    assert error(d365.dv("GET", "/EntityDefinitions(LogicalName='colour')")) == (404, "0x80060888")


def test_choices_have_labels_and_reasons_their_state(d365: Served) -> None:
    base = "/EntityDefinitions(LogicalName='opportunity')/Attributes/Microsoft.Dynamics.CRM"
    picklists = d365.dv("GET", f"{base}.PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet").json()[
        "value"
    ]
    reasons = d365.dv("GET", f"{base}.StatusAttributeMetadata?$select=LogicalName&$expand=OptionSet").json()["value"]
    rating = next(one for one in picklists if one["LogicalName"] == "opportunityratingcode")
    labels = {o["Value"]: o["Label"]["UserLocalizedLabel"]["Label"] for o in rating["OptionSet"]["Options"]}
    assert labels == {1: "Hot", 2: "Warm", 3: "Cold"}
    assert {o["Value"]: o["State"] for o in reasons[0]["OptionSet"]["Options"]}[3] == 1


def test_columns_say_their_type_and_how_their_dates_behave(d365: Served) -> None:
    path = "/EntityDefinitions(LogicalName='opportunity')?$select=LogicalName&$expand=Attributes"
    columns = {one["LogicalName"]: one for one in d365.dv("GET", path).json()["Attributes"]}
    assert columns["estimatedvalue"]["AttributeType"] == "Money"
    assert columns["estimatedvalue"]["Precision"] == 2
    assert columns["customerid"]["Targets"] == ["account", "contact"]
    assert columns["estimatedclosedate"]["DateTimeBehavior"] == {"Value": "DateOnly"}
    assert columns["scheduleproposalmeeting"]["DateTimeBehavior"] == {"Value": "TimeZoneIndependent"}
    assert columns["createdon"]["DateTimeBehavior"] == {"Value": "UserLocal"}
    assert columns["createdon"]["IsValidForUpdate"] is False


def test_one_column_and_the_keys(d365: Served) -> None:
    one = d365.dv("GET", "/EntityDefinitions(LogicalName='account')/Attributes(LogicalName='name')").json()
    keys = d365.dv("GET", "/EntityDefinitions(LogicalName='account')/Keys").json()["value"]
    assert one["MaxLength"] == 160
    assert keys[0]["KeyAttributes"] == ["accountnumber"]
    assert error(d365.dv("GET", "/EntityDefinitions(LogicalName='account')/Attributes(LogicalName='x')"))[0] == 404


def test_the_schema_document_names_the_tables_that_track_changes(d365: Served) -> None:
    d365.control("POST", "/dataverse/schema", {"table": "team", "tracked": False})
    tree = ET.fromstring(d365.dv("GET", "/$metadata?annotations=true").content)  # noqa: S314 - our own twin's answer
    space = "{http://docs.oasis-open.org/odata/ns/edm}"
    tracked = {e.get("Name") for e in tree.iter(f"{space}EntitySet") if e.find(f"{space}Annotation") is not None}
    account = next(e for e in tree.iter(f"{space}EntityType") if e.get("Name") == "account")
    assert "accounts" in tracked
    assert "teams" not in tracked
    assert "_ownerid_value" in {e.get("Name") for e in account.iter(f"{space}Property")}


def test_a_column_that_changes_its_name_or_type_shows_at_once(d365: Served) -> None:
    d365.control("POST", "/dataverse/schema", {"table": "account", "column": "numberofemployees", "type": "String"})
    d365.control("POST", "/dataverse/schema", {"table": "account", "column": "telephone1", "name": "phone"})
    row = d365.dv("GET", "/accounts?$select=numberofemployees,phone&$filter=accountnumber eq 'C-2001'").json()["value"][
        0
    ]
    shown = d365.dv(
        "GET", "/EntityDefinitions(LogicalName='account')/Attributes(LogicalName='numberofemployees')"
    ).json()
    assert row["numberofemployees"] == "420"
    assert shown["AttributeType"] == "String"
    assert error(d365.dv("GET", "/accounts?$select=telephone1")) == (400, "0x80060888")
