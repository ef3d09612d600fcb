"""Approving: by the field, and by a script of the account."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.connectors.netsuite.sandbox.served import Served, detail
from tests.served import DEADLINE_S

PENDING, APPROVED, REJECTED = ({"id": code} for code in "123")


def decide(ns: Served, order: str, status: Any, user: str = "approver") -> requests.Response:
    return ns.call("PATCH", f"/purchaseOrder/{order}", user=user, json={"approvalStatus": status})


def script(ns: Served, body: Any, user: str = "approver", **named: str) -> requests.Response:
    facts = ns.facts["restlet"] | named
    url = f"{ns.base}/app/site/hosting/restlet.nl?script={facts['script']}&deploy={facts['deploy']}"
    header = {"Authorization": ns.oauth("POST", url, user)}
    return ns.http.post(url, json=body, headers=header, timeout=DEADLINE_S)


def state(ns: Served, order: str) -> tuple[Any, ...]:
    body = ns.call("GET", f"/purchaseOrder/{order}").json()
    return body["approvalStatus"]["refName"], body["status"]["refName"], "nextApprover" in body


@pytest.mark.parametrize(
    ("status", "after"),
    [
        (APPROVED, ("Approved", "Pending Receipt", False)),
        (REJECTED, ("Rejected", "Rejected by Supervisor", False)),
    ],
)
def test_an_approver_decides_by_the_field(ns: Served, status: Any, after: tuple[Any, ...]) -> None:
    assert state(ns, "1005") == ("Pending Approval", "Pending Supervisor Approval", True)
    assert decide(ns, "1005", status).status_code == 204
    assert state(ns, "1005") == after
    row = ns.rows("SELECT BUILTIN.DF(lastmodifiedby) AS who FROM transaction WHERE id = 1005")
    assert row == [{"who": "Ivo Larch"}]


def test_what_was_approved_stays_and_what_was_rejected_may_be_asked_again(ns: Served) -> None:
    decide(ns, "1005", APPROVED)
    assert detail(decide(ns, "1005", REJECTED)) == (400, "USER_ERROR")
    assert decide(ns, "1005", APPROVED).status_code == 204
    decide(ns, "1006", REJECTED)
    assert detail(decide(ns, "1006", APPROVED)) == (400, "USER_ERROR")
    assert decide(ns, "1006", PENDING).status_code == 204
    assert state(ns, "1006")[0] == "Pending Approval"


def test_two_decisions_at_once_are_not_told_apart(ns: Served) -> None:
    # no entity tag, no condition: the second writer hears of a transition, or of nothing
    headers = {"If-Match": '"x"', "If-Unmodified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"}
    body = {"approvalStatus": APPROVED}
    assert ns.call("PATCH", "/purchaseOrder/1005", json=body, headers=headers).status_code == 204


def test_whoever_may_not_decide_is_refused(ns: Served) -> None:
    answer = decide(ns, "1005", APPROVED, user="clerk")
    ns.control("POST", "/roles", {"role": "Purchasing Approver", "approves": ["vendorBill"]})
    other = decide(ns, "1005", APPROVED)
    assert detail(answer) == detail(other) == (403, "INSUFFICIENT_PERMISSION")
    assert state(ns, "1005")[0] == "Pending Approval"
    assert ns.call("PATCH", "/vendorBill/1008", user="approver", json={"approvalStatus": APPROVED}).status_code == 204


def test_a_new_order_is_not_approved_by_whoever_makes_it(ns: Served) -> None:
    ns.control("POST", "/roles", {"role": "Bridge", "approves": []})
    body = {"entity": {"id": "21"}, "approvalStatus": APPROVED}
    assert detail(ns.call("POST", "/purchaseOrder", json=body)) == (403, "INSUFFICIENT_PERMISSION")


def test_without_approval_routing_the_field_cannot_be_written(ns: Served) -> None:
    ns.settings(approval_routing=False)
    assert detail(decide(ns, "1005", APPROVED)) == (400, "USER_ERROR")


def test_a_status_that_is_none_is_refused(ns: Served) -> None:
    assert detail(decide(ns, "1005", {"id": "9"})) == (400, "INVALID_CONTENT")


def test_a_locked_record_is_refused_and_still_found_by_suiteql(ns: Served) -> None:
    ns.control("POST", "/lock", {"type": "purchaseOrder", "id": 1005})
    answers = [ns.call("GET", "/purchaseOrder/1005"), decide(ns, "1005", APPROVED)]
    assert [detail(one) for one in answers] == [(400, "USER_ERROR")] * 2
    assert "locked by a user defined workflow" in answers[0].text
    assert ns.rows("SELECT tranid FROM transaction WHERE id = 1005") == [{"tranid": "PO-1041"}]
    ns.control("POST", "/lock", {"type": "purchaseOrder", "id": 1005, "locked": False})
    assert decide(ns, "1005", APPROVED).status_code == 204


def test_a_script_decides_once(ns: Served) -> None:
    order = {"type": "purchaseOrder", "id": "1005", "decision": "approve"}
    answer, again = script(ns, order), script(ns, order)
    assert answer.json() == {"id": "1005", "approvalStatus": {"id": "2", "name": "Approved"}}
    assert state(ns, "1005")[0] == "Approved"
    assert (again.status_code, again.json()["error"]["code"]) == (400, "USER_ERROR")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"type": "purchaseOrder", "id": "9", "decision": "approve"}, "RCRD_DSNT_EXIST"),
        ({"type": "spaceship", "id": "9", "decision": "approve"}, "RCRD_DSNT_EXIST"),
        ({"type": "purchaseOrder", "id": "1005"}, "SSS_MISSING_REQD_ARGUMENT"),
        ([], "SSS_INVALID_POST_DATA"),
    ],
)
def test_a_script_says_what_is_wrong(ns: Served, body: Any, code: str) -> None:
    answer = script(ns, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_a_script_asks_who_calls(ns: Served) -> None:
    order = {"type": "purchaseOrder", "id": "1005", "decision": "approve"}
    assert script(ns, order, user="clerk").json()["error"]["code"] == "RCRD_DSNT_EXIST"
    assert script(ns, order, script="customscript_none").json()["error"]["code"] == "SSS_INVALID_SCRIPTLET_ID"
    url = f"{ns.base}/app/site/hosting/restlet.nl?script=1&deploy=1"
    assert ns.http.post(url, json=order, timeout=DEADLINE_S).status_code == 401
    ns.control("POST", "/roles", {"role": "Purchasing Approver", "features": ["Log in using Access Tokens"]})
    assert script(ns, order).status_code == 403
