"""Dataverse: many requests in one, and what the twin does not pretend to know."""

from __future__ import annotations

from email.message import Message
from email.parser import BytesParser
from typing import Any

import pytest
import requests

from tests.connectors.dynamics.sandbox.served import Served, error

HEAD = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"


def request(line: str, body: str = "", number: str = "") -> str:
    content_id = f"Content-ID: {number}\r\n" if number else ""
    headers = "Content-Type: application/json\r\n" if body else ""
    return f"{HEAD}{content_id}\r\n{line} HTTP/1.1\r\n{headers}\r\n{body}\r\n"


def change_set(*parts: str) -> str:
    inner = "".join(f"--set\r\n{part}" for part in parts)
    return f"Content-Type: multipart/mixed; boundary=set\r\n\r\n{inner}--set--\r\n"


def batch(d365: Served, *parts: str, **headers: str) -> requests.Response:
    body = "".join(f"--all\r\n{part}" for part in parts) + "--all--\r\n"
    kind = {"Content-Type": 'multipart/mixed; boundary="all"', **headers}
    return d365.dv("POST", "/$batch", data=body.encode(), headers=kind)


def statuses(answer: requests.Response) -> list[int]:
    whole = f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode() + answer.content
    return [int(str(p.get_payload()).split(" ")[1]) for p in _leaves(BytesParser().parsebytes(whole))]


def _leaves(message: Message) -> list[Any]:
    payload = message.get_payload()
    if isinstance(payload, list):
        return [leaf for part in payload if isinstance(part, Message) for leaf in _leaves(part)]
    return [message]


def count(d365: Served, name: str) -> int:
    return len(d365.dv("GET", f"/accounts?$filter=name eq '{name}'").json()["value"])


def test_reads_and_a_change_set_whose_parts_refer_to_each_other(d365: Served) -> None:
    contact = '{"lastname": "L", "parentcustomerid_account@odata.bind": "$1"}'
    parts = change_set(
        request("POST /api/data/v9.2/accounts", '{"name": "Parent"}', "1"),
        request("POST /api/data/v9.2/contacts", contact, "2"),
    )
    answer = batch(d365, request("GET /api/data/v9.2/accounts?$select=name&$top=1"), parts)
    rows = d365.dv("GET", "/contacts?$filter=lastname eq 'L'&$expand=parentcustomerid_account($select=name)").json()[
        "value"
    ]
    assert (answer.status_code, statuses(answer)) == (200, [200, 204, 204])
    assert rows[0]["parentcustomerid_account"]["name"] == "Parent"


def test_a_change_set_is_done_as_a_whole_or_not_at_all(d365: Served) -> None:
    parts = change_set(
        request("POST /api/data/v9.2/accounts", '{"name": "Half"}', "1"),
        request("POST /api/data/v9.2/accounts", '{"colour": 1}', "2"),
    )
    answer = batch(d365, parts, request("GET /api/data/v9.2/accounts"))
    assert (answer.status_code, statuses(answer)) == (400, [400])
    assert count(d365, "Half") == 0


def test_it_goes_on_after_a_failure_when_that_is_preferred(d365: Served) -> None:
    parts = (request("GET /api/data/v9.2/colours"), request("GET /api/data/v9.2/accounts"))
    stopped, whole = batch(d365, *parts), batch(d365, *parts, Prefer="odata.continue-on-error")
    assert (stopped.status_code, statuses(stopped)) == (404, [404])
    assert (whole.status_code, statuses(whole)) == (200, [404, 200])


def test_many_rows_are_made_together(d365: Served) -> None:
    path = "/accounts/Microsoft.Dynamics.CRM.CreateMultiple"
    made = d365.dv("POST", path, json={"Targets": [{"name": "Many"}, {"name": "Many"}]}).json()["Ids"]
    refused = d365.dv("POST", path, json={"Targets": [{"name": "Many"}, {"colour": 1}]})
    assert len(made) == count(d365, "Many") == 2
    assert error(refused) == (400, "0x80048d19")


@pytest.mark.parametrize(
    "path",
    [
        "/accounts?fetchXml=<fetch/>",
        "/accounts?sql=SELECT name FROM account",
        "/accounts?$apply=aggregate($count as n)",
        "/accounts?$expand=contact_customer_accounts($top=1)",
        "/accounts?$filter=Microsoft.Dynamics.CRM.LastXDays(PropertyName='modifiedon',PropertyValue=1)",
        "/RetrieveVersion()",
        "/accounts/Microsoft.Dynamics.CRM.UpdateMultiple",
    ],
)
def test_what_the_twin_does_not_know_is_never_answered_wrongly(d365: Served, path: str) -> None:
    assert error(d365.dv("GET", path)) == (501, "SANDBOX_UNSUPPORTED")


@pytest.mark.parametrize(
    ("kind", "body"), [("application/json", b"{}"), ("multipart/mixed; boundary=x", b"--x\r\n\r\nGET\r\n--x--\r\n")]
)
def test_what_is_no_batch(d365: Served, kind: str, body: bytes) -> None:
    assert error(d365.dv("POST", "/$batch", data=body, headers={"Content-Type": kind}))[0] == 400
