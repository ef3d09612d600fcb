from __future__ import annotations

import asyncio
import json
import logging
import logging.config
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from connectors.contract import Change, Level, Listens, Loss, Press, Topic, Words
from connectors.dingtalk.stream.connection import Pace
from tests.connectors.dingtalk.stream.ear import QUICK, Ledger, stream
from tests.connectors.dingtalk.stream.gateway import CLIENT_ID, CLIENT_SECRET, Gateway, gateway, until

Story = Callable[[Gateway, Ledger], Awaitable[None]]


@asynccontextmanager
async def heard(
    held: Gateway, ledger: Ledger, *, pace: Pace = QUICK, secret: str = CLIENT_SECRET
) -> AsyncIterator[None]:
    task = asyncio.create_task(stream(held, pace=pace, secret=secret).listen(ledger))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def play(story: Story, *, pace: Pace = QUICK) -> Ledger:
    async def whole() -> Ledger:
        ledger = Ledger()
        async with gateway() as held, heard(held, ledger, pace=pace):
            await until(lambda: held.live)
            await story(held, ledger)
        return ledger

    return asyncio.run(whole())


def test_it_registers_for_events_presses_and_words() -> None:
    async def story(held: Gateway, _: Ledger) -> None:
        assert held.registrations[0]["clientId"] == CLIENT_ID
        assert held.registrations[0]["subscriptions"] == [
            {"type": "EVENT", "topic": "*"},
            {"type": "CALLBACK", "topic": "/v1.0/im/bot/messages/get"},
            {"type": "CALLBACK", "topic": "/v1.0/card/instances/callback"},
        ]
        assert held.headers[0]["accept"] == "application/json"

    ledger = play(story)
    assert isinstance(stream(Gateway()), Listens)
    assert [each.level for each in ledger.findings] == [Level.FINE]
    assert ledger.gaps == []


def test_an_event_is_acknowledged_after_it_was_stored() -> None:
    async def story(held: Gateway, ledger: Ledger) -> None:
        ledger.pause = 0.2
        await held.event("e1")
        await until(lambda: ledger.tries)
        assert held.answers == {}
        await until(lambda: held.answers)
        assert "e1" in ledger.stored
        answer = held.answer("m-e1")
        assert answer["code"] == 200
        assert answer["headers"] == {"messageId": "m-e1", "contentType": "application/json"}
        assert json.loads(answer["data"])["status"] == "SUCCESS"

    change = play(story).stored["e1"]
    assert isinstance(change, Change)
    assert (change.topic, change.people, change.company) == (Topic.PERSON, ("015227",), "dingcorp0000")
    assert change.at.timestamp() == 1685501863.357


def test_what_could_not_be_stored_comes_again() -> None:
    async def story(held: Gateway, ledger: Ledger) -> None:
        ledger.away = True
        await held.event("e1")
        await until(lambda: held.answers)
        assert held.answer("m-e1")["code"] == 500
        assert json.loads(held.answer("m-e1")["data"])["status"] == "LATER"
        ledger.away = False
        await held.event("e1", message="m-again")
        await until(lambda: "m-again" in held.answers)

    ledger = play(story)
    assert set(ledger.stored) == {"e1"}
    assert ledger.gaps == []


def test_words_say_who_wrote_what_where() -> None:
    async def story(held: Gateway, _: Ledger) -> None:
        await held.words("msg1")
        await until(lambda: held.answers)
        assert json.loads(held.answer("f-msg1")["data"]) == {"response": None}

    words = play(story).stored["msg1"]
    assert isinstance(words, Words)
    assert (words.text, words.by, words.conversation, words.in_group) == (
        "/why SO-1042",
        "16650",
        "cidAsXSBLnA==",
        True,
    )
    assert "session=" not in repr(words)


def test_words_wait_for_a_ledger_that_was_away() -> None:
    async def story(held: Gateway, ledger: Ledger) -> None:
        ledger.away = True
        await held.words("msg1")
        await until(lambda: ledger.tries)
        ledger.away = False
        await until(lambda: held.answers)

    ledger = play(story)
    assert set(ledger.stored) == {"msg1"}
    assert ledger.gaps == []


