from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.zoho.regions import CENTRES, Region
from connectors.zoho.settings import Edition
from tests.connectors.zoho.parts import PERSONAL, REFRESH, SECRET, settings


@pytest.mark.parametrize("region", Region)
def test_each_region_has_hosts_of_its_own(region: Region) -> None:
    found = settings(accounts_url=None, region=region)
    assert found.accounts == CENTRES[region].accounts
    assert found.web == CENTRES[region].web
    assert [each for each in Region if CENTRES[each].accounts == found.accounts] == [region]


def test_an_address_outside_the_table_has_no_pages_unless_named() -> None:
    assert settings(accounts_url="https://accounts.zoho.uk").web == ""
    assert settings(accounts_url="https://accounts.zoho.uk", web_url="https://crm.zoho.uk").web == "https://crm.zoho.uk"


@pytest.mark.parametrize(
    ("edition", "licences", "calls", "a_day"),
    [
        (Edition.FREE, 3, 5, 5_000),
        (Edition.STANDARD, 10, 10, 52_500),
        (Edition.ENTERPRISE, 100, 20, 150_000),
        (Edition.ULTIMATE, 0, 25, 50_000),
    ],
)
def test_the_quota_is_the_editions(edition: Edition, licences: int, calls: int, a_day: int) -> None:
    found = settings(edition=edition, licences=licences)
    assert (found.concurrency, found.credits) == (calls, a_day)


@pytest.mark.parametrize(
    "wrong",
    [
        {"accounts_url": "http://accounts.zoho.com"},
        {"accounts_url": "https://accounts.zoho.com/oauth"},
        {"region": "mars"},
        {"kinds": {}},
        {"kinds": {"Deals; drop": {"fields": ["Stage"], "number": "Deal_Name"}}},
        {"kinds": {"Deals": {"fields": ["Stage from Deals"], "number": "Deal_Name"}}},
        {"kinds": {"Deals": {"fields": ["A.B.C"], "number": "Deal_Name"}}},
        {"kinds": {"Deals": {"fields": [], "number": "Deal_Name"}}},
        {"actors": {"Mei": PERSONAL}},
        {"channel_life": "8d"},
        {"page_size": 2001},
        {"client_secret": ""},
        {"refresh_tokens": "x"},
    ],
)
def test_what_cannot_work_is_refused_without_telling_secrets(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as raised:
        settings(**wrong)
    assert not [secret for secret in (SECRET, REFRESH, PERSONAL) if secret in str(raised.value)]


def test_secrets_are_never_shown() -> None:
    found = settings(actors={"17": PERSONAL})
    shown = f"{found!r} {found} {found.model_dump_json()}"
    assert not [secret for secret in (SECRET, REFRESH, PERSONAL) if secret in shown]
    assert found.timeout == (10.0, 5.0)
    assert found.channel_life == timedelta(days=6)
