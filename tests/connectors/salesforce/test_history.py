"""What surrounds a customer, in one call."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.contract import Malformed, Retryable
from connectors.salesforce.client import Client
from connectors.salesforce.errors import ObjectUnknown
from connectors.salesforce.wire import Said
from tests.connectors.salesforce.parts import Desk, settings

ACCOUNT = "001Dn00000AbCdEIAV"
STAMP = "2026-03-02T08:15:42.000+0000"


def described(name: str, *fields: str) -> dict[str, Any]:
    links = {"OwnerId": ("Owner", "User"), "LastModifiedById": ("LastModifiedBy", "User")}
    entries = [
        {"name": each, "type": "reference", "relationshipName": links[each][0], "referenceTo": [links[each][1]]}
        if each in links
        else {"name": each, "type": "datetime" if each == "SystemModstamp" else "string"}
        for each in ("Id", "SystemModstamp", *fields)
    ]
    return {"name": name, "fields": entries}


DESCRIBED = {
    "Account": described("Account", "Name", "Type", "Industry", "OwnerId"),
    "Opportunity": described("Opportunity", "Name", "StageName", "Amount", "CloseDate"),
    "Case": described("Case", "CaseNumber", "Subject", "Status", "Priority"),
    "Task": described("Task", "Subject", "Status", "ActivityDate", "OwnerId"),
    "User": described("User", "Name"),
}


class Org:
    """Answers a composite call part by part."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.said = Said()
        self.composites: list[dict[str, str]] = []

    def call(self, path: str, **request: Any) -> Any:
        if path.endswith("/describe"):
            name = path.split("/")[1]
            if name not in DESCRIBED:
                raise ObjectUnknown("hidden")
            return DESCRIBED[name]
        assert (path, request["method"], request["safe"]) == ("composite", "POST", True)
        parts = json.loads(request["data"])["compositeRequest"]
        self.composites.append({each["referenceId"]: parse_qs(urlsplit(each["url"]).query)["q"][0] for each in parts})
        return {"compositeResponse": [self._part(each["referenceId"]) for each in parts]}

    def _part(self, name: str) -> dict[str, Any]:
        answer = self.answers.get(name, [])
        if isinstance(answer, list):
            return {"referenceId": name, "httpStatusCode": 200, "body": {"records": answer}}
        return {"referenceId": name, "httpStatusCode": answer[0], "body": [{"errorCode": answer[1]}]}


def client(org: Org) -> Client:
    return Client("crm", settings(), Desk().services(), org)


def row(number: int, **fields: Any) -> dict[str, Any]:
    blank = dict.fromkeys(("Name", "Type", "Industry", "StageName", "Amount", "CloseDate", "Subject", "Status"))
    more = {"CaseNumber": None, "Priority": None, "ActivityDate": None, "Owner": {"Name": "Bob Buyer"}}
    return {**blank, **more, "Id": f"00TDn0000{number:06d}", "SystemModstamp": STAMP, **fields}


def test_account_deals_cases_and_activities_come_in_one_call() -> None:
    org = Org(Account=[row(1, Name="Harbour Pumps")], Task=[row(2, Subject="Call"), row(3, Subject="Visit")])
    found = client(org).history(ACCOUNT, 3)
    assert len(org.composites) == 1
    assert [record.number for record in found.records["Task"]] == ["Call", "Visit"]
    assert found.records["Account"][0].fields["Owner.Name"] == "Bob Buyer"
    asked = org.composites[0]
    assert f"AccountId = '{ACCOUNT}' ORDER BY CreatedDate DESC LIMIT 3" in asked["Opportunity"]
    assert asked["Task"].endswith("ORDER BY ActivityDate DESC NULLS LAST LIMIT 3")


def test_what_our_user_may_not_see_is_named() -> None:
    found = client(Org(Case=(400, "INVALID_TYPE"))).history(ACCOUNT)
    assert found.missing == ("Event", "Case")


def test_a_part_that_may_pass_is_tried_again_as_a_whole() -> None:
    with pytest.raises(Retryable):
        client(Org(Task=(503, "SERVER_UNAVAILABLE"))).history(ACCOUNT)


def test_an_answer_without_its_parts_is_malformed(monkeypatch: pytest.MonkeyPatch) -> None:
    org = Org()
    monkeypatch.setattr(org, "_part", lambda _name: {"referenceId": "Lead"})
    with pytest.raises(Malformed):
        client(org).history(ACCOUNT)


def test_a_row_that_cannot_be_read_is_left_out() -> None:
    assert client(Org(Task=[row(2), row(3, Subject=5)])).history(ACCOUNT).records["Task"][0].id.startswith("00T")
