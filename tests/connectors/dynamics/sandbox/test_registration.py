"""Dataverse: webhooks that are registered with the Web API alone.

See https://learn.microsoft.com/power-apps/developer/data-platform/register-web-hook
and https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/serviceendpoint
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.connectors.dynamics.sandbox.inbox import Inbox
from tests.connectors.dynamics.sandbox.served import Served, error

WRITTEN = {"Prefer": "return=representation"}
SETTINGS = '<settings><setting name="x-shared" value="a &amp; b" /><setting name="x-more" value="c"/></settings>'


def made(d365: Served, path: str, body: dict[str, Any]) -> Any:
    answer = d365.dv("POST", path, json=body, headers=WRITTEN)
    assert answer.status_code == 201, answer.text
    return answer.json()


def endpoint(d365: Served, url: str, authtype: int = 5, authvalue: str = SETTINGS) -> Any:
    return made(
        d365,
        "/serviceendpoints",
        {"name": "dingbridge", "url": url, "contract": 8, "authtype": authtype, "authvalue": authvalue},
    )


def message(d365: Served, name: str, table: str = "salesorder") -> dict[str, str]:
    where = f"primaryobjecttypecode eq '{table}' and sdkmessageid/name eq '{name}'"
    path = f"/sdkmessagefilters?$select=sdkmessagefilterid&$expand=sdkmessageid($select=name)&$filter={where}"
    found = d365.dv("GET", path).json()["value"]
    return {
        "sdkmessageid@odata.bind": f"/sdkmessages({found[0]['sdkmessageid']['sdkmessageid']})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({found[0]['sdkmessagefilterid']})",
    }


def step(d365: Served, hook: Any, name: str = "Update", **more: Any) -> dict[str, Any]:
    return {
        "name": f"dingbridge: {name}",
        "mode": 1,
        "stage": 40,
        "rank": 1,
        "supporteddeployment": 0,
        "asyncautodelete": True,
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({hook['serviceendpointid']})",
        **message(d365, name),
        **more,
    }


def rename(d365: Served, name: str = "x") -> None:
    order = d365.row("salesorder", "ORD-1042")
    changed = d365.dv("PATCH", f"/salesorders({order})", json={"name": name}, headers={"If-Match": "*"})
    assert changed.status_code == 204


def test_a_step_that_was_made_by_documented_calls_posts(d365: Served, inbox: Inbox) -> None:
    row = made(d365, "/sdkmessageprocessingsteps", step(d365, endpoint(d365, inbox.url), filteringattributes="name"))
    d365.alter("salesorder", d365.row("salesorder", "ORD-1042"), totalamount=5)
    rename(d365, "first")
    arrived = inbox.wait(1)
    body = json.loads(arrived[0].body)
    assert len(arrived) == 1
    assert (body["MessageName"], body["PrimaryEntityName"]) == ("Update", "salesorder")
    assert body["OwningExtension"]["Id"] == row["sdkmessageprocessingstepid"]
    assert arrived[0].headers["x-shared"] == "a & b"
    assert arrived[0].headers["x-more"] == "c"


@pytest.mark.parametrize(
    ("authtype", "authvalue", "query"),
    [(4, "k1", "code=k1"), (6, '<settings><setting name="a" value="1" /></settings>', "a=1")],
)
def test_the_other_places_of_the_shared_value(
    d365: Served, inbox: Inbox, authtype: int, authvalue: str, query: str
) -> None:
    made(d365, "/sdkmessageprocessingsteps", step(d365, endpoint(d365, inbox.url, authtype, authvalue)))
    rename(d365)
    assert inbox.wait(1)[0].query == query


def test_images_are_registered_beside_their_step(d365: Served, inbox: Inbox) -> None:
    row = made(d365, "/sdkmessageprocessingsteps", step(d365, endpoint(d365, inbox.url)))
    bound = f"/sdkmessageprocessingsteps({row['sdkmessageprocessingstepid']})"
    image = {"name": "both", "entityalias": "both", "imagetype": 2, "messagepropertyname": "Target"}
    image |= {"attributes": "name,ordernumber", "sdkmessageprocessingstepid@odata.bind": bound}
    made(d365, "/sdkmessageprocessingstepimages", image)
    rename(d365, "after")
    body = json.loads(inbox.wait(1)[0].body)
    names = {
        kind: {a["key"]: a["value"] for a in body[kind][0]["value"]["Attributes"]}["name"]
        for kind in ("PreEntityImages", "PostEntityImages")
    }
    assert names == {"PreEntityImages": "Harbour crates", "PostEntityImages": "after"}
    assert body["PostEntityImages"][0]["key"] == "both"


def test_a_registration_is_found_by_reading_and_its_secret_is_not(d365: Served, inbox: Inbox) -> None:
    hook = endpoint(d365, inbox.url)
    made(d365, "/sdkmessageprocessingsteps", step(d365, hook, filteringattributes="name,totalamount"))
    listed = d365.dv("GET", "/serviceendpoints?$filter=contract eq 8").json()["value"]
    below = f"/serviceendpoints(@id)/serviceendpoint_sdkmessageprocessingstep?@id={hook['serviceendpointid']}"
    steps = d365.dv("GET", f"{below}&$select=name,filteringattributes,mode,stage").json()["value"]
    whole = d365.dv(
        "GET",
        f"/sdkmessageprocessingsteps({steps[0]['sdkmessageprocessingstepid']})?$select=name,asyncautodelete"
        "&$expand=plugintypeid($select=friendlyname),eventhandler_serviceendpoint($select=name),"
        "sdkmessagefilterid($select=primaryobjecttypecode),sdkmessageid($select=name)",
    ).json()
    assert [one["url"] for one in listed] == [inbox.url]
    assert "authvalue" not in {**hook, **listed[0]}
    assert error(d365.dv("GET", "/serviceendpoints?$filter=authvalue eq 'x'")) == (400, "0x80060888")
    described = d365.dv("GET", "/EntityDefinitions(LogicalName='serviceendpoint')/Attributes(LogicalName='authvalue')")
    assert described.json()["IsValidForRead"] is False
    assert (steps[0]["filteringattributes"], steps[0]["mode"], steps[0]["stage"]) == ("name,totalamount", 1, 40)
    assert whole["eventhandler_serviceendpoint"]["name"] == "dingbridge"
    assert (whole["sdkmessageid"]["name"], whole["plugintypeid"]) == ("Update", None)
    assert whole["sdkmessagefilterid"]["primaryobjecttypecode"] == "salesorder"


def test_a_disabled_or_deleted_step_is_silent(d365: Served, inbox: Inbox) -> None:
    hook = endpoint(d365, inbox.url)
    row = made(d365, "/sdkmessageprocessingsteps", step(d365, hook))
    path = f"/sdkmessageprocessingsteps({row['sdkmessageprocessingstepid']})"
    d365.dv("PATCH", path, json={"statecode": 1, "statuscode": 2}, headers={"If-Match": "*"})
    rename(d365, "silent")
    d365.dv("PATCH", path, json={"statecode": 0, "statuscode": 1}, headers={"If-Match": "*"})
    rename(d365, "told")
    inbox.wait(1)
    d365.dv("DELETE", path)
    rename(d365, "silent again")
    assert len(d365.control("GET", "/dataverse/webhooks")["events"]) == 1


def test_the_address_of_a_webhook_can_be_changed(d365: Served, inbox: Inbox) -> None:
    hook = endpoint(d365, "http://127.0.0.1:9/")
    made(d365, "/sdkmessageprocessingsteps", step(d365, hook))
    changed = d365.dv(
        "PATCH",
        f"/serviceendpoints({hook['serviceendpointid']})",
        json={"url": inbox.url},
        headers={"If-Match": "*"},
    )
    rename(d365)
    assert changed.status_code == 204
    assert inbox.wait(1)[0].headers["x-shared"] == "a & b"


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ({"mode": 0}, (501, "SANDBOX_UNSUPPORTED")),
        ({"stage": 20}, (400, "0x80040203")),
        ({"mode": None}, (400, "0x80040203")),
        ({"mode": 7}, (400, "0x80048408")),
    ],
)
def test_a_step_that_cannot_be(d365: Served, inbox: Inbox, more: dict[str, Any], refused: tuple[int, str]) -> None:
    body = step(d365, endpoint(d365, inbox.url), **more)
    assert error(d365.dv("POST", "/sdkmessageprocessingsteps", json=body)) == refused
    upsert = "/sdkmessageprocessingsteps(00000000-0000-4000-8000-00000000abcd)"
    assert error(d365.dv("PATCH", upsert, json=body)) == refused


def test_a_filter_of_another_message_is_refused(d365: Served, inbox: Inbox) -> None:
    body = step(d365, endpoint(d365, inbox.url))
    body["sdkmessageid@odata.bind"] = message(d365, "Delete")["sdkmessageid@odata.bind"]
    assert error(d365.dv("POST", "/sdkmessageprocessingsteps", json=body)) == (400, "0x80040203")
    wrong = {"name": "x", "url": inbox.url, "contract": 8, "authtype": 5, "authvalue": "not settings"}
    assert error(d365.dv("POST", "/serviceendpoints", json=wrong)) == (400, "0x80040203")
    assert error(d365.dv("POST", "/serviceendpoints", json={**wrong, "authtype": 2})) == (400, "0x80040203")


def test_registrations_are_lost_without_a_word(d365: Served, inbox: Inbox) -> None:
    made(d365, "/sdkmessageprocessingsteps", step(d365, endpoint(d365, inbox.url)))
    assert d365.control("DELETE", "/dataverse/webhooks") == {"ended": 1}
    rename(d365)
    assert d365.control("GET", "/dataverse/webhooks")["events"] == []
    assert d365.dv("GET", "/serviceendpoints").json()["value"] == []


def test_what_is_held_back_waits(d365: Served, inbox: Inbox) -> None:
    made(d365, "/sdkmessageprocessingsteps", step(d365, endpoint(d365, inbox.url)))
    d365.control("POST", "/dataverse/webhooks/hold", {"held": True})
    rename(d365)
    waiting = d365.control("GET", "/dataverse/webhooks")["events"]
    d365.control("POST", "/dataverse/webhooks/send")
    assert [one["state"] for one in waiting] == ["waiting"]
    assert len(inbox.arrived) == 1
