"""The user event script: what it posts, how it signs, and how its pushes are lost, doubled and late."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from connectors.contract import RawRequest, Receives, Record, Refusal
from connectors.generic import CONNECTOR
from tests.connectors.netsuite.sandbox.served import Served
from tests.contract.suite import local_services

KEY = "a-key-of-the-script-0123456789"
SETTINGS = {
    "signature": {
        "header": "X-Signature",
        "prefix": "sha256=",
        "signed": "timestamp.body",
        "timestamp_header": "X-Signed-At",
        "keys": [KEY],
    },
    "kind_path": "record.type",
    "id": "record.id",
    "version": "event",
    "time": "changedAt",
    "number": "record.tranId",
    "deleted": "deleted",
}


@dataclass
class Receiver:
    """The bridge's own generic webhook. `answers` are given in turn, the last one for ever."""

    url: str
    answers: list[int] = field(default_factory=lambda: [200])
    requests: list[RawRequest] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(RawRequest("POST", headers, "", request.data, datetime.now(UTC)))
        return Response("", self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])

    def records(self, key: str = KEY) -> list[Record]:
        signature = {**SETTINGS["signature"], "keys": [key]}  # type: ignore[dict-item] # a table of JSON
        settings = CONNECTOR.settings(**{**SETTINGS, "signature": signature})
        client = CONNECTOR.build("netsuite", settings, local_services())
        assert isinstance(client, Receives)
        received = [client.receive(one) for one in self.requests]
        assert {one.refusal for one in received} <= {None, Refusal.BAD_SIGNATURE}
        return [record for one in received for record in one.records]


@pytest.fixture
def receiver(httpserver: HTTPServer) -> Receiver:
    made = Receiver(httpserver.url_for("/hooks/erp"))
    httpserver.expect_request("/hooks/erp", method="POST").respond_with_handler(made.answer)
    return made


def deploy(ns: Served, receiver: Receiver, **more: Any) -> None:
    order = {"url": receiver.url, "key": KEY, "records": ["salesOrder", "purchaseOrder"], "wait": 0.05}
    ns.control("POST", "/scripts", order | more)


def pushes(ns: Served) -> list[tuple[str, int]]:
    return [(one["state"], one["attempts"]) for one in ns.control("GET", "/scripts")["pushes"]]


def until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def test_a_save_is_posted_as_the_generic_webhook_takes_it(ns: Served, receiver: Receiver) -> None:
    deploy(ns, receiver)
    ns.call("PATCH", "/salesOrder/1001", json={"memo": "Cold room 5 冷"})
    assert until(lambda: pushes(ns) == [("delivered", 1)])
    record = receiver.records()[0]
    assert (record.kind, record.id, record.number, record.deleted) == ("salesOrder", "1001", "SO-1041", False)
    assert record.fields["record.memo"] == "Cold room 5 冷"
    assert record.fields["record.total"] == Decimal(105000)
    assert record.fields["record.entity.name"] == "Lotus Foods"
    assert record.fields["record.currency.name"] == "Hong Kong Dollar"
    assert receiver.records("another-key-of-24-letters") == []


def test_lines_carry_their_units(ns: Served, receiver: Receiver) -> None:
    deploy(ns, receiver)
    ns.call("PATCH", "/salesOrder/1001", json={"memo": "x"})
    assert until(lambda: pushes(ns) == [("delivered", 1)])
    lines: Any = receiver.records()[0].fields["record.item"]
    assert [(line["quantity"], line["units.name"]) for line in lines] == [(Decimal(100), "Box"), (Decimal(2), "Each")]


