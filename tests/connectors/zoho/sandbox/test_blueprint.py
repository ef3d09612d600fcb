"""Transitions: who sees which, what they do, and how they fail."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.connectors.zoho.sandbox.served import MANAGER, SELLER, Served

LOTUS = "Lotus packaging line"


def blueprint(crm: Served, deal: str, user: str = "") -> Any:
    return crm.call("GET", f"/Deals/{deal}/actions/blueprint", user).json()["blueprint"]


def names(crm: Served, deal: str, user: str = "") -> dict[str, str]:
    return {t["name"]: t["id"] for t in blueprint(crm, deal, user)["transitions"]}


def do(crm: Served, deal: str, transition: str, user: str = "", **data: Any) -> requests.Response:
    body = {"blueprint": [{"transition_id": transition, "data": data}]}
    return crm.call("PUT", f"/Deals/{deal}/actions/blueprint", user, json=body)


def test_each_user_sees_the_transitions_that_are_theirs(crm: Served) -> None:
    deal = crm.deal(LOTUS)
    assert set(names(crm, deal, MANAGER)) == {"Approve", "Reject"}
    assert names(crm, deal, SELLER) == {}
    info = blueprint(crm, deal)["process_info"]
    assert (info["api_name"], info["field_value"]) == ("Stage", "Negotiation/Review")
    reject = next(t for t in blueprint(crm, deal, MANAGER)["transitions"] if t["name"] == "Reject")
    assert (reject["next_field_value"], reject["criteria_matched"], reject["type"]) == ("Closed Lost", True, "manual")
    assert [(f["api_name"], f["mandatory"]) for f in reject["fields"]] == [("Reason", True)]


def test_a_transition_moves_the_record(crm: Served) -> None:
    deal = crm.deal()
    asked = names(crm, deal, SELLER)["Ask for approval"]
    answer = do(crm, deal, asked, SELLER, Notes="please")
    assert (answer.status_code, answer.json()["message"]) == (200, "transition updated successfully")
    approve = names(crm, deal, MANAGER)["Approve"]
    assert do(crm, deal, approve, MANAGER).status_code == 200
    shown = crm.shown(deal)
    assert (shown["Stage"], shown["Modified_By"]["email"]) == ("Closed Won", MANAGER)
    # the state moved on: the same press again does nothing
    again = do(crm, deal, approve, MANAGER)
    assert (again.status_code, again.json()["code"], again.json()["message"]) == (
        400, "INVALID_DATA", "invalid transition",
    )  # fmt: skip


def test_a_mandatory_field_of_a_transition(crm: Served) -> None:
    deal = crm.deal(LOTUS)
    reject = names(crm, deal, MANAGER)["Reject"]
    missing = do(crm, deal, reject, MANAGER)
    assert (missing.json()["code"], missing.json()["details"]["api_name"]) == ("MANDATORY_NOT_FOUND", "Reason")
    assert do(crm, deal, reject, MANAGER, Reason="x" * 2001).json()["code"] == "INVALID_DATA"
    assert do(crm, deal, reject, MANAGER, Reason="too dear").status_code == 200
    assert crm.shown(deal)["Reason"] == "too dear"


@pytest.mark.parametrize("code", ["INVALID_DATA", "NO_PERMISSION"])
def test_a_transition_that_is_somebody_else_s(crm: Served, code: str) -> None:
    crm.switch(forbidden_transition=code)
    deal = crm.deal(LOTUS)
    answer = do(crm, deal, names(crm, deal, MANAGER)["Approve"], SELLER)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert crm.shown(deal)["Stage"] == "Negotiation/Review"


def test_a_locked_record_moves_nowhere(crm: Served) -> None:
    deal = crm.deal(LOTUS)
    approve = names(crm, deal, MANAGER)["Approve"]
    crm.control("POST", f"/records/Deals/{deal}/state", {"locked": True})
    assert do(crm, deal, approve, MANAGER).json()["code"] == "RECORD_LOCKED"


def test_a_record_that_is_in_no_process(crm: Served) -> None:
    for path in (f"/Deals/{crm.deal('Harbour fleet tracking')}", f"/Tasks/{crm.id_of('Tasks', 'Call the buyer')}"):
        answer = crm.call("GET", f"{path}/actions/blueprint")
        assert (answer.status_code, answer.json()["code"]) == (400, "RECORD_NOT_IN_PROCESS")
    crm.control("POST", f"/records/Deals/{crm.deal()}/state", {"in_process": False})
    assert do(crm, crm.deal(), "1").json()["message"] == "record not in process"


@pytest.mark.parametrize("body", [{}, {"blueprint": []}, {"blueprint": [{"transition_id": "x"}]}])
def test_a_body_that_names_no_transition(crm: Served, body: Any) -> None:
    answer = crm.call("PUT", f"/Deals/{crm.deal()}/actions/blueprint", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_DATA")


def test_a_transition_that_the_api_does_not_know_of_a_record_that_is_not_there(crm: Served) -> None:
    assert crm.call("GET", "/Deals/554023000009999999/actions/blueprint").json()["code"] == "INVALID_DATA"
