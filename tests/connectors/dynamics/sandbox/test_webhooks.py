"""Dataverse: webhooks with their context, their shared values, their single retry and their order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.connectors.dynamics.sandbox.inbox import Inbox
from tests.connectors.dynamics.sandbox.served import Served

CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"


def register(d365: Served, url: str, **more: Any) -> str:
    """Register a webhook for orders, and return the id of the step that takes their updates."""
    made = d365.control("POST", "/dataverse/webhooks", {"url": url, "table": "salesorder", **more})
    return str(made["steps"]["updated"])


def attributes(body: Any) -> dict[str, Any]:
    return {a["key"]: a["value"] for a in body["InputParameters"][0]["value"]["Attributes"]}


def test_an_update_brings_its_changed_columns_in_a_context(d365: Served, inbox: Inbox) -> None:
    step = register(d365, inbox.url, image=["name", "totalamount"])
    order = d365.row("salesorder", "ORD-1042")
    d365.alter("salesorder", order, totalamount=12.5, statuscode=2)
    arrived = inbox.wait(1)[0]
    body = json.loads(arrived.body)
    own = attributes(body)
    assert b'"\\/Date(' in arrived.body
    assert arrived.headers["x-ms-dynamics-entity-name"] == "salesorder"
    assert arrived.headers["x-ms-dynamics-request-name"] == body["MessageName"] == "Update"
    assert arrived.headers["x-ms-correlation-request-id"] == body["CorrelationId"]
    assert "x-ms-dynamics-msg-size-exceeded" not in arrived.headers
    assert arrived.headers["x-shared-secret"] == "sandbox-shared-value"
    assert body["PrimaryEntityId"] == order
    assert body["UserId"] == body["InitiatingUserId"] == d365.user("tessa")["systemuserid"]
    assert body["OwningExtension"]["Id"] == step
    assert body["Stage"] == 40
    assert body["InputParameters"][0]["value"]["__type"] == f"Entity:{CONTRACTS}"
    assert own["totalamount"] == {"__type": f"Money:{CONTRACTS}", "Value": 12.5}
    assert own["statuscode"] == {"__type": f"OptionSetValue:{CONTRACTS}", "Value": 2}
    assert own["modifiedby"]["LogicalName"] == "systemuser"
    assert "customerid" not in own
    image = {a["key"] for a in body["PostEntityImages"][0]["value"]["Attributes"]}
    assert image == {"name", "totalamount"}


def test_the_vendors_own_callers_and_deletions_are_told_too(d365: Served, inbox: Inbox) -> None:
    register(d365, inbox.url)
    made = d365.dv("POST", "/salesorders", json={"name": "Pushed"}).headers["OData-EntityId"]
    order = made.rpartition("(")[2].rstrip(")")
    d365.dv("DELETE", f"/salesorders({order})")
    created, deleted = (json.loads(one.body) for one in inbox.wait(2))
    bodies = {body["MessageName"]: body for body in (created, deleted)}
    assert attributes(bodies["Create"])["name"] == "Pushed"
    assert bodies["Delete"]["InputParameters"][0]["value"]["__type"] == f"EntityReference:{CONTRACTS}"
    assert bodies["Delete"]["InputParameters"][0]["value"]["Id"] == order


@pytest.mark.parametrize(
    ("auth", "values", "query"),
    [("WebhookKey", {"code": "k1"}, "code=k1"), ("HttpQueryString", {"a": "1", "b": "2"}, "a=1&b=2")],
)
def test_the_shared_value_may_stand_in_the_query(
    d365: Served, inbox: Inbox, auth: str, values: dict[str, str], query: str
) -> None:
    register(d365, inbox.url, auth=auth, values=values)
    d365.alter("salesorder", d365.row("salesorder", "ORD-1042"), name="x")
    assert inbox.wait(1)[0].query == query


def test_only_the_columns_of_the_step_are_told(d365: Served, inbox: Inbox) -> None:
    register(d365, inbox.url, columns=["totalamount"], kinds=["updated"], held=True)
    order = d365.row("salesorder", "ORD-1042")
    d365.alter("salesorder", order, name="x")
    d365.alter("salesorder", order, totalamount=1)
    d365.make("salesorder", {"name": "new"})
    assert len(d365.control("GET", "/dataverse/webhooks")["events"]) == 1


def test_what_is_too_large_leaves_its_parts_out(d365: Served, inbox: Inbox) -> None:
    register(d365, inbox.url, image=["name"] * 900)
    d365.alter("salesorder", d365.row("salesorder", "ORD-1042"), name="x" * 300)
    arrived = inbox.wait(1)[0]
    body = json.loads(arrived.body)
    assert arrived.headers["x-ms-dynamics-msg-size-exceeded"] == "True"
    assert not {"InputParameters", "PostEntityImages", "PreEntityImages", "ParentContext"} & set(body)
    assert body["PrimaryEntityName"] == "salesorder"


@pytest.mark.parametrize(("status", "attempts"), [(500, 1), (400, 1), (503, 2), (504, 2)])
def test_a_failure_is_tried_once_more_only_when_the_network_failed(
    d365: Served, inbox: Inbox, status: int, attempts: int
) -> None:
    step = register(d365, inbox.url, held=True)
    d365.alter("salesorder", d365.row("salesorder", "ORD-1042"), name="x")
    inbox.answer(status)
    event = d365.control("POST", "/dataverse/webhooks/send")["events"][0]
    job = d365.dv("GET", f"/asyncoperations?$filter=statuscode eq 31 and _owningextensionid_value eq {step}").json()
    assert (event["state"], event["attempts"], len(inbox.arrived)) == ("failed", attempts, attempts)
    assert job["value"][0]["message"] == f"HTTP {status}"


def test_late_twice_and_in_another_order(d365: Served, inbox: Inbox) -> None:
    register(d365, inbox.url, held=True)
    order = d365.row("salesorder", "ORD-1042")
    for name in ("first", "second"):
        d365.alter("salesorder", order, name=name)
    d365.control("POST", "/dataverse/webhooks/send", {"sequence": "reverse", "times": 2})
    said = [attributes(json.loads(one.body))["name"] for one in inbox.arrived]
    assert said == ["second", "first"] * 2


def test_registrations_can_be_read_without_their_secrets(d365: Served, inbox: Inbox) -> None:
    register(d365, inbox.url, held=True)
    rows = d365.dv("GET", "/serviceendpoints?$filter=contract eq 8&$select=serviceendpointid,name,authtype,url").json()[
        "value"
    ]
    assert [(row["url"], row["authtype"]) for row in rows] == [(inbox.url, 5)]
    d365.control("DELETE", "/dataverse/webhooks")
    d365.alter("salesorder", d365.row("salesorder", "ORD-1042"), name="x")
    assert d365.control("GET", "/dataverse/webhooks")["events"] == []
