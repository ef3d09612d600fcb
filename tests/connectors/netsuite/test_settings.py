"""Settings: what does not fit is refused when it is read, with a sentence and without a secret."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.netsuite.settings import NetSuiteSettings
from tests.connectors.netsuite.parts import ORDERS, TBA, ZONE, oauth2, settings


def live(**changes: Any) -> NetSuiteSettings:
    whole = {"account": "123456_sb1", "auth": {"tba": TBA}, "zone": ZONE, "kinds": {"salesOrder": ORDERS}}
    return NetSuiteSettings.model_validate(whole | changes)


def test_addresses_come_from_the_account() -> None:
    """https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3494684.html."""
    made = live()
    assert made.account == "123456_SB1"
    assert made.rest_url == "https://123456-sb1.suitetalk.api.netsuite.com"
    assert made.restlets_url == "https://123456-sb1.restlets.api.netsuite.com"
    assert made.web_url == "https://123456-sb1.app.netsuite.com"


def test_another_address_takes_the_place_of_all() -> None:
    made = live(base_url="http://127.0.0.1:8/")
    assert {made.rest_url, made.restlets_url, made.web_url} == {"http://127.0.0.1:8"}


def test_sources_of_one_account_share_its_calls_however_they_sign_in() -> None:
    one, other = live(account="tstdrv1"), live(account="TSTDRV1", auth={"oauth2": oauth2()})
    assert one.calls_key == other.calls_key
    assert "TSTDRV1" in other.account


def test_calls_are_left_to_others() -> None:
    assert live().slots == 4
    assert live(concurrency=15, headroom=5).slots == 10


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"auth": {}}, "exactly one"),
        ({"auth": {"tba": TBA, "oauth2": oauth2()}}, "exactly one"),
        ({"auth": {"oauth2": oauth2() | {"algorithm": "RS256"}}}, "PS256"),
        ({"account": "123-456"}, "account"),
        ({"base_url": "http://erp.example.com"}, "https"),
        ({"zone": "Pacific Time"}, "Asia/Hong_Kong"),
        ({"zone": "../../etc/passwd"}, "Asia/Hong_Kong"),
        ({"concurrency": 5, "headroom": 5}, "at least one"),
        ({"page_size": 1001}, "1000"),
        ({"kinds": {"salesOrder": {"fields": ["a b"]}}}, "fields"),
        ({"kinds": {"salesOrder": {"fields": ["item.item.x"]}}}, "fields"),
        ({"kinds": {"salesOrder": {"fields": ["\u4e2d"]}}}, "fields"),
        ({"kinds": {"sales order": ORDERS}}, "kinds"),
        ({"kinds": {"stock": {"fields": ["item"], "balance": {"locations": []}}}}, "locations"),
        ({"kinds": {"stock": {"fields": ["item"], "balance": {"locations": ["1"], "every": "5s"}}}}, "every"),
        ({"kinds": {"salesOrder": ORDERS | {"reading": "soap"}}}, "add `soap`"),
        ({"kinds": {"salesOrder": ORDERS | {"deletions": "soap"}}}, "add `soap`"),
        ({"soap": {"wsdl": "netsuite.wsdl"}, "auth": {"oauth2": oauth2()}}, "soap.tba"),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        live(**changes)
    assert words in str(caught.value)
    assert "hush" not in str(caught.value)


def test_soap_takes_the_tokens_of_the_account_or_its_own() -> None:
    soap = {"wsdl": "netsuite.wsdl"}
    assert live(soap=soap).soap_tba == live().auth.tba
    own = live(soap=soap | {"tba": TBA | {"token_id": "other"}}, auth={"oauth2": oauth2()})
    assert own.soap_tba is not None
    assert own.soap_tba.token_id == "other"


def test_secrets_are_not_shown() -> None:
    assert "hush" not in repr(settings()) + settings().model_dump_json()
