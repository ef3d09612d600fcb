"""Stream mode: tickets, frames, answers, and how a connection fails."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.connectors.dingtalk.sandbox.app import App
from tests.connectors.dingtalk.sandbox.streaming import ALL, PATIENCE_S, WORDS, address, opening, streaming

QUICK = {"ack_timeout_s": 0.2, "event_retries_s": [0.1, 0.1]}


def _publish(app: App, type_: str = "org_change", **data: object) -> str:
    return str(app.twin.control("events", {"type": type_, "data": data})["id"])


def _outcome(app: App, id_: str, *, wanted: str) -> dict[str, Any]:
    """Wait until an event has come so far; return its row."""
    deadline = time.monotonic() + PATIENCE_S
    row: dict[str, Any] = {}
    while row.get("outcome") != wanted and time.monotonic() < deadline:
        row = next(one for one in app.twin.control("events")["events"] if one["id"] == id_)
        time.sleep(0.02)
    assert row["outcome"] == wanted
    return row


def test_a_ticket_is_good_once(app: App) -> None:
    url = address(app)
    assert url.startswith(f"{app.twin.base.replace('http', 'ws')}/connect?ticket=")
    with connect(url, proxy=None, close_timeout=0.2), pytest.raises(InvalidStatus, match="403"):
        connect(url, proxy=None)


def test_a_ticket_is_good_for_a_while(app: App) -> None:
    app.twin.control("settings", {"ticket_life_s": 0.1})
    url = address(app)
    time.sleep(0.15)
    with pytest.raises(InvalidStatus, match="403"):
        connect(url, proxy=None)


@pytest.mark.parametrize(("seconds", "good"), [(89, True), (91, False)])
def test_a_ticket_lasts_ninety_seconds(app: App, seconds: int, good: bool) -> None:
    url = address(app)
    app.twin.control("clock", {"seconds": seconds})
    if good:
        with connect(url, proxy=None, close_timeout=0.2):
            assert len(app.twin.control("stream")["connections"]) == 1
    else:
        with pytest.raises(InvalidStatus, match="403"):
            connect(url, proxy=None)


def test_who_may_open_a_connection(app: App) -> None:
    status, told = app.new("POST", "gateway/connections/open", {**opening(app), "clientSecret": "wrong"})
    assert (status, told["code"]) == (401, "authFailed")
    assert app.refused("POST", "gateway/connections/open", opening(app, [])) == "invalidParameter"
    wrong = [{"type": "EVENT", "topic": "user_add_org"}]
    assert app.refused("POST", "gateway/connections/open", opening(app, wrong)) == "invalidParameter"
    app.twin.control("settings", {"most_connections": 1})
    with streaming(app):
        assert app.new("POST", "gateway/connections/open", opening(app))[0] == 503


def test_without_accept_the_answer_is_xml(app: App) -> None:
    path = f"{app.twin.base}/v1.0/gateway/connections/open"
    reply = app.twin.http.post(path, json=opening(app), timeout=10)
    assert reply.headers["content-type"] == "application/xml"
    assert "<ticket>" in reply.text
    app.twin.switch(xml_by_default=False)
    assert app.twin.http.post(path, json=opening(app), timeout=10).json()["ticket"]


def test_an_event_with_its_headers_and_an_answer(app: App) -> None:
    with streaming(app) as stream:
        app.twin.control("groups/cid-sales-hk/members", {"join": ["u-fang"]})
        frame = stream.frame()
        headers = frame["headers"]
        assert (frame["specVersion"], frame["type"], headers["topic"]) == ("1.0", "EVENT", "*")
        assert (headers["eventType"], headers["eventCorpId"]) == ("chat_add_member", "dingsandboxcorp")
        assert all(isinstance(value, str) for value in headers.values())
        assert frame["data"]["userId"] == ["u-fang"]
        stream.ack(frame, {"status": "SUCCESS"})
        row = _outcome(app, headers["eventId"], wanted="acknowledged")
        assert row["attempts"] == 1


@pytest.mark.parametrize("answer", ["none", "later", "error"])
def test_an_event_that_is_not_taken_comes_again(app: App, answer: str) -> None:
    app.twin.control("settings", QUICK)
    with streaming(app) as stream:
        id_ = _publish(app, n=1)
        first = stream.frame()
        if answer == "later":
            stream.ack(first, {"status": "LATER"})
        elif answer == "error":
            stream.ack(first, code=500)
        second = stream.frame()
        assert first["headers"]["eventId"] == second["headers"]["eventId"] == id_
        assert first["headers"]["messageId"] != second["headers"]["messageId"]
        stream.ack(second)
        _outcome(app, id_, wanted="acknowledged")
        assert stream.quiet()


@pytest.mark.parametrize("later", [False, True])
def test_it_comes_again_when_its_time_is_over(app: App, later: bool) -> None:
    app.twin.control("settings", {"ack_timeout_s": 1, "event_retries_s": [1]})
    with streaming(app) as stream:
        _publish(app)
        first = stream.frame()
        began = time.monotonic()
        if later:
            stream.ack(first, {"status": "LATER"})
        stream.ack(stream.frame())
        assert 0.9 <= time.monotonic() - began < 1.9


def test_an_event_may_come_again_under_its_message_id(app: App) -> None:
    app.twin.control("settings", QUICK)
    app.twin.switch(redelivered_id="same")
    with streaming(app) as stream:
        _publish(app)
        assert stream.frame()["headers"]["messageId"] == stream.frame()["headers"]["messageId"]


def test_an_event_that_nobody_takes_is_given_up(app: App) -> None:
    app.twin.control("settings", QUICK)
    with streaming(app) as stream:
        id_ = _publish(app)
        assert [stream.frame()["headers"]["eventId"] for _ in range(3)] == [id_] * 3
        assert _outcome(app, id_, wanted="given up")["attempts"] == 3


def test_an_event_waits_for_a_connection(app: App) -> None:
    app.twin.control("settings", {"event_retries_s": [0.4]})
    id_ = _publish(app)
    with streaming(app) as stream:
        stream.ack(stream.frame())
        assert _outcome(app, id_, wanted="acknowledged")["attempts"] == 2


def test_an_acknowledged_event_may_come_twice(app: App) -> None:
    with streaming(app) as stream:
        id_ = _publish(app)
        stream.ack(stream.frame())
        _outcome(app, id_, wanted="acknowledged")
        app.twin.control(f"events/{id_}/repeat", {})
        again = stream.frame()
        assert again["headers"]["eventId"] == id_
        stream.ack(again)


def test_only_subscribed_events_come(app: App) -> None:
    app.twin.control(f"apps/{app.id}", {"events": ["bpms_instance_change"]}, method="PATCH")
    with streaming(app) as stream:
        _publish(app)
        assert stream.quiet()
        _publish(app, "bpms_instance_change")
        stream.ack(stream.frame())


def test_words_come_with_a_session_webhook(app: App) -> None:
    with streaming(app) as stream:
        say = {"user": "u-amy", "text": "status SO-1042", "group": "cid-management"}
        assert app.twin.control("say", say)["outcome"] == "pushed"
        frame = stream.frame()
        data = frame["data"]
        assert (frame["type"], frame["headers"]["topic"]) == ("CALLBACK", WORDS)
        assert (data["conversationId"], data["conversationType"], data["isInAtList"]) == ("cid-management", "2", True)
        assert (data["senderStaffId"], data["senderNick"], data["text"]["content"]) == (
            "u-amy",
            "Amy Wong",
            " status SO-1042",
        )
        reply = {"msgtype": "text", "text": {"content": "shipped"}}
        assert app.twin.http.post(data["sessionWebhook"], json=reply, timeout=10).json()["errcode"] == 0
        assert app.twin.texts("cid-management")[-1] == "shipped"
        # words do not come again, answered or not
        assert stream.quiet()


def test_words_may_come_again(app: App) -> None:
    app.twin.switch(words_come_again=True)
    app.twin.control("settings", {"ack_timeout_s": 0.1})
    with streaming(app) as stream:
        app.twin.control("say", {"user": "u-amy", "text": "status"})
        assert stream.frame()["data"]["msgId"] == stream.frame()["data"]["msgId"]


def test_above_the_months_pushes_words_come_empty_and_events_not_at_all(app: App) -> None:
    app.twin.control("settings", {"monthly_quota": 0})
    with streaming(app) as stream:
        app.twin.control("say", {"user": "u-amy", "text": "secret"})
        data = stream.frame()["data"]
        assert data["errorCode"] == "20001"
        assert "secret" not in str(data)
        _publish(app, "bpms_instance_change")
        assert stream.quiet()
        _publish(app, "user_add_org", userId=["u-amy"])
        stream.ack(stream.frame())
        app.twin.switch(events_over_quota="empty")
        _publish(app, "bpms_instance_change", title="secret")
        empty = stream.frame()
        assert empty["data"]["errorCode"] == "20001"
        stream.ack(empty)


def test_a_push_goes_down_one_of_several_connections(app: App) -> None:
    with streaming(app) as one, streaming(app) as two:
        for n in range(24):
            app.twin.control("say", {"user": "u-amy", "text": str(n)})
        got: list[list[str]] = [[], []]
        for stream, words in ((one, got[0]), (two, got[1])):
            while True:
                try:
                    words.append(stream.frame(0.3)["data"]["text"]["content"])
                except TimeoutError:
                    break
        assert sorted(map(int, got[0] + got[1])) == [*range(24)]
        assert all(got)


def test_a_connection_gets_what_it_asked_for(app: App) -> None:
    with streaming(app, ALL[:1]) as events:
        assert app.twin.control("say", {"user": "u-amy", "text": "x"})["outcome"].startswith("lost")
        assert events.quiet()


def test_pings_are_answered_and_others_ignored(app: App) -> None:
    app.twin.control("settings", {"stream_ping_s": 0.1})
    app.twin.switch(stream_greets=True)
    with streaming(app) as stream:
        frames = [stream.frame() for _ in range(3)]
        assert [frame["headers"]["topic"] for frame in frames] == ["CONNECTED", "REGISTERED", "ping"]
        assert frames[2]["type"] == "SYSTEM"
        assert frames[2]["data"]["opaque"]
        stream.ack(frames[2], frames[2]["data"])
        deadline = time.monotonic() + PATIENCE_S
        while not app.twin.control("stream")["connections"][0]["pongs"] and time.monotonic() < deadline:
            time.sleep(0.02)
        assert app.twin.control("stream")["connections"][0]["pongs"] == 1
        app.twin.control("stream", {"what": "keepalive"})
        topics = {stream.frame()["headers"]["topic"] for _ in range(2)}
        assert "KEEPALIVE" in topics


def test_before_maintenance_the_end_is_announced_and_pushes_stop(app: App) -> None:
    app.twin.control("settings", {"stream_grace_s": 0.4})
    with streaming(app) as old:
        app.twin.control("stream", {"what": "disconnect"})
        frame = old.frame()
        announced = time.monotonic()
        assert (frame["headers"]["topic"], frame["data"]) == ("disconnect", {"reason": "connection is expired"})
        assert app.twin.control("say", {"user": "u-amy", "text": "x"})["outcome"].startswith("lost")
        with streaming(app) as new:
            app.twin.control("say", {"user": "u-amy", "text": "y"})
            assert new.frame()["data"]["text"]["content"] == "y"
        with pytest.raises(ConnectionClosed):
            old.frame()
        assert time.monotonic() - announced > 0.3


def test_connections_may_end_by_themselves(app: App) -> None:
    app.twin.control("settings", {"stream_life_s": 0.2, "stream_grace_s": 1})
    with streaming(app) as stream:
        assert stream.frame()["headers"]["topic"] == "disconnect"
        assert app.twin.control("stream")["connections"][0]["phase"] == "retiring"
        with pytest.raises(ConnectionClosed):
            stream.frame()


def test_a_silent_socket_swallows_pushes_and_does_not_answer_pings(app: App) -> None:
    with streaming(app) as stream:
        assert app.twin.control("stream", {"what": "silence"}) == {"hit": 1}
        assert app.twin.control("say", {"user": "u-amy", "text": "x"})["outcome"] == "pushed"
        assert not stream.socket.ping().wait(0.4)
        assert stream.quiet()
        assert app.twin.control("stream")["connections"][0]["phase"] == "silent"


def test_a_silent_socket_is_given_up_after_a_while(app: App) -> None:
    app.twin.control("settings", {"stream_given_up_s": 0.1, "most_connections": 1})
    with streaming(app):
        app.twin.control("stream", {"what": "silence"})
        deadline = time.monotonic() + PATIENCE_S
        while app.twin.control("stream")["connections"][0]["phase"] != "given up" and time.monotonic() < deadline:
            time.sleep(0.02)
        assert app.twin.control("say", {"user": "u-amy", "text": "x"})["outcome"].startswith("lost")
        with streaming(app) as other:
            app.twin.control("say", {"user": "u-amy", "text": "y"})
            assert other.frame()["data"]["text"]["content"] == "y"


def test_a_connection_is_cut(app: App) -> None:
    with streaming(app) as stream:
        app.twin.control("stream", {"what": "cut"})
        with pytest.raises(ConnectionClosed):
            stream.frame()
    assert app.twin.control("stream")["connections"] == []


def test_a_reset_hangs_up_and_forgets(app: App) -> None:
    with streaming(app) as stream:
        _publish(app)
        stream.frame()
        app.twin.control("reset", {})
        with pytest.raises(ConnectionClosed):
            stream.frame()
    assert app.twin.control("events")["events"] == []


def test_many_events_at_once_are_all_answered(app: App) -> None:
    with streaming(app) as stream, ThreadPoolExecutor(1) as pool:
        stop = threading.Event()

        def answer() -> set[str]:
            seen: set[str] = set()
            while len(seen) < 50 and not stop.is_set():
                frame = stream.frame()
                seen.add(frame["headers"]["eventId"])
                stream.ack(frame)
            return seen

        answered = pool.submit(answer)
        sent = {_publish(app, n=n) for n in range(50)}
        assert answered.result(PATIENCE_S) == sent
        stop.set()
