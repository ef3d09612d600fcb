"""Events over HTTP: encryption, the check of an address, attempts, the list of failures, a change of keys."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from connectors.dingtalk.sandbox.apps import Keys
from connectors.dingtalk.sandbox.events.envelope import Envelope, UnreadableError
from tests.connectors.dingtalk.sandbox.app import App

AES_KEY = "1234567890123456789012345678901234567890123"
OTHER_KEY = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
VENDOR = Envelope(Keys("123456", AES_KEY), "dingsnotzck6pm5veliw")
SEALED = "YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA=="
QUICK = {"http_retries_s": [0.1, 0.1], "http_timeout_s": 0.5}


def test_the_vendors_own_example() -> None:
    assert VENDOR.sign("1614767836", "A7Co0cJLMzIDtMMI", SEALED) == "9a95a004dd16f5c307e849b994173f76aa26e5eb"
    assert VENDOR.open(SEALED) == "success"


@given(st.text())
def test_what_is_sealed_can_be_opened(text: str) -> None:
    assert VENDOR.open(VENDOR.seal(text)) == text


@pytest.mark.parametrize(
    ("keys", "owner"),
    [(Keys("123456", OTHER_KEY), "dingsnotzck6pm5veliw"), (Keys("123456", AES_KEY), "another")],
)
def test_other_keys_and_owners_do_not_open_it(keys: Keys, owner: str) -> None:
    with pytest.raises(UnreadableError):
        Envelope(keys, owner).open(SEALED)


def opens(envelope: Envelope, sealed: str) -> bool:
    try:
        envelope.open(sealed)
    except UnreadableError:
        return False
    return True


@dataclass
class Receiver:
    """An application's address: opens what comes and answers as the vendor wants."""

    server: HTTPServer
    envelopes: list[Envelope]
    events: list[dict[str, Any]] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    spoil: Callable[[dict[str, Any]], Response | None] = lambda _event: None
    used: list[int] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def handle(self, request: Request) -> Response:
        sealed = json.loads(request.data)["encrypt"]
        query = request.args.to_dict()
        given = query.get("msg_signature") or query["signature"]
        for number, envelope in enumerate(self.envelopes):
            # the signature does not cover the key, so one token may go with several
            if envelope.sign(query["timestamp"], query["nonce"], sealed) == given and opens(envelope, sealed):
                event = json.loads(envelope.open(sealed))
                with self._lock:
                    self.queries.append(query)
                    self.events.append(event)
                    self.used.append(number)
                return self.spoil(event) or self.success(envelope)
        return Response("bad signature", 400)

    def success(self, envelope: Envelope) -> Response:
        sealed = envelope.seal("success")
        signed = envelope.sign("1", "n", sealed)
        told = {"msg_signature": signed, "timeStamp": "1", "nonce": "n", "encrypt": sealed}
        return Response(json.dumps(told), content_type="application/json")

    def types(self) -> list[str]:
        return [event["EventType"] for event in self.events]

    def wait(self, count: int) -> None:
        deadline = time.monotonic() + 5
        while len(self.events) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(self.events) >= count


@pytest.fixture
def receiver(app: App, httpserver: HTTPServer) -> Receiver:
    receiver = Receiver(httpserver, [Envelope(Keys("tok123", AES_KEY), app.id)])
    httpserver.expect_request("/events").respond_with_handler(receiver.handle)
    return receiver


def _save(app: App, receiver: Receiver, *, key: str = AES_KEY, status: int = 0, **more: object) -> None:
    body = {"url": receiver.server.url_for("/events"), "token": "tok123", "aes_key": key, **more}
    app.twin.control(f"apps/{app.id}/callback", body, status=status)


def _publish(app: App, type_: str = "org_change", **data: object) -> str:
    return str(app.twin.control("events", {"type": type_, "data": data})["id"])


def _failed(app: App) -> dict[str, Any]:
    return app.old("/call_back/get_call_back_failed_result", method="GET")


def _failures(app: App, count: int) -> None:
    deadline = time.monotonic() + 5
    while len(app.twin.control("pushes")["failed"]) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(app.twin.control("pushes")["failed"]) == count


def test_an_address_is_tried_when_it_is_saved(app: App, receiver: Receiver) -> None:
    _save(app, receiver)
    assert receiver.events == [{"EventType": "check_url"}]
    assert app.twin.control("apps")["apps"][0]["mode"] == "http"


def test_an_address_that_does_not_answer_is_not_saved(app: App, receiver: Receiver) -> None:
    receiver.spoil = lambda _event: Response("success")
    _save(app, receiver, status=409)
    _save(app, receiver, key="short", status=400)
    assert app.twin.control("apps")["apps"][0]["callback"] is None


