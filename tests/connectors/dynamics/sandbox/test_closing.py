"""Dataverse: states that a change cannot bring about, and the actions that do.

See https://learn.microsoft.com/power-apps/developer/data-platform/reference/web-service-error-codes
and https://learn.microsoft.com/dynamics365/customer-engagement/web-api/winopportunity
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.dynamics.sandbox.served import Served, error

DEAL, CASE = ("opportunity", "Harbour cold chain"), ("incident", "CAS-3001")
QUOTE, ORDER = ("quote", "QUO-1001"), ("salesorder", "ORD-1042")
SETS = {"opportunity": "opportunities", "incident": "incidents", "quote": "quotes", "salesorder": "salesorders"}


def path(d365: Served, row: tuple[str, str]) -> str:
    return f"/{SETS[row[0]]}({d365.row(*row)})"


def change(d365: Served, row: tuple[str, str], **values: Any) -> Any:
    return d365.dv("PATCH", path(d365, row), json=values, headers={"If-Match": "*"})


def state(d365: Served, row: tuple[str, str]) -> tuple[int, int]:
    shown = d365.dv("GET", path(d365, row)).json()
    return shown["statecode"], shown["statuscode"]


def close(d365: Served, action: str, activity: str, row: tuple[str, str], status: int | None) -> Any:
    body: dict[str, Any] = {activity: {f"{row[0]}id@odata.bind": path(d365, row)}}
    return d365.dv("POST", f"/{action}", json=body if status is None else {**body, "Status": status})


@pytest.mark.parametrize("values", [{"statecode": 1}, {"statuscode": 3}, {"statecode": 2, "statuscode": 5}])
def test_a_deal_is_not_won_or_lost_by_a_change(d365: Served, values: dict[str, int]) -> None:
    refused = change(d365, DEAL, **values)
    assert error(refused) == (400, "0x80100005")
    assert "can not be used to set the state of opportunity" in refused.json()["error"]["message"]
    assert state(d365, DEAL) == (0, 1)


def test_a_closed_deal_is_opened_again_by_a_change(d365: Served) -> None:
    close(d365, "WinOpportunity", "OpportunityClose", DEAL, 3)
    assert change(d365, DEAL, description="paid").status_code == 204
    assert change(d365, DEAL, statecode=1, statuscode=3).status_code == 204
    assert change(d365, DEAL, statecode=0).status_code == 204
    assert state(d365, DEAL) == (0, 1)


def test_a_reason_of_an_open_deal_is_changed(d365: Served) -> None:
    assert change(d365, DEAL, statuscode=2).status_code == 204
    assert state(d365, DEAL) == (0, 2)


def test_a_case_is_not_resolved_by_a_change_but_canceled(d365: Served) -> None:
    refused = change(d365, CASE, statecode=1, statuscode=5)
    assert refused.status_code == 400
    assert "CloseIncident" in refused.json()["error"]["message"]
    assert change(d365, CASE, statecode=2, statuscode=6).status_code == 204


def test_quotes_and_orders_need_their_actions_unless_switched(d365: Served) -> None:
    assert change(d365, QUOTE, statecode=1, statuscode=2).status_code == 204
    assert change(d365, QUOTE, statecode=2, statuscode=4).status_code == 400
    assert change(d365, ORDER, statecode=3, statuscode=100001).status_code == 400
    assert change(d365, ORDER, statecode=1, statuscode=3).status_code == 204
    d365.switch(closing_by_patch="accepted")
    assert change(d365, ORDER, statecode=3, statuscode=100001).status_code == 204
    assert change(d365, DEAL, statecode=1).status_code == 400


@pytest.mark.parametrize(
    ("action", "activity", "row", "status", "reached"),
    [
        ("WinOpportunity", "OpportunityClose", DEAL, 3, (1, 3)),
        ("LoseOpportunity", "OpportunityClose", DEAL, 5, (2, 5)),
        ("LoseOpportunity", "OpportunityClose", DEAL, -1, (2, 4)),
        ("CloseIncident", "IncidentResolution", CASE, 1000, (1, 1000)),
        ("FulfillSalesOrder", "OrderClose", ORDER, 100001, (3, 100001)),
        ("CancelSalesOrder", "OrderClose", ORDER, 4, (2, 4)),
    ],
)
def test_actions_close_once(
    d365: Served, action: str, activity: str, row: tuple[str, str], status: int, reached: tuple[int, int]
) -> None:
    assert close(d365, action, activity, row, status).status_code == 204
    assert state(d365, row) == reached
    assert error(close(d365, action, activity, row, status)) == (400, "0x80048408")


def test_only_an_active_quote_is_won_or_closed(d365: Served) -> None:
    assert close(d365, "WinQuote", "QuoteClose", QUOTE, 4).status_code == 400
    change(d365, QUOTE, statecode=1, statuscode=2)
    assert close(d365, "WinQuote", "QuoteClose", QUOTE, 4).status_code == 204
    assert state(d365, QUOTE) == (2, 4)
    d365.alter("quote", d365.row(*QUOTE), statecode=1, statuscode=3)
    assert close(d365, "CloseQuote", "QuoteClose", QUOTE, 5).status_code == 204
    assert state(d365, QUOTE) == (3, 5)


def test_an_action_that_lacks_something(d365: Served) -> None:
    wrong = close(d365, "WinOpportunity", "OpportunityClose", DEAL, 5)
    ghost = {"opportunityid@odata.bind": "/opportunities(00000000-0000-4000-8000-00000000dead)"}
    assert error(wrong) == (400, "0x80048408")
    assert error(close(d365, "WinOpportunity", "OpportunityClose", DEAL, None)) == (400, "0x80048408")
    assert error(d365.dv("POST", "/WinOpportunity", json={"Status": 3})) == (400, "0x80048d19")
    body = {"OpportunityClose": ghost, "Status": 3}
    assert error(d365.dv("POST", "/WinOpportunity", json=body)) == (404, "0x80040217")


def test_nobody_closes_what_they_may_not_change(d365: Served) -> None:
    board = ("opportunity", "Granite board seats")
    body = {"OpportunityClose": {"opportunityid@odata.bind": path(d365, board)}, "Status": 3}
    as_tessa = {"CallerObjectId": d365.user("tessa")["azureactivedirectoryobjectid"]}
    assert error(d365.dv("POST", "/WinOpportunity", json=body, headers=as_tessa)) == (403, "0x80040220")
    assert state(d365, board) == (0, 1)
