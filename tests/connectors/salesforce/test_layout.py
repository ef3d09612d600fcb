"""What is selected, and as what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.contract import Malformed, Misconfigured
from connectors.salesforce.errors import ObjectUnknown
from connectors.salesforce.layout import Column, Layout, layout_of
from connectors.salesforce.settings import Kind
from tests.connectors.salesforce.parts import payload

OBJECTS = ("opportunity", "account", "user", "group", "case")


def laid_out(*fields: str, name: str = "Opportunity", number: str = "Name", **other: Any) -> Layout:
    known = {each.capitalize(): payload(f"describe__{each}") for each in OBJECTS} | other

    def describe(wanted: str) -> Mapping[str, Any]:
        if wanted not in known:
            raise ObjectUnknown(wanted)
        found: Mapping[str, Any] = known[wanted]
        return found

    return layout_of(name, Kind(fields=fields, number=number), describe)


def test_every_record_brings_what_the_contract_needs() -> None:
    assert laid_out("StageName").select == (
        "Id",
        "SystemModstamp",
        "LastModifiedDate",
        "LastModifiedById",
        "IsDeleted",
        "LastModifiedBy.Name",
        "Name",
        "StageName",
    )


def test_an_org_with_several_currencies_gives_each_amount_its_own() -> None:
    several = payload("describe__opportunity_multicurrency")
    layout = laid_out("Amount", "Account.AnnualRevenue", Opportunity=several)
    assert layout.select[-4:] == ("Amount", "Account.AnnualRevenue", "CurrencyIsoCode", "Account.CurrencyIsoCode")
    assert [column.currency for column in layout.columns] == [("CurrencyIsoCode",), ("Account", "CurrencyIsoCode")]


def test_an_org_with_one_currency_is_asked_for_none() -> None:
    assert "CurrencyIsoCode" not in laid_out("Amount").select


def test_what_our_user_may_not_see_is_hidden_and_not_selected() -> None:
    layout = laid_out("Amount", "Margin__c", "Owner.Salary__c", "Partner__r.Name", number="Secret__c")
    assert layout.hidden == ("Margin__c", "Owner.Salary__c", "Partner__r.Name")
    assert not {"Margin__c", "Owner.Salary__c", "Partner__r.Name", "Secret__c"} & set(layout.select)
    assert layout.number == ""


def test_a_related_object_without_access_hides_its_fields() -> None:
    layout = laid_out("Account.Name", Account={"fields": []})
    assert layout.hidden == ("Account.Name",)
    partner = {"name": "PartnerId", "type": "reference", "relationshipName": "Partner", "referenceTo": ["Partner__c"]}
    own = payload("describe__opportunity")
    assert laid_out("Partner.Name", Opportunity={"fields": [*own["fields"], partner]}).hidden == ("Partner.Name",)


def test_relationships_are_followed_over_several_steps() -> None:
    (column,) = laid_out("Account.LastModifiedBy.IsActive").columns
    assert column == Column(("Account", "LastModifiedBy", "IsActive"), "boolean")


def test_an_owner_who_may_be_a_group_is_typed_by_whichever_has_the_field() -> None:
    layout = laid_out("Owner.Name", "Owner.Email", name="Case", number="CaseNumber")
    assert [column.type for column in layout.columns] == ["string", "email"]


def test_a_field_without_a_single_value_says_what_to_name_instead() -> None:
    with pytest.raises(Misconfigured, match="Shipping__c has no single value"):
        laid_out("Shipping__c")


def test_objects_with_fewer_system_fields_are_read_with_those_they_have() -> None:
    layout = laid_out("Email", name="User")
    assert layout.select == ("Id", "SystemModstamp", "LastModifiedDate", "Name", "Email")
    plain = {"fields": [{"name": "Id", "type": "id"}, {"name": "LastModifiedDate", "type": "datetime"}]}
    assert laid_out("Name", name="Old__c", Old__c=plain).stamp == "LastModifiedDate"


def test_an_object_without_a_stamp_cannot_be_polled() -> None:
    with pytest.raises(Misconfigured, match="no time of change"):
        laid_out("Name", name="Odd__c", Odd__c={"fields": [{"name": "Id", "type": "id"}]})


@pytest.mark.parametrize("body", [None, {}, {"fields": None}, {"fields": [{"type": "id"}]}])
def test_a_description_without_fields_is_malformed(body: Any) -> None:
    with pytest.raises(Malformed):
        laid_out("Name", name="Odd__c", Odd__c=body)
