from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.dynamics.dataverse import CONNECTOR
from connectors.dynamics.entra import App
from tests.connectors.dynamics.dataverse.parts import CASES, SECRET, Desk, settings
from tests.connectors.dynamics.dataverse.vendor import Vendor


@pytest.mark.parametrize(
    ("url", "login"),
    [
        ("https://example.crm5.dynamics.com", "https://login.microsoftonline.com"),
        ("https://example.crm.dynamics.cn", "https://login.partner.microsoftonline.cn"),
        ("https://example.crm.microsoftdynamics.us", "https://login.microsoftonline.us"),
        ("https://example.crm.appsplatform.us", "https://login.microsoftonline.us"),
    ],
)
def test_the_cloud_follows_from_the_address(url: str, login: str) -> None:
    assert settings(url, login_url=None).app.login == login


def test_a_login_of_ones_own_goes_first() -> None:
    found = settings("https://example.crm.dynamics.com", login_url="http://127.0.0.1:8080/").app
    assert found == App("http://127.0.0.1:8080", "contoso.example", found.client_id, SECRET)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://example.crm.dynamics.com"},
        {"url": "https://example.crm.dynamics.com/api/data/v9.2"},
        {"client_secret": None},
        {"certificate": {"certificate": "x", "private_key": "y"}},
        {"tenant": "a/b"},
        {"kinds": {}},
        {"kinds": {"Account": CASES}},
        {"kinds": {"incident": {**CASES, "fields": ["a,b"]}}},
        {"kinds": {"incident": {**CASES, "fields": ["a.b.c"]}}},
        {"page_size": 5001},
        {"concurrency": 53},
        {"app_id": "x&y"},
        {"surprise": 1},
    ],
    ids=str,
)
def test_what_cannot_work_is_refused_without_quoting_a_secret(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as raised:
        settings(**{"base": "https://example.crm.dynamics.com", **changes} if "url" not in changes else changes)
    assert SECRET not in str(raised.value)


def test_no_secret_is_shown() -> None:
    found = settings()
    assert SECRET not in repr(found) + repr(found.app) + found.calls_key + str(found.model_dump())


def test_the_budget_leaves_room_in_the_vendors_limits(vendor: Vendor, desk: Desk) -> None:
    """6000 calls and 20 minutes of execution in five minutes: api-limits.

    A turn of five hundred orders with their lines makes thirteen calls at most.
    """
    client: Any = CONNECTOR.build("crm", settings(vendor.base), desk.services())
    (budget,) = client.budgets()
    (window,) = budget.windows
    assert (window.limit, window.seconds) == (3000 // 13, 300)
    assert timedelta(seconds=budget.slots * window.seconds) <= timedelta(minutes=20)
    assert vendor.asked == []


@pytest.mark.parametrize("size", [1, 5000])
def test_the_smallest_budget_still_lets_something_through(size: int, vendor: Vendor, desk: Desk) -> None:
    client: Any = CONNECTOR.build("crm", settings(vendor.base, page_size=size, share=1), desk.services())
    assert client.budgets()[0].windows[0].limit >= 1
