"""The vendor's own SDK, as its users use it, against the twin. See https://github.com/open-dingtalk/dingtalk-stream-sdk-python ."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients.dingtalk.waiting import acknowledged, connection, until
from tests.clients.program import Program
from tests.clients.python import Scripts
from tests.connectors.dingtalk.sandbox.app import TEMPLATE, App

pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]


@pytest.fixture
def program(app: App, scripts: Scripts) -> Iterator[Program]:
    settings = Scripts(scripts.folder, scripts.python, {"DINGTALK_OPENAPI_ENDPOINT": app.twin.base})
    with settings.start("stream.py", client_id=app.id, client_secret=app.secret, template=TEMPLATE) as program:
        connection(app)
        yield program


def test_events_are_taken_and_acknowledged(app: App, program: Program) -> None:
    id_ = app.twin.control("events", {"type": "bpms_instance_change", "data": {"type": "finish"}})["id"]
    told = program.wait("event")[0]
    assert (told["type"], told["id"], told["data"]) == ("bpms_instance_change", id_, {"type": "finish"})
    assert acknowledged(app, id_) == 1


def test_words_are_answered_by_the_session_webhook(app: App, program: Program) -> None:
    app.twin.control("say", {"user": "u-amy", "text": "status", "group": "cid-management"})
    assert program.wait("words")[0] == {"what": "words", "text": "status", "sender": "u-amy", "group": "cid-management"}
    until(lambda: len(app.twin.texts("cid-management")) > 1)
    assert app.twin.texts("cid-management") == ["@dingbridge status", "heard: status"]


@pytest.mark.parametrize("group", ["cid-management", ""])
def test_a_card_is_sent_and_pressed(app: App, program: Program, group: str) -> None:
    app.twin.control("say", {"user": "u-amy", "text": "card", "group": group})
    card = program.wait("card")[0]["id"]
    assert [one["id"] for one in app.seen(card, "u-amy")["buttons"]] == ["approve", "reject"]
    assert app.twin.control("press", {"user": "u-amy", "card": card, "action": "approve"})["outcome"] == "answered"
    click = program.wait("click")[0]
    assert (click["card"], click["user"]) == (card, "u-amy")
    assert click["content"]["cardPrivateData"]["actionIds"] == ["approve"]
    assert app.seen(card, "u-amy")["data"]["state"] == "working"


def test_a_picture_is_fetched(app: App, program: Program) -> None:
    file = {"kind": "picture", "name": "chart.txt", "content": "c3RvY2s="}
    app.twin.control("say", {"user": "u-amy", "file": file})
    url = program.wait("picture")[0]["url"]
    assert app.twin.http.get(url, timeout=10).text == "stock"


def test_a_card_of_the_sdks_own_is_changed(app: App, program: Program) -> None:
    app.twin.control("say", {"user": "u-amy", "text": "button"})
    card = program.wait("card")[0]["id"]
    seen = app.seen(card, "u-amy")
    assert (seen["body"], seen["updates"]) == ("**done**", 1)


def test_after_a_disconnect_the_client_comes_back(app: App, program: Program) -> None:
    first = connection(app)
    app.twin.control("stream", {"what": "disconnect"})
    connection(app, besides=first)
    app.twin.control("say", {"user": "u-amy", "text": "again"})
    assert program.wait("words")[0]["text"] == "again"
