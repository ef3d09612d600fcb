"""Dataverse: roles and privileges of people, and profiles of field security.

See https://learn.microsoft.com/power-apps/developer/data-platform/security-access-coding
"""

from __future__ import annotations

from typing import Any

from tests.connectors.dynamics.sandbox.served import Served, error


def ask(d365: Served, name: str, function: str) -> Any:
    user = d365.user(name)["systemuserid"]
    return d365.dv("GET", f"/systemusers({user})/Microsoft.Dynamics.CRM.{function}")


def columns(d365: Served, name: str) -> list[dict[str, Any]]:
    answer = ask(d365, name, "RetrievePrincipalAttributePrivileges()")
    return list(answer.json()["AttributePrivileges"])


def test_users_come_with_their_roles(d365: Served) -> None:
    path = "/systemusers?$select=fullname&$expand=systemuserroles_association($select=name)"
    roles = {
        user["fullname"]: [role["name"] for role in user["systemuserroles_association"]]
        for user in d365.dv("GET", path).json()["value"]
    }
    assert roles["Tessa Orchid"] == ["Salesperson"]
    assert roles["Wilmot Kestrel"] == ["Sales Manager"]
    assert error(d365.dv("GET", "/systemusers?$expand=colours_association")) == (400, "0x80060888")


def test_the_privileges_of_a_user_are_those_of_the_definitions(d365: Served) -> None:
    held = {
        one["PrivilegeName"]: one for one in ask(d365, "tessa", "RetrieveUserPrivileges()").json()["RolePrivileges"]
    }
    described = d365.dv("GET", "/EntityDefinitions(LogicalName='opportunity')?$select=Privileges").json()["Privileges"]
    ids = {one["Name"]: one["PrivilegeId"] for one in described}
    assert held["prvReadAccount"]["Depth"] == "Global"
    assert held["prvReadOpportunity"]["Depth"] == "Basic"
    assert held["prvReadOpportunity"]["PrivilegeId"] == ids["prvReadOpportunity"]
    assert held["prvReadOrder"]["BusinessUnitId"]
    assert "prvWriteRole" not in held
    assert "prvActOnBehalfOfAnotherUser" not in held


def test_one_privilege_by_its_name(d365: Served) -> None:
    act = "RetrieveUserPrivilegeByPrivilegeName(PrivilegeName='prvActOnBehalfOfAnotherUser')"
    held = ask(d365, "integration", act).json()["RolePrivileges"]
    aliased = ask(d365, "tessa", "RetrieveUserPrivilegeByPrivilegeName(PrivilegeName=@p)?@p='prvWriteOpportunity'")
    assert [one["Depth"] for one in held] == ["Global"]
    assert ask(d365, "tessa", act).json()["RolePrivileges"] == []
    assert aliased.json()["RolePrivileges"][0]["Depth"] == "Basic"
    assert ask(d365, "tessa", "RetrieveUserPrivilegeByPrivilegeName(PrivilegeName='prvPaint')").status_code == 400


def test_secured_columns_of_a_person(d365: Served) -> None:
    """See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/attributeprivilege"""
    people = {"readers": ["tessa@harbour.example", "wilmot@harbour.example"], "writers": ["wilmot@harbour.example"]}
    d365.control("POST", "/dataverse/hide", {"table": "account", "column": "revenue", **people})
    column = d365.dv("GET", "/EntityDefinitions(LogicalName='account')/Attributes(LogicalName='revenue')").json()
    revenue = {"AttributeId": column["MetadataId"], "CanRead": 4}
    assert column["IsSecured"] is True
    assert columns(d365, "tessa") == [{**revenue, "CanCreate": 0, "CanUpdate": 0}]
    assert columns(d365, "wilmot") == [{**revenue, "CanCreate": 4, "CanUpdate": 4}]
    assert columns(d365, "integration") == []
    d365.control("POST", "/dataverse/assign", {"user": "tessa@harbour.example", "roles": ["System Administrator"]})
    assert columns(d365, "tessa") == [{**revenue, "CanCreate": 4, "CanUpdate": 4}]


def test_profiles_of_field_security_are_rows(d365: Served) -> None:
    """See https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/fieldpermission"""
    hide = {"table": "account", "column": "revenue", "readers": ["tessa@harbour.example"]}
    d365.control("POST", "/dataverse/hide", hide)
    profiles = d365.dv(
        "GET",
        "/fieldsecurityprofiles?$select=name"
        "&$expand=lk_fieldpermission_fieldsecurityprofileid($select=entityname,attributelogicalname,canread,canupdate),"
        "systemuserprofiles_association($select=fullname)",
    ).json()["value"]
    permission = profiles[0]["lk_fieldpermission_fieldsecurityprofileid"][0]
    assert [user["fullname"] for user in profiles[0]["systemuserprofiles_association"]] == ["Tessa Orchid"]
    assert (permission["entityname"], permission["attributelogicalname"]) == ("account", "revenue")
    assert (permission["canread"], permission["canupdate"]) == (4, 0)
    d365.control("POST", "/dataverse/hide", {**hide, "secured": False})
    assert d365.dv("GET", "/fieldsecurityprofiles").json()["value"] == []
    assert columns(d365, "tessa") == []


def test_a_team_has_columns_too_and_nothing_else_has(d365: Served) -> None:
    team = d365.dv("GET", "/teams?$select=name").json()["value"][0]["teamid"]
    account = d365.row("account", "Lotus Foods")
    function = "Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivileges()"
    assert d365.dv("GET", f"/teams({team})/{function}").json()["AttributePrivileges"] == []
    assert d365.dv("GET", f"/accounts({account})/{function}").status_code == 501
    assert d365.dv("GET", f"/teams({team})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()").status_code == 501
