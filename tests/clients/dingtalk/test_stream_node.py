"""The vendor's SDK for Node.js, which knows the vendor's names alone. See https://github.com/open-dingtalk/dingtalk-stream-sdk-nodejs ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.clients.dingtalk.names import Names
from tests.clients.dingtalk.waiting import acknowledged, connection, until
from tests.clients.node import Client
from tests.clients.program import Program
from tests.connectors.dingtalk.sandbox.app import App

pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]

GROUP = "cid-management"
START = "POST /v1.0/gateway/connections/open"


@pytest.fixture
def start(app: App, javascript: Client, names: Names) -> Callable[..., AbstractContextManager[Program]]:
    def run(**more: object) -> AbstractContextManager[Program]:
        given = {"clientId": app.id, "clientSecret": app.secret, **more}
        return javascript.start("stream.cjs", names.env, given)

    return run


@pytest.fixture
def program(app: App, start: Callable[..., AbstractContextManager[Program]]) -> Iterator[Program]:
    with start() as program:
        connection(app)
        yield program


def test_the_connection_asks_for_all_that_was_registered(app: App, program: Program) -> None:
    row = app.twin.control("stream")["connections"][0]
    assert (row["app"], program.told) == (app.id, [])
    assert {(one["type"], one["topic"]) for one in row["subscriptions"]} == {
        ("EVENT", "*"),
        ("CALLBACK", "/v1.0/im/bot/messages/get"),
        ("CALLBACK", "/v1.0/card/instances/callback"),
    }


def test_an_event_is_taken_and_acknowledged(app: App, program: Program) -> None:
    id_ = app.twin.control("events", {"type": "bpms_instance_change", "data": {"type": "finish"}})["id"]
    told = program.wait("event")[0]
    assert (told["type"], told["id"], told["company"]) == ("bpms_instance_change", id_, "dingsandboxcorp")
    assert told["data"] == {"type": "finish"}
    assert acknowledged(app, id_) == 1


def test_an_event_that_is_put_off_comes_again(app: App, program: Program) -> None:
    app.twin.control("settings", {"event_retries_s": [0.1]})
    id_ = app.twin.control("events", {"type": "org_change", "data": {"refuse": 1}})["id"]
    assert [row["id"] for row in program.wait("event", 2)] == [id_, id_]
    assert acknowledged(app, id_) == 2


def test_words_are_answered_by_the_session_webhook(app: App, program: Program) -> None:
    app.twin.control("say", {"user": "u-amy", "text": "status", "group": GROUP})
    assert program.wait("words")[0] == {"what": "words", "text": "status", "sender": "u-amy", "group": GROUP}
    replied = program.wait("replied")[0]
    assert replied["answer"]["errcode"] == 0
    assert replied["token"] == app.token, "the older call for tokens gives the one that is valid"
    assert app.twin.texts(GROUP) == ["@dingbridge status", "heard: status"]


@pytest.mark.parametrize("late", [False, True])
def test_a_press_is_answered_and_shown_to_who_pressed(app: App, program: Program, late: bool) -> None:
    app.put_card()
    if late:
        app.twin.control("settings", {"card_timeout_s": 0.3})
        app.twin.control("stream/frames", {"what": "delay", "seconds": 0.6, "type": "CALLBACK"})
    outcome = app.twin.control("press", {"user": "u-amy", "card": "card-1", "action": "approve"})["outcome"]
    click = program.wait("click")[0]
    assert (click["card"], click["user"]) == ("card-1", "u-amy")
    assert click["content"]["cardPrivateData"] == {"actionIds": ["approve"], "params": {"action": "approve"}}
    assert outcome == ("no answer in time" if late else "answered")
    assert app.seen("card-1", "u-amy")["data"]["state"] == ("pending" if late else "working")
    assert app.seen("card-1", "u-dora")["data"]["state"] == "pending"


@pytest.mark.parametrize("end", ["cut", "disconnect"])
def test_after_the_end_of_a_connection_the_client_comes_back(app: App, program: Program, end: str) -> None:
    app.twin.control("settings", {"stream_grace_s": 0.2})
    first = connection(app)
    app.twin.control("stream", {"what": end})
    connection(app, besides=first)
    id_ = app.twin.control("events", {"type": "org_change"})["id"]
    assert program.wait("event")[0]["id"] == id_
    assert acknowledged(app, id_) == 1
    calls = app.twin.control("calls")["months"].values()
    assert [month["apis"][START]["done"] for month in calls] == [2], "each connection has its own ticket"


def test_a_ping_is_answered_and_an_unknown_topic_passed_over(app: App, program: Program) -> None:
    app.twin.control("stream", {"what": "ping"})
    until(lambda: app.twin.control("stream")["connections"][0]["pongs"])
    app.twin.control("stream", {"what": "unknown"})
    id_ = app.twin.control("events", {"type": "org_change"})["id"]
    assert program.wait("event")[0]["id"] == id_


def test_a_wrong_secret_gets_no_connection_and_is_tried_again(
    app: App, start: Callable[..., AbstractContextManager[Program]]
) -> None:
    with start(clientSecret="wrong"):

        def refused() -> int:
            told = app.twin.control("stats")["calls_refused"]
            return int(told.get("/v1.0/gateway/connections/open authFailed", 0))

        until(lambda: refused() >= 2)
    assert app.twin.control("stream")["connections"] == []