def test_a_press_is_answered_with_what_the_ledger_shows() -> None:
    async def story(held: Gateway, ledger: Ledger) -> None:
        ledger.answer = {"state": "in progress"}
        await held.press("p1")
        await until(lambda: held.answers)
        response = json.loads(held.answer("p1")["data"])["response"]
        assert response["userPrivateData"] == {"cardParamMap": {"state": "in progress"}}
        assert "cardData" not in response

    press = play(story).stored["p1"]
    assert isinstance(press, Press)
    assert (press.card, press.by, press.buttons) == ("card-1", "manager4220", ("1",))
    assert press.params == {"action": "accept"}


def test_a_press_that_could_not_be_stored_is_told_and_not_tried_again() -> None:
    async def story(held: Gateway, ledger: Ledger) -> None:
        ledger.away = True
        await held.press("p1")
        await until(lambda: held.answers)
        assert held.answer("p1")["code"] == 500

    ledger = play(story)
    assert ledger.tries == 1
    assert [gap.loss for gap in ledger.gaps] == [Loss.UNSTORED]


def test_the_gateways_ping_gets_its_own_words_back() -> None:
    async def story(held: Gateway, ledger: Ledger) -> None:
        ledger.pause = 1.5
        for number in range(300):
            await held.event(f"e{number}")
        await held.say("SYSTEM", {"topic": "ping", "messageId": "ping1"}, '{"opaque" : "123-dsfs"}')
        await until(lambda: "ping1" in held.answers)
        assert held.answer("ping1")["data"] == '{"opaque" : "123-dsfs"}'
        # and what the ledger has no room for is told to come again
        declined = [each for each in held.answers.values() if each[0]["code"] == 500]
        assert len(declined) == 100

    play(story)


@pytest.mark.parametrize("topic", ["KEEPALIVE", "CONNECTED", "REGISTERED"])
def test_other_words_of_the_gateway_need_no_answer(topic: str) -> None:
    async def story(held: Gateway, _: Ledger) -> None:
        await held.say("SYSTEM", {"topic": topic, "messageId": "s1"}, {})
        await held.event("e1")
        await until(lambda: held.answers)
        assert set(held.answers) == {"m-e1"}

    assert len(play(story).findings) == 1


@pytest.mark.parametrize(
    "raw",
    ["", "{", "[]", '{"type":"OTHER"}', '{"type":"EVENT","headers":[]}', '{"type":"EVENT","headers":{}}', "\ud7ff"],
)
def test_what_is_no_frame_is_counted_and_ends_nothing(raw: str) -> None:
    async def story(held: Gateway, ledger: Ledger) -> None:
        await held.live[-1].send(raw)
        await until(lambda: ledger.refused)
        await held.event("e1")
        await until(lambda: "m-e1" in held.answers)

    ledger = play(story)
    assert len(ledger.refused) == 1
    assert len(ledger.findings) == 1


def test_a_header_spelled_as_the_page_once_prints_it_is_read() -> None:
    async def story(held: Gateway, ledger: Ledger) -> None:
        await held.say("EVENT", {"topic": "*", "eventType": "org_change", "eventId": "e9"}, {}, key="header")
        await until(lambda: ledger.stored)

    assert "e9" in play(story).stored


def test_a_new_connection_stands_before_the_old_one_goes() -> None:
    async def story(held: Gateway, ledger: Ledger) -> None:
        old = held.live[-1]
        await held.part(old)
        await until(lambda: len(held.connections) == 2)
        assert old in held.live
        await held.event("late", to=old)
        await held.event("new", to=held.connections[1])
        await until(lambda: len(ledger.stored) == 2)
        await until(lambda: {"m-late", "m-new"} <= set(held.answers))
        await until(lambda: old not in held.live)

    ledger = play(story)
    assert [gap.loss for gap in ledger.gaps] == [Loss.REPLACED]
    assert (ledger.gaps[0].until - ledger.gaps[0].since).total_seconds() < 1.0


def test_a_cut_is_reported_with_the_time_until_the_next_connection() -> None:
    async def story(held: Gateway, ledger: Ledger) -> None:
        held.refusals = [(503, b""), (500, b"<html>")]
        held.live[-1].transport.abort()
        await until(lambda: len(held.connections) == 2)
        await held.event("e1")
        await until(lambda: ledger.stored)

    ledger = play(story)
    (gap,) = ledger.gaps
    assert gap.loss is Loss.CUT
    assert gap.since < gap.until
    assert [each.level for each in ledger.findings] == [Level.FINE, Level.DOUBT, Level.DOUBT, Level.FINE]


