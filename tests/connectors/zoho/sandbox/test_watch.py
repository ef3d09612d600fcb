"""Channels, and the notifications that really arrive."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from tests.connectors.zoho.sandbox.served import MANAGER, Served

CHANNEL = "1000000068001"
PATIENCE_S = 5.0


class Ear:
    """A receiver of notifications. `status` is what it answers."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        self.status = 200
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                ear.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(ear.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/told"

    def wait(self, count: int) -> list[Any]:
        deadline = time.monotonic() + PATIENCE_S
        while len(self.bodies) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.bodies


@pytest.fixture
def ear() -> Iterator[Ear]:
    ear = Ear()
    thread = threading.Thread(target=ear.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield ear
    ear.server.shutdown()
    thread.join(PATIENCE_S)
    ear.server.server_close()


def watch(crm: Served, method: str = "POST", user: str = "", **given: Any) -> requests.Response:
    return crm.call(method, "/actions/watch", user, json={"watch": [{"channel_id": CHANNEL, **given}]})


def listen(crm: Served, ear: Ear, *events: str, **more: Any) -> None:
    answer = watch(crm, events=events or ("Deals.all",), notify_url=ear.url, token="tok", **more)
    assert answer.status_code == 201, answer.text


def change(crm: Served, deal: str, **values: Any) -> None:
    assert crm.call("PUT", f"/Deals/{deal}", json={"data": [values]}).status_code == 200


def expiry(crm: Served) -> timedelta:
    (entry,) = crm.call("GET", "/actions/watch").json()["watch"]
    return datetime.fromisoformat(entry["channel_expiry"]) - datetime.now(UTC)


def test_a_channel_is_told_in_the_vendor_s_words(crm: Served) -> None:
    answer = watch(crm, events=["Deals.edit"], notify_url="http://127.0.0.1:9/x")
    (told,) = answer.json()["watch"]
    (event,) = told["details"]["events"]
    assert (answer.status_code, told["code"]) == (201, "SUCCESS")
    assert told["message"] == "Successfully subscribed for actions-watch of the given module"
    assert (event["resource_name"], event["channel_id"]) == ("Deals", CHANNEL)
    assert event["resource_uri"] == f"{crm.facts['api_domain']}/crm/v8/Deals"


def test_a_change_is_told_at_once_with_its_fields(crm: Served, ear: Ear) -> None:
    listen(crm, ear, return_affected_field_values=True)
    change(crm, crm.deal(), Next_Step="Call", Amount=500000)
    (body,) = ear.wait(1)
    assert body["module"] == "Deals"
    assert (body["operation"], body["ids"], body["token"]) == ("update", [crm.deal()], "tok")
    assert body["affected_fields"] == [{crm.deal(): ["Amount", "Next_Step"]}]
    assert body["affected_values"] == [{"record_id": crm.deal(), "values": {"Amount": 500000, "Next_Step": "Call"}}]
    assert (body["channel_id"], body["query_params"]) == (CHANNEL, {})
    assert abs(body["server_time"] / 1000 - time.time()) < 60


def test_the_events_of_a_channel(crm: Served, ear: Ear) -> None:
    listen(crm, ear, "Deals.create", "Deals.delete")
    change(crm, crm.deal(), Next_Step="x")
    made = crm.call("POST", "/Deals", json={"data": [{"Deal_Name": "n", "Stage": "Qualification"}]})
    new = made.json()["data"][0]["details"]["id"]
    ear.wait(1)
    crm.call("DELETE", f"/Deals/{new}")
    told = [(b["operation"], b["ids"], b["affected_fields"]) for b in ear.wait(2)]
    assert told == [("insert", [new], []), ("delete", [new], [])]


def test_a_condition_on_fields(crm: Served, ear: Ear) -> None:
    group = [{"field": {"api_name": name, "id": "1"}} for name in ("Amount", "Next_Step")]
    for word, count in (("or", 1), ("and", 0)):
        condition: dict[str, Any] = {"type": "field_selection", "module": {"api_name": "Deals", "id": "1"}}
        condition["field_selection"] = {"group_operator": word, "group": group}
        listen(crm, ear, "Deals.edit", notification_condition=[condition])
        ear.bodies.clear()
        change(crm, crm.deal(), Next_Step=word)
        change(crm, crm.deal(), Probability=len(word))
        change(crm, crm.deal(), Next_Step=word * 2, Amount=len(word))
        assert len(ear.wait(count + 1)) == count + 1


def test_control_writes_are_told_unless_quiet_and_transactions_at_commit(crm: Served, ear: Ear) -> None:
    listen(crm, ear)
    path = f"/records/Deals/{crm.deal()}"
    crm.control("PATCH", path, {"values": {"Next_Step": "a"}, "quiet": True})
    opened = crm.control("POST", "/transactions")["id"]
    for name in ("Harbour cold chain", "Lotus packaging line"):
        crm.control("PATCH", f"/records/Deals/{crm.deal(name)}", {"values": {"Next_Step": "b"}, "transaction": opened})
    assert ear.bodies == []
    crm.control("POST", f"/transactions/{opened}/commit")
    (body,) = ear.wait(1)
    assert len(body["ids"]) == 2


@pytest.mark.parametrize(("shape", "told"), [("by_id", 1), ("empty", 0)])
@pytest.mark.parametrize(("form", "kind"), [("text", str), ("number", int)])
def test_the_forms_of_a_notification(crm: Served, ear: Ear, shape: str, told: int, form: str, kind: type) -> None:
    crm.switch(affected_fields=shape, channel_id=form)
    listen(crm, ear)
    change(crm, crm.deal(), Next_Step="x")
    (body,) = ear.wait(1)
    assert (len(body["affected_fields"]), type(body["channel_id"])) == (told, kind)
    assert isinstance(crm.call("GET", "/actions/watch").json()["watch"][0]["channel_id"], kind)


def test_notifications_are_lost_doubled_and_swapped(crm: Served, ear: Ear) -> None:
    listen(crm, ear)
    crm.control("POST", "/notifications", {"lose": 1, "duplicate": 1})
    for step in "abc":
        change(crm, crm.deal(), Next_Step=step)
        time.sleep(0.05)
    assert len(ear.wait(3)) == 3
    fates = [sent["fate"] for sent in crm.control("GET", "/notifications")["sent"]]
    assert fates == ["lost", "sent", "sent", "sent"]
    ear.bodies.clear()
    crm.control("POST", "/notifications", {"swap": 1})
    first, second = crm.deal(), crm.deal("Lotus packaging line")
    change(crm, first, Next_Step="first")
    change(crm, second, Next_Step="second")
    assert [body["ids"] for body in ear.wait(2)] == [[second], [first]]


def test_notifications_are_late(crm: Served, ear: Ear) -> None:
    listen(crm, ear)
    crm.control("POST", "/notifications", {"delay": 0.4})
    began = time.monotonic()
    change(crm, crm.deal(), Next_Step="x")
    assert time.monotonic() - began < 0.3
    assert len(ear.wait(1)) == 1
    assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize(("retries", "attempts"), [(0, 1), (3, 4)])
def test_a_notification_that_is_not_taken(crm: Served, ear: Ear, retries: int, attempts: int) -> None:
    crm.switch(notification_retries=retries)
    ear.status = 500
    listen(crm, ear)
    change(crm, crm.deal(), Next_Step="x")
    ear.wait(attempts)
    time.sleep(0.3)
    assert len(ear.bodies) == attempts


def test_a_channel_lives_an_hour_a_week_at_most_and_then_ends(crm: Served, ear: Ear) -> None:
    listen(crm, ear)
    assert expiry(crm) == pytest.approx(timedelta(hours=1), abs=timedelta(seconds=5))
    for days, life in ((6, timedelta(days=6)), (8, timedelta(hours=1))):
        asked = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")
        listen(crm, ear, channel_expiry=asked)
        assert expiry(crm) == pytest.approx(life, abs=timedelta(seconds=5))
    crm.set(channel_seconds=1)
    listen(crm, ear)
    time.sleep(2)
    assert crm.call("GET", "/actions/watch").status_code == 204
    change(crm, crm.deal(), Next_Step="x")
    assert crm.control("GET", "/channels") == {"channels": []}
    assert ear.bodies == []


def test_replacing_and_changing_a_channel(crm: Served, ear: Ear) -> None:
    listen(crm, ear, "Deals.all", "Quotes.create", return_affected_field_values=True)
    entries = crm.call("GET", "/actions/watch", params={"module": "Quotes"}).json()["watch"]
    assert [(e["resource_name"], e["events"], e["token"]) for e in entries] == [("Quotes", ["Quotes.create"], "tok")]
    patched = watch(crm, "PATCH", token="new")
    assert (patched.status_code, patched.json()["watch"][0]["code"]) == (200, "SUCCESS")
    entry = crm.call("GET", "/actions/watch").json()["watch"][0]
    assert (entry["token"], entry["return_affected_field_values"], entry["events"]) == ("new", True, ["Deals.all"])
    assert watch(crm, "PUT", events=["Deals.edit"], notify_url=ear.url).status_code == 200
    (entry,) = crm.call("GET", "/actions/watch").json()["watch"]
    assert (entry["token"], entry["return_affected_field_values"], entry["events"]) == (None, False, ["Deals.edit"])


def test_ending_events_and_channels(crm: Served, ear: Ear) -> None:
    listen(crm, ear, "Deals.edit", "Deals.create")
    assert watch(crm, "PATCH", _delete_events=True, events=["Deals.edit"]).status_code == 200
    assert crm.control("GET", "/channels")["channels"][0]["events"] == ["Deals.create"]
    assert watch(crm, "PATCH", _delete_events=True).status_code == 200
    assert crm.control("GET", "/channels")["channels"] == []
    listen(crm, ear)
    gone = crm.call("DELETE", "/actions/watch", params={"channel_ids": f"{CHANNEL},7"})
    assert gone.status_code == 202
    assert [one["code"] for one in gone.json()["watch"]] == ["SUCCESS", "NOT_SUBSCRIBED"]
    assert crm.call("DELETE", "/actions/watch").json()["code"] == "REQUIRED_PARAM_MISSING"
    assert watch(crm, "PUT", events=["Deals.all"]).json()["watch"][0]["code"] == "NOT_SUBSCRIBED"


def test_a_channel_belongs_to_its_user(crm: Served, ear: Ear) -> None:
    listen(crm, ear)
    assert crm.call("GET", "/actions/watch", MANAGER).status_code == 204
    assert watch(crm, "PATCH", MANAGER, token="x").json()["watch"][0]["code"] == "NOT_SUBSCRIBED"


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"channel_id": "x"}, "INVALID_DATA", "$.watch[0].channel_id"),
        ({"notify_url": None}, "MANDATORY_NOT_FOUND", "$.watch[0].notify_url"),
        ({"notify_url": "https://example.com/x"}, "INVALID_DATA", "$.watch[0].notify_url"),
        ({"events": []}, "MANDATORY_NOT_FOUND", "$.watch[0].events"),
        ({"events": "Deals.all"}, "INVALID_DATA", "$.watch[0].events"),
        ({"events": ["Deals.read"]}, "INVALID_DATA", "$.watch[0].events"),
        ({"events": ["Leads.all"]}, "INVALID_DATA", "$.watch[0].events"),
        ({"token": "x" * 51}, "INVALID_DATA", "$.watch[0].token"),
        ({"channel_expiry": "2020-01-01T00:00:00+08:00"}, "INVALID_DATA", "$.watch[0].channel_expiry"),
    ],
)
def test_a_channel_that_is_refused(crm: Served, given: dict[str, Any], code: str, path: str) -> None:
    answer = watch(crm, **{"events": ["Deals.all"], "notify_url": "http://127.0.0.1:9/x", **given})
    (told,) = answer.json()["watch"]
    assert (answer.status_code, told["code"], told["details"]["json_path"]) == (202, code, path)


@pytest.mark.parametrize(("status", "key"), [(202, "watch"), (400, "code")])
def test_a_refused_channel_is_a_row_or_the_whole_answer(crm: Served, status: int, key: str) -> None:
    crm.switch(watch_error_status=status)
    answer = watch(crm, events=[])
    assert answer.status_code == status
    assert key in answer.json()


@pytest.mark.parametrize(("body", "code"), [({}, "MANDATORY_NOT_FOUND"), ({"watch": {}}, "INVALID_DATA")])
def test_a_body_without_channels(crm: Served, body: Any, code: str) -> None:
    assert crm.call("POST", "/actions/watch", json=body).json()["code"] == code
