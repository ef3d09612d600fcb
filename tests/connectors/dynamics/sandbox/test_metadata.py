"""Dataverse: descriptions of tables, columns and choices."""

from __future__ import annotations

from typing import Any
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


ENTITY = "/EntityDefinitions(LogicalName='{}')"
CAST = "Microsoft.Dynamics.CRM.{}AttributeMetadata"


def cast(d365: Served, table: str, kind: str, query: str = "") -> dict[str, Any]:
    path = f"{ENTITY.format(table)}/Attributes/{CAST.format(kind)}{query}"
    return {one["LogicalName"]: one for one in d365.dv("GET", path).json()["value"]}


def test_all_columns_say_their_type_and_what_can_be_done_with_them(d365: Served) -> None:
    """See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/attributemetadata"""
    d365.control("POST", "/dataverse/hide", {"table": "opportunity", "column": "estimatedvalue"})
    path = f"{ENTITY.format('opportunity')}?$select=LogicalName&$expand=Attributes"
    columns = {one["LogicalName"]: one for one in d365.dv("GET", path).json()["Attributes"]}
    assert columns["estimatedvalue"]["AttributeType"] == "Money"
    assert columns["estimatedvalue"]["AttributeTypeName"] == {"Value": "MoneyType"}
    assert columns["name"]["AttributeTypeName"] == {"Value": "StringType"}
    assert columns["createdon"]["AttributeTypeName"] == {"Value": "DateTimeType"}
    assert [c for c, one in columns.items() if one["IsSecured"]] == ["estimatedvalue"]
    assert [c for c, one in columns.items() if one["IsPrimaryName"]] == ["name"]
    assert [c for c, one in columns.items() if one["IsPrimaryId"]] == ["opportunityid"]
    assert (columns["createdon"]["IsValidForRead"], columns["createdon"]["IsValidForUpdate"]) == (True, False)
    assert columns["name"]["RequiredLevel"]["Value"] == "ApplicationRequired"


def test_what_belongs_to_a_kind_needs_a_cast(d365: Served) -> None:
    """See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-metadata-web-api"""
    money = cast(d365, "opportunity", "Money", "?$select=LogicalName,Precision,PrecisionSource,IsBaseCurrency")
    dates = cast(d365, "opportunity", "DateTime", "?$select=LogicalName,Format,DateTimeBehavior")
    lookups = cast(d365, "opportunity", "Lookup", "?$select=LogicalName,Targets,AttributeType")
    uncast = f"{ENTITY.format('opportunity')}/Attributes?$select=LogicalName,Precision"
    assert money["estimatedvalue"]["Precision"] == 2
    assert money["estimatedvalue_base"]["IsBaseCurrency"] is True
    assert (dates["estimatedclosedate"]["Format"], dates["createdon"]["Format"]) == ("DateOnly", "DateAndTime")
    assert dates["estimatedclosedate"]["DateTimeBehavior"] == {"Value": "DateOnly"}
    assert dates["scheduleproposalmeeting"]["DateTimeBehavior"] == {"Value": "TimeZoneIndependent"}
    assert dates["createdon"]["DateTimeBehavior"] == {"Value": "UserLocal"}
    assert lookups["customerid"]["Targets"] == ["account", "contact"]
    assert lookups["ownerid"]["AttributeType"] == "Owner"
    assert error(d365.dv("GET", uncast)) == (400, "0x80060888")
    d365.switch(uncast_attributes="whole")
    shown = d365.dv("GET", f"{ENTITY.format('account')}/Attributes(LogicalName='name')").json()
    assert shown["MaxLength"] == 160


def test_shared_choices_stand_in_the_global_option_set(d365: Served) -> None:
    picklists = cast(d365, "opportunity", "Picklist", "?$select=LogicalName&$expand=OptionSet,GlobalOptionSet")
    own, shared = picklists["opportunityratingcode"], picklists["purchaseprocess"]
    assert (own["OptionSet"]["IsGlobal"], own["GlobalOptionSet"]) == (False, None)
    assert own["OptionSet"]["Name"] == "opportunity_opportunityratingcode"
    assert shared["OptionSet"] is None
    assert [o["Value"] for o in shared["GlobalOptionSet"]["Options"]] == [0, 1, 2]


def test_one_column_by_name_or_id_with_its_choices(d365: Served) -> None:
    base = f"{ENTITY.format('opportunity')}/Attributes"
    by_name = d365.dv("GET", f"{base}(LogicalName='opportunityratingcode')/{CAST.format('Picklist')}").json()
    path = f"{base}({by_name['MetadataId']})/{CAST.format('Picklist')}/OptionSet?$select=Options"
    options = d365.dv("GET", path).json()["Options"]
    wrong_kind = d365.dv("GET", f"{base}(LogicalName='name')/{CAST.format('Money')}")
    assert [option["Value"] for option in options] == [1, 2, 3]
    assert wrong_kind.status_code == error(d365.dv("GET", f"{base}(LogicalName='x')"))[0] == 404


def test_a_key_is_described(d365: Served) -> None:
    keys = d365.dv("GET", f"{ENTITY.format('account')}/Keys").json()["value"]
    assert keys[0]["KeyAttributes"] == ["accountnumber"]