def test_an_event_is_flat_and_keeps_its_id(app: App, receiver: Receiver) -> None:
    _save(app, receiver)
    app.twin.control("groups/cid-sales-hk/members", {"join": ["u-fang"]})
    receiver.wait(2)
    event = receiver.events[1]
    assert (event["EventType"], event["CorpId"], event["userId"]) == ("chat_add_member", "dingsandboxcorp", ["u-fang"])
    assert {"EventTime", "BizId", "eventId"} <= set(event)
    assert set(receiver.queries[1]) == {"msg_signature", "timestamp", "nonce"}


def test_reading_is_told_in_capitals_over_http(app: App, receiver: Receiver) -> None:
    _save(app, receiver)
    key = app.send("u-amy")["processQueryKey"]
    app.twin.control("read", {"user": "u-amy", "conversation": app.chat("u-amy")})
    receiver.wait(2)
    assert (receiver.events[1]["UserId"], receiver.events[1]["ProcessQueryKey"]) == ("u-amy", key)


def test_two_more_attempts_and_then_the_list(app: App, receiver: Receiver) -> None:
    _save(app, receiver)
    app.twin.control("settings", QUICK)
    receiver.spoil = lambda _event: Response("busy", 500)
    id_ = _publish(app, "bpms_instance_change", type="finish", processInstanceId="i-1")
    receiver.wait(4)
    _failures(app, 1)
    assert [event["eventId"] for event in receiver.events[1:]] == [id_] * 3
    pushed = app.twin.control("events?type=bpms_instance_change")["events"]
    assert [(one["attempts"], one["outcome"]) for one in pushed] == [(3, "given up")]
    told = _failed(app)
    row = told["failed_list"][0]
    assert (told["has_more"], row["call_back_tag"]) == (False, "bpms_instance_change")
    assert row["bpms_instance_change"]["bpmsCallBackData"]["processInstanceId"] == "i-1"
    assert _failed(app)["failed_list"] == []


def test_the_list_may_keep_what_was_asked_for_until_it_is_too_old(app: App, receiver: Receiver) -> None:
    _save(app, receiver)
    app.twin.switch(failed_list_empties=False)
    app.twin.control("settings", {**QUICK, "failed_kept_s": 0.5})
    receiver.spoil = lambda _event: Response("busy", 500)
    _publish(app)
    _failures(app, 1)
    assert len(_failed(app)["failed_list"]) == len(_failed(app)["failed_list"]) == 1
    time.sleep(0.5)
    assert _failed(app)["failed_list"] == []


def _slow(_event: object) -> None:
    time.sleep(0.7)


@pytest.mark.parametrize(
    ("spoil", "trouble"),
    [
        (_slow, "ReadTimeout"),
        (lambda _event: Response("{}", content_type="application/json"), "the answer's signature does not match"),
        (lambda _event: Response("success"), "the answer is no JSON object"),
    ],
)
def test_what_does_not_count_as_an_answer(
    app: App, receiver: Receiver, spoil: Callable[[dict[str, Any]], Response | None], trouble: str
) -> None:
    _save(app, receiver)
    app.twin.control("settings", {"http_retries_s": [], "http_timeout_s": 0.4})
    receiver.spoil = spoil
    _publish(app)
    _failures(app, 1)
    assert app.twin.control("pushes")["attempts"][-1]["trouble"] == trouble


def test_while_keys_change_both_are_used(app: App, receiver: Receiver) -> None:
    _save(app, receiver)
    receiver.envelopes.append(Envelope(Keys("tok123", OTHER_KEY), app.id))
    _save(app, receiver, key=OTHER_KEY, overlap=60)
    for n in range(8):
        _publish(app, n=n)
    receiver.wait(10)
    assert set(receiver.used[2:]) == {0, 1}
    _save(app, receiver, key=OTHER_KEY)
    receiver.used.clear()
    for n in range(4):
        _publish(app, n=n)
    receiver.wait(15)
    assert set(receiver.used) == {1}


def test_the_older_name_of_the_signature(app: App, receiver: Receiver) -> None:
    app.twin.switch(signature_name="signature")
    _save(app, receiver)
    assert set(receiver.queries[0]) == {"signature", "timestamp", "nonce"}


def test_the_owner_of_the_older_registration_is_the_company(app: App, receiver: Receiver) -> None:
    receiver.envelopes = [Envelope(Keys("tok123", AES_KEY), "dingsandboxcorp")]
    _save(app, receiver, owner="dingsandboxcorp")
    assert receiver.types() == ["check_url"]
