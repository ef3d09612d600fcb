"""Dataverse: who sees and may do what, and acting for others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.dynamics.sandbox.served import Served, error


def as_user(d365: Served, name: str, *, legacy: bool = False) -> dict[str, str]:
    user = d365.user(name)
    return (
        {"MSCRMCallerID": user["systemuserid"]} if legacy else {"CallerObjectId": user["azureactivedirectoryobjectid"]}
    )


def deals(d365: Served, **headers: str) -> set[str]:
    rows = d365.dv("GET", "/opportunities?$select=name", headers=headers).json()["value"]
    return {row["name"] for row in rows}


def rights(d365: Served, name: str, table: str, row_id: str) -> Any:
    user = d365.user(name)["systemuserid"]
    target = f"@t={{'@odata.id':'{table}({row_id})'}}"
    path = f"/systemusers({user})/Microsoft.Dynamics.CRM.RetrievePrincipalAccess(Target=@t)?{target}"
    return d365.dv("GET", path)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_salesperson_sees_their_own_deals(d365: Served, *, legacy: bool) -> None:
    assert deals(d365, **as_user(d365, "tessa", legacy=legacy)) == {"Harbour cold chain", "Lotus packaging line"}
    assert "Granite board seats" in deals(d365)


def test_a_change_for_somebody_names_both(d365: Served) -> None:
    account = f"/accounts({d365.row('account', 'Lotus Foods')})"
    headers = {"If-Match": "*", **as_user(d365, "tessa")}
    d365.dv("PATCH", account, json={"telephone1": "7"}, headers=headers)
    row = d365.dv(
        "GET", f"{account}?$select=name&$expand=modifiedby($select=fullname),modifiedonbehalfby($select=fullname)"
    )
    assert row.json()["modifiedby"]["fullname"] == "Tessa Orchid"
    assert row.json()["modifiedonbehalfby"]["fullname"] == "Dingbridge Integration"


def test_only_what_both_may_do_is_done(d365: Served) -> None:
    grants = {"*": {"Read": "GLOBAL"}}
    d365.control("POST", "/dataverse/roles", {"name": "Reader", "grants": grants, "acts_for_others": True})
    d365.control("POST", "/dataverse/assign", {"user": "integration@harbour.example", "roles": ["Reader"]})
    account = f"/accounts({d365.row('account', 'Lotus Foods')})"
    headers = {"If-Match": "*", **as_user(d365, "wilmot")}
    refused = d365.dv("PATCH", account, json={"telephone1": "7"}, headers=headers)
    assert error(refused) == (403, "0x80040220")
    assert "prvWriteAccount" in refused.json()["error"]["message"]


def test_acting_for_others_needs_the_privilege(d365: Served) -> None:
    d365.control("POST", "/dataverse/assign", {"user": "integration@harbour.example", "roles": ["Sales Manager"]})
    assert error(d365.dv("GET", "/accounts", headers=as_user(d365, "tessa"))) == (403, "0x8004a110")


def test_people_who_are_gone(d365: Served) -> None:
    nobody = {"CallerObjectId": "00000000-0000-4000-8000-00000000dead"}
    assert error(d365.dv("GET", "/accounts", headers=nobody)) == (403, "0x80072560")
    d365.control("POST", "/dataverse/disable", {"user": "tessa@harbour.example"})
    assert error(d365.dv("GET", "/accounts", headers=as_user(d365, "tessa"))) == (403, "0x80040225")


def test_somebody_elses_row_is_refused(d365: Served) -> None:
    board = f"/opportunities({d365.row('opportunity', 'Granite board seats')})"
    refused = d365.dv("GET", board, headers=as_user(d365, "tessa"))
    assert error(refused) == (403, "0x80040220")
    assert "does not have ReadAccess" in refused.json()["error"]["message"]


def test_the_exact_rights_of_a_person_on_a_row(d365: Served) -> None:
    board, cold = (d365.row("opportunity", name) for name in ("Granite board seats", "Harbour cold chain"))
    assert rights(d365, "tessa", "opportunities", board).json()["AccessRights"] == "None"
    assert "WriteAccess" in rights(d365, "tessa", "opportunities", cold).json()["AccessRights"].split(", ")
    assert (
        rights(d365, "tessa", "incidents", d365.row("incident", "CAS-3001"))
        .json()["AccessRights"]
        .startswith("ReadAccess")
    )
    d365.switch(no_access="refused")
    assert rights(d365, "tessa", "opportunities", board).status_code == 403
    assert error(rights(d365, "tessa", "opportunities", "00000000-0000-4000-8000-00000000dead")) == (404, "0x80040217")


def test_a_shared_row_is_seen_and_the_sharing_can_be_read(d365: Served) -> None:
    board = d365.row("opportunity", "Granite board seats")
    share = {"table": "opportunity", "id": board, "principal": "tessa@harbour.example", "rights": ["Read"]}
    d365.control("POST", "/dataverse/share", share)
    path = f"/RetrieveSharedPrincipalsAndAccess(Target=@t)?@t={{'@odata.id':'opportunities({board})'}}"
    listed = d365.dv("GET", path).json()["PrincipalAccesses"]
    assert "Granite board seats" in deals(d365, **as_user(d365, "tessa"))
    assert rights(d365, "tessa", "opportunities", board).json()["AccessRights"] == "ReadAccess"
    assert listed[0]["AccessMask"] == "ReadAccess"
    assert listed[0]["Principal"]["ownerid"] == d365.user("tessa")["systemuserid"]
    d365.control("POST", "/dataverse/share", {**share, "rights": []})
    assert "Granite board seats" not in deals(d365, **as_user(d365, "tessa"))


@pytest.mark.parametrize("answer", ["null", "absent"])
def test_a_secured_column_is_not_shown_nor_changed(d365: Served, answer: str) -> None:
    d365.switch(secured_column=answer)
    readers = ["wilmot@harbour.example"]
    d365.control("POST", "/dataverse/hide", {"table": "account", "column": "revenue", "readers": readers})
    path = "/accounts?$select=name,revenue&$filter=accountnumber eq 'C-2001'"
    row = d365.dv("GET", path).json()["value"][0]
    changed = d365.dv("PATCH", f"/accounts({row['accountid']})", json={"revenue": 1}, headers={"If-Match": "*"})
    assert row.get("revenue") is None
    assert ("revenue" in row) is (answer == "null")
    assert d365.dv("GET", "/accounts?$filter=revenue gt 1").json()["value"] == []
    assert error(changed) == (403, "0x8004f507")
    d365.control("POST", "/dataverse/hide", {"table": "account", "column": "revenue", "secured": False})
    assert d365.dv("GET", path).json()["value"][0]["revenue"] == 139_000_000


def test_a_column_that_is_hidden_between_two_pages_is_empty_from_then_on(d365: Served) -> None:
    prefer = {"Prefer": "odata.maxpagesize=1"}
    first = d365.dv("GET", "/accounts?$select=accountnumber&$orderby=accountnumber", headers=prefer).json()
    d365.control("POST", "/dataverse/hide", {"table": "account", "column": "accountnumber"})
    second = d365.dv("GET", "/accounts?$select=accountnumber", headers=prefer).json()
    assert first["value"][0]["accountnumber"] == "C-2001"
    assert second["value"][0]["accountnumber"] is None
