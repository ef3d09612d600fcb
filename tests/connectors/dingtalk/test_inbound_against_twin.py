"""Stream, callbacks and contacts against the twin, by its paths and its control API alone."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from connectors.contract import (
    Change,
    Level,
    Loss,
    Members,
    Press,
    RawRequest,
    Received,
    Services,
    Token,
    Topic,
    Unlisted,
    WhyUnlisted,
    Words,
)
from connectors.dingtalk.app.calls import Call, Calls
from connectors.dingtalk.app.settings import Application
from connectors.dingtalk.callbacks.failed import failed_events
from connectors.dingtalk.callbacks.settings import Callbacks
from connectors.dingtalk.people.answers import Answers
from connectors.dingtalk.people.directory import Directory
from connectors.dingtalk.people.groups import Groups
from connectors.dingtalk.people.values import Group, Way
from connectors.dingtalk.stream.connection import Pace
from connectors.dingtalk.stream.gateway import Topics
from connectors.dingtalk.stream.listener import Stream
from connectors.transport import open_session
from tests.connectors.dingtalk.stream.ear import Ledger
from tests.contract.case import Secrets
from tests.served import Host

APP = "dingsandboxapp"
QUICK = Pace(open_within=2.0, ping_every=0.2, pong_within=0.5, first_pause=0.05, longest_pause=0.3, calm=0.0, grace=1.0)


class Cache:
    """Tokens in memory."""

    def __init__(self) -> None:
        self._held: dict[str, Token] = {}

    def get(self, key: str, renew: Callable[[], Token]) -> Token:
        if key not in self._held:
            self._held[key] = renew()
        return self._held[key]

    def spoil(self, key: str, _: Token) -> None:
        self._held.pop(key, None)


class Desk:
    def __init__(self, base: str, described: Any) -> None:
        self.base = base
        self.described = described
        secret = described["apps"][0]["client_secret"]
        self.secret = secret
        self.application = Application.model_validate({"client_id": APP, "client_secret": secret, "site": base})
        self.services = Services(self._session, Cache(), lambda: datetime.now(UTC), lambda *_: None, Secrets())
        self.calls = Calls(self.application, self.services)
        self.directory = Directory(Answers(self.calls), lambda: datetime.now(UTC))
        self.groups = Groups(Answers(self.calls), lambda: datetime.now(UTC))

    def _session(self) -> requests.Session:
        return open_session(connect=5, read=5, ca=None, proxy=None, pool=4)

    def stream(self, *, secret: str | None = None) -> Stream:
        application = self.application
        if secret:
            application = Application.model_validate({"client_id": APP, "client_secret": secret, "site": self.base})
        return Stream(application, Topics(), self.services, random=lambda: 0.0, pace=QUICK)

    def control(self, method: str, path: str, **body: Any) -> Any:
        answer = requests.request(method, f"{self.base}/__sandbox/{path}", json=body, timeout=5)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def do(self, method: str, path: str, **body: Any) -> Any:
        return await asyncio.to_thread(lambda: self.control(method, path, **body))


OTHER_ANSWERS: tuple[dict[str, Any], ...] = (
    {},
    {"unknown_user": 60121, "contacts_as_texts": True, "stream_greets": True, "redelivered_id": "same"},
    {"signature_name": "signature", "click_field": "value", "words_come_again": True, "throttled_by": "errcode"},
    {"token_refused_by": "gateway", "invalid_token_status": 401, "chat_events": "all"},
)


@pytest.fixture(params=OTHER_ANSWERS, ids=["documented", "other", "older", "gateway"])
def desk(host: Host, request: pytest.FixtureRequest) -> Desk:
    desk = Desk(host.base, host.fresh().describe(host.base))
    desk.control("POST", "switches", **request.param)
    desk.control("POST", "settings", ack_timeout_s=0.4, event_retries_s=[0.2, 0.3] + [0.5] * 25)
    return desk


async def until(true: Callable[[], Any], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for is set by the twin
            await asyncio.sleep(0.02)


def play(desk: Desk, story: Callable[[Ledger], Awaitable[None]], *, listeners: int = 1) -> Ledger:
    async def whole() -> Ledger:
        ledger = Ledger()
        tasks = [asyncio.create_task(desk.stream().listen(ledger)) for _ in range(listeners)]
        try:
            await until(lambda: len(ledger.findings) >= listeners)
            await story(ledger)
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task
        return ledger

    return asyncio.run(whole())


def test_an_event_comes_once_and_is_acknowledged(desk: Desk) -> None:
    numbers: list[str] = []

    async def story(ledger: Ledger) -> None:
        numbers.append((await desk.do("POST", "events", type="user_add_org", data={"userId": ["u-amy"]}))["id"])
        await until(lambda: ledger.stored)
        await asyncio.sleep(1.5)

    ledger = play(desk, story)
    assert list(ledger.stored) == numbers
    assert ledger.again == 0
    change = ledger.stored[numbers[0]]
    assert isinstance(change, Change)
    assert (change.topic, change.people) == (Topic.PERSON, ("u-amy",))


def test_what_was_not_stored_comes_again(desk: Desk) -> None:
    async def story(ledger: Ledger) -> None:
        ledger.away = True
        await desk.do("POST", "events", type="user_add_org", data={"userId": ["u-amy"]})
        await until(lambda: ledger.tries)
        ledger.away = False
        await until(lambda: ledger.stored)

    assert len(play(desk, story).stored) == 1


@pytest.mark.parametrize(("what", "loss"), [("disconnect", Loss.REPLACED), ("cut", Loss.CUT), ("silence", Loss.SILENT)])
def test_a_connection_that_ends_loses_no_event(desk: Desk, what: str, loss: Loss) -> None:
    async def story(ledger: Ledger) -> None:
        await desk.do("POST", "stream", what=what)
        for _ in range(5):
            await desk.do("POST", "events", type="user_add_org", data={"userId": ["u-amy"]})
        await until(lambda: ledger.gaps and len(ledger.stored) == 5)

    assert play(desk, story).gaps[0].loss is loss


def test_two_instances_lose_no_event_and_double_none(desk: Desk) -> None:
    numbers: set[str] = set()

    async def story(ledger: Ledger) -> None:
        for turn in range(60):
            made = await desk.do("POST", "events", type="user_add_org", data={"userId": [f"u-{turn}"]})
            numbers.add(made["id"])
            if turn % 15 == 5:
                held = (await desk.do("GET", "stream"))["connections"]
                what = ("disconnect", "cut", "silence")[turn // 15 % 3]
                if held:
                    await desk.do("POST", "stream", what=what, connection=held[0]["id"])
        await until(lambda: len(ledger.stored) >= 60, 30)

    assert set(play(desk, story, listeners=2).stored) == numbers


def test_words_come_with_who_wrote_them_where(desk: Desk) -> None:
    async def story(ledger: Ledger) -> None:
        await desk.do("POST", "say", user="u-ben", text="/why SO-1042", group="cid-sales-hk")
        await desk.do("POST", "say", user="u-amy", text="hello")
        await until(lambda: len(ledger.stored) == 2)

    first, second = play(desk, story).stored.values()
    assert isinstance(first, Words)
    assert isinstance(second, Words)
    assert (first.text, first.by, first.conversation, first.in_group) == ("/why SO-1042", "u-ben", "cid-sales-hk", True)
    assert (second.text, second.by, second.in_group) == ("hello", "u-amy", False)


def card(desk: Desk, **how: Any) -> None:
    body = {
        "cardTemplateId": "sandbox-approval.schema",
        "outTrackId": "card-1",
        "cardData": {"cardParamMap": {"title": "PO-1", "body": "b", "state": "pending"}},
        "privateData": {"u-amy": {"cardParamMap": {"may_decide": "true"}}},
        "openSpaceId": "dtv1.card//IM_GROUP.cid-sales-hk",
        "imGroupOpenSpaceModel": {"supportForward": False},
        "imGroupOpenDeliverModel": {"robotCode": APP},
        "userIdType": 1,
        **how,
    }
    said = desk.calls.make(Call("v1.0/card/instances/createAndDeliver", json.dumps(body).encode()))
    assert said["result"]["deliverResults"][0]["success"] is True


def test_a_press_is_answered_within_two_seconds_and_seen_by_who_pressed(desk: Desk) -> None:
    card(desk, callbackType="STREAM")
    outcome: dict[str, Any] = {}

    async def story(ledger: Ledger) -> None:
        ledger.answer = {"may_decide": "false"}
        outcome.update(await desk.do("POST", "press", user="u-amy", card="card-1", action="approve"))
        await until(lambda: ledger.stored)

    (press,) = play(desk, story).stored.values()
    assert isinstance(press, Press)
    assert (press.card, press.by, press.params["action"]) == ("card-1", "u-amy", "approve")
    assert outcome["outcome"] == "answered"
    shown = desk.control("GET", "cards/card-1")
    assert shown["private"]["u-amy"]["may_decide"] == "false"
    assert shown["data"]["state"] == "pending"


def test_a_wrong_secret_is_misconfigured(desk: Desk) -> None:
    async def whole() -> Ledger:
        ledger = Ledger()
        task = asyncio.create_task(desk.stream(secret="wrong").listen(ledger))
        await until(lambda: ledger.findings)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return ledger

    assert asyncio.run(whole()).findings[0].level is Level.WRONG


AES_KEY, TOKEN, API_SECRET = "abcdefghijabcdefghijabcdefghijabcdefghij123", "token123", "api-secret"


@contextmanager
def hook(desk: Desk) -> Iterator[tuple[str, list[Received], threading.Event]]:
    """Our side of the callbacks: the doors behind real HTTP; `away` answers 503 instead."""
    callbacks = Callbacks.model_validate(
        {"events": [{"token": TOKEN, "aes_key": AES_KEY}], "cards": [API_SECRET], "robot": True}
    )
    doors = callbacks.doors(desk.application)
    taken: list[Received] = []
    away = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {key.lower(): value for key, value in self.headers.items()}
            request = RawRequest("POST", headers, urlsplit(self.path).query, body, datetime.now(UTC))
            received = doors.receive(request)
            if not away.is_set():
                taken.append(received)
            status = 503 if away.is_set() else received.reply.status
            self.send_response(status)
            self.send_header("content-type", received.reply.content_type)
            self.send_header("content-length", str(len(received.reply.body)))
            self.end_headers()
            self.wfile.write(received.reply.body)

        def log_message(self, *_: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}/hooks/dingtalk", taken, away
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def wait(true: Callable[[], Any], seconds: float = 10.0) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "it did not come"
        time.sleep(0.02)


def test_check_url_and_events_by_http(desk: Desk) -> None:
    with hook(desk) as (url, taken, _):
        desk.control("POST", f"apps/{APP}/callback", url=url, token=TOKEN, aes_key=AES_KEY)
        assert [each.changes[0].topic for each in taken] == [Topic.CHECK]
        desk.control("PATCH", f"apps/{APP}", mode="http")
        made = desk.control("POST", "events", type="user_leave_org", data={"userId": ["u-ben"]})
        wait(lambda: len(taken) == 2)
        (change,) = taken[1].changes
        assert (change.id, change.topic, change.people) == (made["id"], Topic.PERSON_LEFT, ("u-ben",))
        time.sleep(0.5)
        assert len(taken) == 2
        assert desk.control("GET", "pushes")["failed"] == []


def test_what_failed_while_we_were_away_is_fetched(desk: Desk) -> None:
    desk.control("POST", "settings", http_retries_s=[0.2, 0.3], http_timeout_s=1.0)
    with hook(desk) as (url, _, away):
        desk.control("POST", f"apps/{APP}/callback", url=url, token=TOKEN, aes_key=AES_KEY)
        desk.control("PATCH", f"apps/{APP}", mode="http")
        away.set()
        desk.control("POST", "events", type="user_leave_org", data={"userId": ["u-ben"]})
        desk.control("POST", "events", type="bpms_instance_change", data={"processInstanceId": "p1", "type": "finish"})
        wait(lambda: len(desk.control("GET", "pushes")["failed"]) == 2)
        found = [change for each in failed_events(desk.calls) for change in each.changes]
        assert {(each.topic, each.people, each.subjects) for each in found} == {
            (Topic.PERSON_LEFT, ("u-ben",), ()),
            (Topic.APPROVAL, (), ("p1",)),
        }
        assert list(failed_events(desk.calls)) == []


def test_words_and_presses_by_http(desk: Desk) -> None:
    with hook(desk) as (url, taken, _):
        desk.control("PATCH", f"apps/{APP}", mode="http", robot_url=url)
        desk.control("POST", "say", user="u-ben", text="hi", group="cid-sales-hk")
        wait(lambda: taken)
        assert [words.by for words in taken[0].words] == ["u-ben"], taken[0].reason
        body = {"callbackRouteKey": "r1", "callbackUrl": url, "apiSecret": API_SECRET, "forceUpdate": True}
        desk.calls.make(Call("v1.0/card/callbacks/register", json.dumps(body).encode()))
        card(desk, callbackType="HTTP", callbackRouteKey="r1")
        desk.control("POST", "press", user="u-amy", card="card-1", action="approve")
        wait(lambda: len(taken) == 2)
        assert [(press.by, press.card) for press in taken[1].presses] == [("u-amy", "card-1")], taken[1].reason


def test_people_are_found_by_every_key(desk: Desk) -> None:
    desk.control("PATCH", "users/u-dora", email="Dora@example.com")
    directory = desk.directory
    amy = directory.person("u-amy")
    assert amy is not None
    assert (amy.name, amy.mobile, amy.departments, amy.leads) == ("Amy Wong", "13800000001", ("20",), {"20"})
    assert directory.id_by_mobile("13800000002") == "u-ben"
    assert directory.id_by_union(amy.union) == "u-amy"
    assert [each.id for each in directory.by_address("dora@EXAMPLE.com")] == ["u-dora"]
    assert set(directory.everybody()) == {each["id"] for each in desk.described["users"]}
    assert next((each.id, each.parent) for each in directory.departments()) == ("1", "")
    assert {each.id for each in directory.departments()} == {"1", "10", "11", "20", "30"}
    assert directory.parents_of("11") == ("11", "10", "1")
    roles = {each.id: each.name for each in directory.roles()}
    assert set(roles) >= {"901", "902", "903"}
    assert set(directory.people_with("903")) == {"u-eli", "u-fang"}


def test_somebody_who_left_is_nobody(desk: Desk) -> None:
    ben = desk.directory.person("u-ben")
    assert ben is not None
    desk.control("DELETE", "users/u-ben")
    assert desk.directory.person("u-ben") is None
    assert desk.directory.id_by_mobile("13800000002") is None
    assert desk.directory.id_by_union(ben.union) is None
    assert "u-ben" not in desk.directory.everybody()


def test_groups_are_listed_where_they_may_be(desk: Desk) -> None:
    scene = Group(Way.SCENE, "cid-sales-hk")
    found = desk.groups.members(scene)
    assert isinstance(found, Members)
    assert (set(found.people), found.outsiders) == ({"u-amy", "u-ben", "u-chen"}, {})
    desk.control("POST", "groups/cid-sales-hk/members", outsiders=[{"id": "u-out", "unionid": "union-x", "name": "X"}])
    again = desk.groups.members(scene)
    assert isinstance(again, Members)
    assert set(again.outsiders) == {"union-x"}
    installed = desk.groups.members(Group(Way.INSTALLED, "cid-operations", cool_app="COOLAPP-1-SANDBOX"))
    assert isinstance(installed, Members)
    assert set(installed.people) == {"u-chen", "u-eli", "u-fang"}
    for group, why in (
        (Group(Way.SCENE, "cid-management"), WhyUnlisted.NOT_INSTALLED),
        (Group(Way.INSTALLED, "cid-operations", cool_app="COOLAPP-9"), WhyUnlisted.NOT_OURS),
        (Group(Way.SCENE, "cid-nowhere"), WhyUnlisted.NO_SUCH_GROUP),
        (Group(Way.MADE, chat="chat-nowhere"), WhyUnlisted.NO_SUCH_GROUP),
    ):
        unlisted = desk.groups.members(group)
        assert isinstance(unlisted, Unlisted)
        assert unlisted.why is why, unlisted


def test_a_group_that_we_made_is_listed(desk: Desk) -> None:
    body = {"name": "Ours", "owner": "u-amy", "useridlist": ["u-amy", "u-ben"], "conversationTag": 2}
    options = {"managementOptions": {"showHistoryType": 0}}
    made = desk.calls.make(Call("v1.0/im/group/create", json.dumps(body | options).encode()))
    found = desk.groups.members(Group(Way.MADE, chat=str(made["chatid"])))
    assert isinstance(found, Members)
    assert (set(found.people), found.name, found.owner) == ({"u-amy", "u-ben"}, "Ours", "u-amy")
    assert found.open_history is False