def test_names_have_the_vendors_case(d365: Served) -> None:
    path = "/EntityDefinitions?$select=LogicalName,SchemaName,EntitySetName,LogicalCollectionName"
    tables = {one["LogicalName"]: one for one in d365.dv("GET", path).json()["value"]}
    columns = d365.dv("GET", f"{ENTITY.format('account')}/Attributes?$select=SchemaName,LogicalName").json()["value"]
    names = {one["LogicalName"]: one["SchemaName"] for one in columns}
    assert [tables[n]["SchemaName"] for n in ("salesorder", "uom", "quotedetail")] == [
        "SalesOrder",
        "UoM",
        "QuoteDetail",
    ]
    assert tables["transactioncurrency"]["EntitySetName"] == "transactioncurrencies"
    assert tables["salesorder"]["LogicalCollectionName"] == "salesorders"
    assert (names["emailaddress1"], names["address1_city"]) == ("EMailAddress1", "Address1_City")


def test_every_table_and_column_has_a_name_in_the_vendors_case(d365: Served) -> None:
    tables = d365.dv("GET", "/EntityDefinitions?$select=SchemaName&$expand=Attributes($select=SchemaName)").json()
    names = [one["SchemaName"] for t in tables["value"] for one in (t, *t["Attributes"])]
    assert [name for name in names if name.islower()] == []


def test_a_table_is_found_by_its_id(d365: Served) -> None:
    shown = d365.dv("GET", f"{ENTITY.format('quote')}?$select=LogicalName").json()
    path = f"/EntityDefinitions?$select=LogicalName&$filter=MetadataId eq {shown['MetadataId']}"
    assert [one["LogicalName"] for one in d365.dv("GET", path).json()["value"]] == ["quote"]
    assert d365.dv("GET", f"/EntityDefinitions({shown['MetadataId']})").json()["LogicalName"] == "quote"


def test_a_filter_names_the_enumeration(d365: Served) -> None:
    where = "AttributeType eq Microsoft.Dynamics.CRM.AttributeTypeCode'Picklist'"
    path = f"{ENTITY.format('opportunity')}?$select=LogicalName&$expand=Attributes($select=LogicalName;$filter={where})"
    found = {one["LogicalName"] for one in d365.dv("GET", path).json()["Attributes"]}
    owned = "/EntityDefinitions?$select=LogicalName&$filter=OwnershipType eq Microsoft.Dynamics.CRM.OwnershipTypes'{}'"
    users = {one["LogicalName"] for one in d365.dv("GET", owned.format("UserOwned")).json()["value"]}
    tracked = d365.dv("GET", "/EntityDefinitions?$select=LogicalName&$filter=ChangeTrackingEnabled eq true").json()
    changeable = d365.dv("GET", "/EntityDefinitions?$filter=CanChangeTrackingBeEnabled/Value eq false").json()
    assert found == {"opportunityratingcode", "purchaseprocess"}
    assert "account" in users
    assert "role" not in users
    assert len(tracked["value"]) > len(users)
    assert changeable["value"] == []
    plain = d365.dv("GET", "/EntityDefinitions?$filter=OwnershipType eq 'UserOwned'")
    assert error(plain) == (400, "0x80060888")


def test_privileges_have_ids_names_and_depths(d365: Served) -> None:
    """See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/securityprivilegemetadata"""
    order, role = (
        {
            one["PrivilegeType"]: one
            for one in d365.dv("GET", f"{ENTITY.format(name)}?$select=Privileges").json()["Privileges"]
        }
        for name in ("salesorder", "role")
    )
    assert order["Read"]["Name"] == "prvReadOrder"
    assert order["Read"]["CanBeBasic"] is order["Read"]["CanBeGlobal"] is True
    assert len({one["PrivilegeId"] for one in order.values()}) == len(order)
    assert {"Assign", "Share"} <= set(order)
    assert "Assign" not in role
    assert (role["Read"]["CanBeBasic"], role["Read"]["CanBeGlobal"]) == (False, True)


def test_relationships_tell_the_navigation_of_a_look_up(d365: Served) -> None:
    """See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/onetomanyrelationshipmetadata"""
    shown = "ReferencingAttribute,ReferencingEntityNavigationPropertyName,ReferencedEntity"
    path = f"{ENTITY.format('opportunity')}?$select=LogicalName&$expand=ManyToOneRelationships($select={shown})"
    leads = {
        (one["ReferencingAttribute"], one["ReferencedEntity"]): one["ReferencingEntityNavigationPropertyName"]
        for one in d365.dv("GET", path).json()["ManyToOneRelationships"]
    }
    back = d365.dv("GET", f"{ENTITY.format('account')}/OneToManyRelationships").json()["value"]
    assert leads["customerid", "account"] == "customerid_account"
    assert leads["customerid", "contact"] == "customerid_contact"
    assert leads["transactioncurrencyid", "transactioncurrency"] == "transactioncurrencyid"
    assert leads["ownerid", "owner"] == "ownerid"
    ways = {one["ReferencedEntityNavigationPropertyName"]: one["ReferencingEntity"] for one in back}
    assert ways["opportunity_customer_accounts"] == "opportunity"
    links = d365.dv("GET", f"{ENTITY.format('systemuser')}/ManyToManyRelationships").json()["value"]
    assert {one["Entity2LogicalName"] for one in links} >= {"role", "team"}
    assert d365.dv("GET", f"{ENTITY.format('account')}/Colours").status_code == 404


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