def test_new_and_deleted_records_and_decisions_are_told(ns: Served, receiver: Receiver) -> None:
    deploy(ns, receiver)
    ns.call("POST", "/salesOrder", json={"entity": {"id": "11"}})
    ns.call("PATCH", "/purchaseOrder/1005", json={"approvalStatus": {"id": "2"}})
    ns.control("DELETE", "/records/salesOrder/1009", {})
    ns.call("PATCH", "/customer/11", json={"email": "x@lotus.example"})
    assert until(lambda: len(receiver.requests) == 3)
    told = {record.version: record for record in receiver.records()}
    assert [(told[f"evt-{n}"].id, told[f"evt-{n}"].deleted) for n in (1, 2, 3)] == [
        ("1009", False),
        ("1005", False),
        ("1009", True),
    ]
    assert told["evt-2"].fields["record.approvalStatus.name"] == "Approved"


def test_a_script_does_not_run_for_every_way_in(ns: Served, receiver: Receiver) -> None:
    deploy(ns, receiver, not_in=["csvimport", "restwebservices"])
    ns.call("PATCH", "/salesOrder/1001", json={"memo": "by REST"})
    ns.control("PATCH", "/records/salesOrder/1001", {"values": {"memo": "imported"}, "context": "csvimport"})
    assert pushes(ns) == []
    ns.control("PATCH", "/records/salesOrder/1001", {"values": {"memo": "by hand"}})
    assert until(lambda: pushes(ns) == [("delivered", 1)])


def test_one_attempt_is_all_unless_the_script_repeats(ns: Served, receiver: Receiver) -> None:
    receiver.answers = [503]
    deploy(ns, receiver)
    ns.call("PATCH", "/salesOrder/1001", json={"memo": "x"})
    assert until(lambda: pushes(ns) == [("given up", 1)])
    ns.control("DELETE", "/scripts")
    receiver.answers = [503, 429, 200]
    deploy(ns, receiver, attempts=5)
    ns.call("PATCH", "/salesOrder/1002", json={"memo": "x"})
    assert until(lambda: pushes(ns)[-1] == ("delivered", 3))
    assert ns.control("GET", "/scripts")["pushes"][-1]["statuses"] == [503, 429, 200]
    # the same bytes each time, signed anew
    assert len({one.body for one in receiver.requests[1:]}) == 1


def test_pushes_may_come_late_in_another_order_and_twice(ns: Served, receiver: Receiver) -> None:
    deploy(ns, receiver, held=True)
    for memo in ("a", "b", "c"):
        ns.call("PATCH", "/salesOrder/1001", json={"memo": memo})
    assert pushes(ns) == [("waiting", 0)] * 3
    ns.control("POST", "/scripts/send", {"sequence": "reverse", "times": 2})
    assert [r.fields["record.memo"] for r in receiver.records()] == ["c", "b", "a"] * 2
    ns.control("POST", "/scripts/send", {"sequence": "shuffled", "again": True})
    assert len(receiver.requests) == 9


def test_pushes_may_be_lost_without_a_trace(ns: Served, receiver: Receiver) -> None:
    deploy(ns, receiver)
    ns.control("POST", "/scripts/lose", {"count": 1})
    ns.call("PATCH", "/salesOrder/1001", json={"memo": "lost"})
    ns.call("PATCH", "/salesOrder/1002", json={"memo": "told"})
    assert until(lambda: pushes(ns) == [("lost", 0), ("delivered", 1)])
    assert [r.fields["record.memo"] for r in receiver.records()] == ["told"]


def test_an_address_where_nobody_listens_gives_up(ns: Served, receiver: Receiver) -> None:
    receiver.url = "http://127.0.0.1:9/"
    deploy(ns, receiver)
    ns.call("PATCH", "/salesOrder/1001", json={"memo": "x"})
    assert until(lambda: pushes(ns) == [("given up", 1)])
    assert ns.control("GET", "/scripts")["pushes"][0]["trouble"] == "ConnectionError"


def test_a_late_commit_is_told_when_it_commits(ns: Served, receiver: Receiver) -> None:
    deploy(ns, receiver)
    opened = ns.control("POST", "/transactions")["id"]
    ns.control("PATCH", "/records/salesOrder/1001", {"values": {"memo": "x"}, "transaction": opened})
    assert pushes(ns) == []
    ns.control("POST", f"/transactions/{opened}/commit")
    assert until(lambda: pushes(ns) == [("delivered", 1)])
