"""What a preview shows is what the chat shows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.contract import Button, Draft, Format, Line, Previews, Services
from connectors.dingtalk import CONNECTOR
from connectors.dingtalk.app.settings import Application
from connectors.dingtalk.destinations import Destination, build, site
from connectors.dingtalk.markdown import compose
from connectors.dingtalk.sandbox.markdown import Markdown
from connectors.dingtalk.seen import plain
from tests.connectors.dingtalk.drafts import DRAFTS, ORDER
from worker.live import own_services

WEBHOOK = "https://oapi.dingtalk.com/robot/send?access_token=t"
APPLICATION = {"client_id": "dingexample", "client_secret": "s"}
KINDS: dict[str, dict[str, Any]] = {
    "robot": {"kind": "robot", "webhook": WEBHOOK},
    "group": {"kind": "group", "application": APPLICATION, "conversation": "cid=="},
    "person": {"kind": "person", "application": APPLICATION, "users": ["u1"]},
    "work": {"kind": "work", "application": APPLICATION, "agent_id": "1", "users": ["u1"]},
    "card": {"kind": "card", "application": APPLICATION, "template": "t.schema", "user": "u1"},
}
MARKED = [name for name, draft in DRAFTS.items() if draft.format is not Format.TEXT]


@pytest.fixture
def services() -> Services:
    return own_services()


def client(settings: Mapping[str, Any], services: Services) -> Previews:
    built = build("sales", Destination.model_validate(settings), services)
    assert isinstance(built, Previews)
    return built


def lines(text: str) -> list[str]:
    found = (line.replace("\u200b", "").strip() for line in text.split("\n"))
    return [line.lstrip("> ") for line in found if line.strip("> ")]


def chat(markdown: str) -> list[str]:
    """The lines of the twin's chat page."""
    html = re.sub(r"<br>|</p>|</h\d>|</li>|</blockquote>", "\n", str(Markdown(escapes=False).html(markdown)))
    html = re.sub(r"<a [^>]*>(.*?)</a>", r"[\1]", html)
    return lines(unescape(re.sub(r"<[^>]+>", "", html)))


@pytest.mark.parametrize("name", MARKED)
def test_it_shows_what_the_chat_page_shows(name: str) -> None:
    markdown = compose(DRAFTS[name])
    assert lines(plain(markdown)) == chat(markdown)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_destination_is_previewed(kind: str, services: Services) -> None:
    seen = client(KINDS[kind], services).seen(replace(DRAFTS["one_fact"], mentions=()))
    assert seen.title == "Order SO-1042 released"
    assert "Order released SO-1042 · 2026-03-02 10:32" in seen.text.splitlines()
    assert "Amount: HKD 950,000.00 → HKD 1,200,000.00" in seen.text.splitlines()
    assert "**" not in seen.text
    assert [url for _, url in seen.links] == [ORDER.url]
    assert 0 < seen.size < seen.most


@pytest.mark.parametrize("name", DRAFTS)
def test_a_robot_s_bytes_are_those_that_are_sent(name: str, services: Services) -> None:
    robot = build("sales", Destination.model_validate(KINDS["robot"]), services)
    for part, _ in robot.pack(DRAFTS[name]):
        body = robot.freeze(part, "k" * 32)
        seen = robot.seen(part)
        assert seen.size == len(body)
        sent = json.loads(body)
        content = sent[sent["msgtype"]]
        assert seen.title == content.get("title", seen.title).replace("\u200b", "")


def test_a_keyword_is_shown_where_it_is_added(services: Services) -> None:
    settings = {**KINDS["robot"], "keyword": "bridge"}
    draft = Draft("Order", (ORDER,), open_label="Open")
    assert client(settings, services).seen(draft).text.endswith("\n\nbridge")
    named = replace(draft, facts=(replace(ORDER, lines=(Line("By", "the bridge"),)),))
    assert client(settings, services).seen(named).text.count("bridge") == 1


def test_a_card_s_one_button_is_a_link(services: Services) -> None:
    seen = client(KINDS["robot"], services).seen(DRAFTS["action_card"])
    assert seen.links == (("Open", ORDER.url),)
    assert "[Open]" not in seen.text


def test_a_card_that_asks_for_a_decision_shows_its_buttons(services: Services) -> None:
    draft = Draft("Order", (ORDER,), buttons=(Button("approve", "Approve"),), deciders=("u1",), standing="Waiting")
    seen = client(KINDS["card"], services).seen(draft)
    assert ("Approve", "") in seen.links
    assert seen.text.endswith("\n\nWaiting")


@pytest.mark.parametrize(
    ("settings", "kind", "host", "region"),
    [
        (KINDS["robot"], "robot", "oapi.dingtalk.com", "dingtalk.com"),
        ({**KINDS["robot"], "webhook": WEBHOOK.replace(".com", ".io")}, "robot", "oapi.dingtalk.io", "dingtalk.io"),
        (KINDS["work"], "work", "oapi.dingtalk.com", "dingtalk.com"),
        (
            {**KINDS["robot"], "webhook": "http://127.0.0.1:9/robot/send?access_token=t"},
            "robot",
            "127.0.0.1",
            "this machine",
        ),
    ],
)
def test_where_a_destination_is(settings: Mapping[str, Any], kind: str, host: str, region: str) -> None:
    found = site(Destination.model_validate(settings))
    assert (found.kind, found.host, found.region) == (kind, host, region)
    assert CONNECTOR.site is site


def test_an_international_application_is_elsewhere() -> None:
    application = Application(client_id="d", client_secret=SecretStr("s"), site="dingtalk.io")
    settings = {**KINDS["work"], "application": application}
    assert site(Destination.model_validate(settings)).region == "dingtalk.io"
