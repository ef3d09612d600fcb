"""What a person may see and change, by the org's own tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.contract import Action, Verb
from tests.connectors.salesforce.office import ANN, BOB, DEAL, EVE, Office, opened, shown

OTHER = "006Dn00000AbCdFIAV"


@pytest.fixture
def office() -> Iterator[Office]:
    with opened() as found:
        yield found


SIGNERS = pytest.mark.parametrize("ways", [{}, {"acting": None}], ids=["as the person", "by the tables"])


def kinds(*fields: str) -> dict[str, Any]:
    return {"Opportunity": {"fields": list(fields), "number": "Name"}}


@SIGNERS
def test_fields_are_those_of_the_mapping_that_the_person_may_read(office: Office, ways: dict[str, Any]) -> None:
    client = office.client(kinds=kinds("Amount", "StageName", "Name"), **ways)
    assert client.sees(ANN, "Opportunity", [DEAL, OTHER]) == dict.fromkeys(
        (DEAL, OTHER), frozenset({"Amount", "StageName", "Name"})
    )
    del office.granted["Amount"]
    # Name is a field that permissions do not cover
    assert client.sees(ANN, "Opportunity", [DEAL]) == {DEAL: frozenset({"StageName", "Name"})}


@SIGNERS
def test_a_record_that_is_not_shared_with_them_is_not_there(office: Office, ways: dict[str, Any]) -> None:
    assert office.client(**ways).sees(EVE, "Opportunity", [DEAL]) == {}


def test_who_left_sees_nothing(office: Office) -> None:
    assert office.client().sees("005Dn000001GonEIAS", "Opportunity", [DEAL]) == {}


def test_a_person_is_asked_about_with_their_own_token(office: Office) -> None:
    office.client().sees(ANN, "Opportunity", [DEAL])
    (call,) = office.calls("composite")
    assert "Ann Approver" in call.headers["Authorization"]


@SIGNERS
def test_a_linked_field_needs_its_link_and_itself(office: Office, ways: dict[str, Any]) -> None:
    client = office.client(kinds=kinds("Owner.Name", "Owner.Nonsense__c"), **ways)
    assert client.sees(ANN, "Opportunity", [DEAL]) == {DEAL: frozenset({"Owner.Name"})}


@SIGNERS
def test_two_hundred_records_are_one_call(office: Office, ways: dict[str, Any]) -> None:
    ids = [f"006Dn0000{n:06d}" for n in range(250)]
    assert len(office.client(**ways).sees(BOB, "Opportunity", ids)) == 250
    assert len(office.calls("composite")) == 2
    assert office.client(**ways).sees(BOB, "Opportunity", []) == {}


@pytest.mark.parametrize(
    ("actor", "fields", "reason"),
    [
        (ANN, {"Amount": "1"}, ""),
        (ANN, {"Name": "x"}, ""),
        (EVE, {"Amount": "1"}, "edit this record"),
        (ANN, {"StageName": "Sold"}, "change StageName"),
        (ANN, {"SystemModstamp": "x", "Nonsense__c": "x"}, "change Nonsense__c, SystemModstamp"),
        ("005Dn000001GonEIAS", {"Amount": "1"}, "no active user"),
    ],
)
def test_who_may_set_what(office: Office, actor: str, fields: dict[str, str], reason: str) -> None:
    office.granted["StageName"] = False
    action = Action("k", Verb.SET, "Opportunity", DEAL, actor, shown(office.stamp), fields)
    answer = office.client().may(actor, action)
    assert answer.allowed is (reason == "")
    assert reason in answer.reason
