"""Single frames of Stream mode that come late, twice or never."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.connectors.dingtalk.sandbox.app import App
from tests.connectors.dingtalk.sandbox.streaming import CLICKS, WORDS, Stream, streaming

PRESS = {"user": "u-amy", "card": "card-1", "action": "approve"}


def _arm(app: App, what: str, **more: object) -> None:
    app.twin.control("stream/frames", {"what": what, **more})


def _armed(app: App) -> list[dict[str, Any]]:
    armed: list[dict[str, Any]] = app.twin.control("stream/frames")["armed"]
    return armed


def _say(app: App, text: str) -> None:
    assert app.twin.control("say", {"user": "u-amy", "text": text})["outcome"] == "pushed"


def _heard(stream: Stream) -> str:
    return str(stream.frame()["data"]["text"]["content"])


def test_the_next_frame_comes_late_and_others_overtake_it(app: App) -> None:
    with streaming(app) as stream:
        _arm(app, "delay", seconds=0.4)
        began = time.monotonic()
        _say(app, "late")
        _say(app, "quick")
        assert _heard(stream) == "quick"
        assert _heard(stream) == "late"
        assert time.monotonic() - began >= 0.4
    assert _armed(app) == []


def test_so_many_frames_of_a_type_are_struck(app: App) -> None:
    with streaming(app) as stream:
        _arm(app, "drop", type="CALLBACK", topic=WORDS, count=2)
        event = app.twin.control("events", {"type": "org_change"})["id"]
        frame = stream.frame()
        assert frame["headers"]["eventId"] == event
        stream.ack(frame)
        _say(app, "one")
        assert _armed(app) == [{"what": "drop", "seconds": 0.0, "count": 1, "type": "CALLBACK", "topic": WORDS}]
        _say(app, "two")
        _say(app, "three")
        assert _heard(stream) == "three"
        assert app.twin.control("stream")["connections"][0]["pushed"] == 4


def test_frames_of_one_type_of_event_are_struck(app: App) -> None:
    with streaming(app) as stream:
        _arm(app, "drop", topic="bpms_task_change")
        app.twin.control("events", {"type": "bpms_task_change"})
        app.twin.control("events", {"type": "bpms_instance_change"})
        frame = stream.frame()
        assert frame["headers"]["eventType"] == "bpms_instance_change"
        stream.ack(frame)


@pytest.mark.parametrize("fault", [{"what": "drop"}, {"what": "delay", "seconds": 1.2}])
def test_a_lost_or_late_event_comes_again_after_the_time_for_its_answer(app: App, fault: dict[str, Any]) -> None:
    app.twin.control("settings", {"ack_timeout_s": 0.6, "event_retries_s": [0.1]})
    with streaming(app) as stream:
        _arm(app, **fault)
        id_ = app.twin.control("events", {"type": "org_change"})["id"]
        again = stream.frame()
        stream.ack(again)
        late = [] if fault["what"] == "drop" else [stream.frame()]
        assert {one["headers"]["eventId"] for one in (again, *late)} == {id_}
        assert stream.quiet()
        row = app.twin.control("events")["events"][0]
        assert (row["attempts"], row["outcome"]) == (2, "acknowledged")


def test_a_press_that_comes_late_has_so_much_less_time(app: App) -> None:
    app.put_card()
    app.twin.control("settings", {"card_timeout_s": 0.3})
    with streaming(app) as stream, ThreadPoolExecutor(1) as pool:
        _arm(app, "delay", seconds=0.5, topic=CLICKS)
        pressed = pool.submit(app.twin.control, "press", PRESS)
        stream.ack(stream.frame(), {"response": {"cardData": {"cardParamMap": {"state": "working"}}}})
        assert pressed.result()["outcome"] == "no answer in time"
        assert app.seen("card-1", "u-amy")["data"]["state"] == "pending"


def test_a_frame_comes_twice_with_one_message_id(app: App) -> None:
    app.put_card()
    with streaming(app) as stream, ThreadPoolExecutor(1) as pool:
        _arm(app, "double", type="CALLBACK")
        pressed = pool.submit(app.twin.control, "press", PRESS)
        first, second = stream.frame(), stream.frame()
        assert first == second
        stream.ack(first, {"response": {}})
        stream.ack(second, {"response": {}})
        assert pressed.result()["outcome"] == "answered"
        assert app.twin.control("stream")["connections"][0]["acknowledged"] == 1


def test_system_frames_are_struck_by_name_alone(app: App) -> None:
    with streaming(app) as stream:
        _arm(app, "drop")
        app.twin.control("stream", {"what": "ping"})
        assert stream.frame()["headers"]["topic"] == "ping"
        _arm(app, "drop", type="SYSTEM", topic="ping")
        app.twin.control("stream", {"what": "ping"})
        app.twin.control("stream", {"what": "keepalive"})
        assert stream.frame()["headers"]["topic"] == "KEEPALIVE"


def test_a_late_frame_of_a_connection_that_ended_is_lost(app: App) -> None:
    with streaming(app):
        _arm(app, "delay", seconds=0.3)
        _say(app, "late")
        app.twin.control("stream", {"what": "cut"})
    with streaming(app) as other:
        assert other.quiet(0.5)


def test_what_is_armed_is_taken_back(app: App) -> None:
    _arm(app, "drop")
    app.twin.control("stream/frames", method="DELETE")
    assert _armed(app) == []
    _arm(app, "drop")
    app.twin.control("reset", {})
    assert _armed(app) == []


@pytest.mark.parametrize(
    "wrong", [{}, {"what": "delay", "seconds": -1}, {"what": "drop", "count": 0}, {"what": "lose"}]
)
def test_a_wrong_fault_is_refused(app: App, wrong: dict[str, Any]) -> None:
    app.twin.control("stream/frames", wrong, status=400)
    assert _armed(app) == []