def test_a_frozen_socket_is_noticed_and_left() -> None:
    async def story(held: Gateway, ledger: Ledger) -> None:
        await held.event("e1")
        await until(lambda: ledger.stored)
        held.live[-1].transport.pause_reading()
        await until(lambda: ledger.gaps)

    ledger = play(story)
    (gap,) = ledger.gaps
    assert gap.loss is Loss.SILENT
    assert QUICK.ghost < (gap.until - gap.since).total_seconds() < QUICK.ghost + 5.0


def test_a_goodbye_ends_what_can_be_lost_with_the_next_connection() -> None:
    async def story(held: Gateway, ledger: Ledger) -> None:
        await held.event("e1")
        await until(lambda: ledger.stored)
        await asyncio.sleep(0.3)
        await held.live[-1].close(1001, "going away")
        await until(lambda: ledger.gaps)

    (gap,) = play(story).gaps
    assert gap.loss is Loss.CUT
    assert (gap.until - gap.since).total_seconds() < 0.25


def test_a_silent_socket_that_answers_pings_is_kept() -> None:
    async def story(held: Gateway, _: Ledger) -> None:
        await asyncio.sleep(1.0)
        assert len(held.connections) == 1

    assert play(story).gaps == []


def test_two_instances_lose_no_event_and_double_none() -> None:
    """The gateway repeats what was not acknowledged; connections are cut, frozen and replaced meanwhile."""

    async def story() -> Ledger:
        ledger = Ledger(pause=0.005)
        async with gateway() as held, heard(held, ledger), heard(held, ledger):
            await until(lambda: len(held.live) == 2)
            for number in range(200):
                target = held.live[number % len(held.live)]
                with suppress(Exception):
                    await held.event(f"e{number}", to=target)
                if number % 40 == 10:
                    target.transport.abort()
                elif number % 40 == 20:
                    await held.part(target)
                elif number % 40 == 30:
                    target.transport.pause_reading()
                await until(lambda: held.live)
            for turn in range(50):
                missing = [n for n in range(200) if not _acknowledged(held, f"m-e{n}", turn)]
                if not missing:
                    break
                for number in missing:
                    with suppress(Exception):
                        await held.event(
                            f"e{number}", to=held.live[number % len(held.live)], message=f"m-e{number}.{turn + 1}"
                        )
                await asyncio.sleep(0.1)
        return ledger

    ledger = asyncio.run(story())
    assert set(ledger.stored) == {f"e{number}" for number in range(200)}
    assert {gap.loss for gap in ledger.gaps} >= {Loss.CUT, Loss.REPLACED}


def _acknowledged(held: Gateway, message: str, turns: int) -> bool:
    tried = (message, *(f"{message}.{turn}" for turn in range(1, turns + 1)))
    return any(answer["code"] == 200 for each in tried for answer in held.answers.get(each, ()))


def test_a_wrong_secret_is_told_as_such_and_shown_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def story() -> Ledger:
        ledger = Ledger()
        async with gateway() as held, heard(held, ledger, secret="wrong-and-secret"):
            await until(lambda: len(held.registrations) == 3)
        return ledger

    ledger = asyncio.run(story())
    assert {each.level for each in ledger.findings} == {Level.WRONG}
    assert "client_secret" in ledger.findings[0].sentence
    assert "wrong-and-secret" not in str(ledger.findings) + caplog.text


def test_neither_secret_nor_ticket_nor_content_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    # a server of the same process that configures its own logging enables what was silenced before
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})
    caplog.set_level(logging.DEBUG)

    async def story(held: Gateway, ledger: Ledger) -> None:
        await held.words("msg1", "how much is SO-1042")
        await until(lambda: ledger.stored)
        held.refusals = [
            (200, json.dumps({"endpoint": "ws://127.0.0.1:1/connect", "ticket": "7724109a-dead"}).encode())
        ]
        held.live[-1].transport.abort()
        await until(lambda: len(held.connections) == 2)

    ledger = play(story)
    written = caplog.text + str(ledger.findings) + repr(stream(Gateway()))
    assert CLIENT_SECRET not in written
    assert "7724109a" not in written
    assert "SO-1042" not in written


def test_when_told_to_stop_what_was_handed_in_is_still_stored() -> None:
    async def story(held: Gateway, ledger: Ledger) -> None:
        ledger.pause = 0.3
        await held.words("msg1")
        await until(lambda: ledger.tries)

    assert set(play(story).stored) == {"msg1"}
