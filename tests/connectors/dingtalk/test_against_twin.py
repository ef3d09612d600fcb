"""The connector with the twin over HTTP: what people see in the chat."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from connectors.contract import Draft, Fact, Format, Line, Outcome, Resend
from connectors.dingtalk.robot import MOST_BYTES
from tests.connectors.dingtalk.sandbox.served import Client
from tests.connectors.dingtalk.sender import FACT, FORMATS, GROUP, LINK, draft, post, sender, shown

LONGEST_KEY = "k" * 128
READINGS = [{}, {"backslash_escapes": False}, {"line_break": "any"}]
HOSTILE = (
    "# 1.",
    "1. one",
    "@13800138000",
    "@13800000001",
    "@u-amy",
    "mail anna@u-amy",
    "[x](javascript:alert(1))",
    "[x](https://evil.example/)",
    "\\[x](https://evil.example/)",
    "![p](https://evil.example/p.png)",
    "<script>alert(1)</script>",
    "<a href='https://evil.example/'>x</a>",
    "**bold** *it* \\*\\*b\\*\\*",
    "> quote",
    "- item",
    "a\n# b\n- c\n> d",
)
TYPED = str.maketrans({"\u200b": None, "＊": "*", "｀": "`", "～": "~", "＿": "_", "［": "[", "］": "]"})


class Chat(HTMLParser):
    """What a browser makes of a message: tags with the links they open, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given.get("href") or given.get("class") or ""))
        if tag in {"br", "p"}:
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def structure(self) -> list[tuple[str, str]]:
        return [tag for tag in self.tags if tag[0] not in {"br", "time"}]


def chat(twin: Client) -> Chat:
    html = twin.http.get(f"{twin.base}/__sandbox/chat/{GROUP}", timeout=10).json()["html"]
    return Chat(html)


def fresh_chat(twin: Client, answer: dict[str, Any], given: Draft) -> Chat:
    twin.control("reset", {})
    twin.robot()
    twin.switch(**answer)
    assert post(sender(twin), given).outcome is Outcome.DELIVERED
    return chat(twin)


@pytest.mark.parametrize(("format_", "msgtype"), FORMATS.items())
def test_each_format_shows_the_fact_and_opens_the_record(twin: Client, format_: Format, msgtype: str) -> None:
    assert post(sender(twin), draft(format=format_)).outcome is Outcome.DELIVERED
    (row,) = shown(twin)
    text = chat(twin).text
    assert row["msgtype"] == msgtype
    for told in ("Order released SO-1042", "10:32", "Amount: HKD 1 → HKD 2", "One field withheld."):
        assert told in text
    if format_ is Format.TEXT:
        assert f"Open: {LINK}" in text
    else:
        assert LINK in {target for tag, target in chat(twin).tags if tag == "a"}
        assert row["title"] == "Order SO-1042 released"


@pytest.mark.parametrize("format_", FORMATS)
def test_the_people_who_are_meant_are_mentioned_and_nobody_else(twin: Client, format_: Format) -> None:
    post(sender(twin), draft(format=format_, mentions=("u-dora", "u-ben")))
    (row,) = shown(twin)
    # Ben is not in this group
    assert row["mentions"] == {"all": False, "users": ["u-dora"]}
    assert "@Dora Ip" in chat(twin).text


@pytest.mark.parametrize("answer", [{}, {"too_many_mentions": "truncate"}], ids=str)
def test_sixty_people_are_mentioned_in_two_messages(twin: Client, answer: dict[str, Any]) -> None:
    twin.switch(**answer)
    robot = sender(twin)
    people = (*(f"u-{number}" for number in range(59)), "u-dora")
    parts = robot.pack(draft(mentions=people))
    assert [post(robot, part, f"key-{n}").outcome for n, (part, _) in enumerate(parts)] == [Outcome.DELIVERED] * 2
    assert [row["mentions"]["users"] for row in shown(twin)] == [[], ["u-dora"]]


@pytest.mark.parametrize("answer", READINGS, ids=str)
@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("typed", HOSTILE)
def test_what_users_typed_is_shown_as_text(twin: Client, format_: Format, typed: str, answer: dict[str, Any]) -> None:
    stand_ins = {line: f"word{number}word" for number, line in enumerate(typed.split("\n"))}
    hostile, harmless = (
        draft(
            preview=value,
            format=format_,
            facts=(Fact(value, value, LINK, value, (Line(value, value, value), Line("", value)), (value,)),),
            open_label=value,
        )
        for value in (typed, "\n".join(stand_ins.values()))
    )
    seen, wanted = fresh_chat(twin, answer, hostile), fresh_chat(twin, answer, harmless)
    assert seen.structure == wanted.structure
    told = wanted.text
    for line, stand_in in stand_ins.items():
        told = told.replace(stand_in, line)
    # a minute may begin between the two
    clock = re.compile(r"(?<=ERPRobot)\d\d:\d\d")
    assert clock.sub("", seen.text.translate(TYPED)).split() == clock.sub("", told).split()
    assert [row["mentions"] for row in shown(twin)] == [{"all": False, "users": []}]


@pytest.mark.parametrize("answer", READINGS, ids=str)
def test_lines_of_a_value_stay_lines(twin: Client, answer: dict[str, Any]) -> None:
    fact = replace(FACT, lines=(Line("Ship to", "12 Harbour Rd\nWan Chai\nHong Kong"),))
    lines = [line.strip() for line in fresh_chat(twin, answer, draft(facts=(fact,))).text.translate(TYPED).split("\n")]
    assert lines[lines.index("Ship to: 12 Harbour Rd") :][:3] == ["Ship to: 12 Harbour Rd", "Wan Chai", "Hong Kong"]


@pytest.mark.parametrize("format_", FORMATS)
def test_the_largest_message_is_taken_and_one_byte_more_is_not(twin: Client, format_: Format) -> None:
    robot = sender(twin)

    def filled(size: int) -> Draft:
        return draft(format=format_, facts=(replace(FACT, lines=(Line("Text", "x" * size),)),))

    size = 100 + MOST_BYTES - len(LONGEST_KEY) - len(robot.freeze(filled(100), ""))
    largest = filled(size)
    assert [part for part, _indexes in robot.pack(largest)] == [largest]
    assert len(robot.pack(filled(size + 1))) == 2
    assert len(robot.freeze(largest, LONGEST_KEY)) == MOST_BYTES
    assert post(robot, largest, LONGEST_KEY).outcome is Outcome.DELIVERED
    more = post(robot, largest, LONGEST_KEY + "k")
    assert (more.outcome, more.code) == (Outcome.TOO_LARGE, "460101")
    assert len(shown(twin)) == 1


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("sign", ["x", "中", "😀", '"', "\\", "@", "a@", "\n"], ids=ascii)
def test_each_part_of_a_long_message_is_taken(twin: Client, format_: Format, sign: str) -> None:
    twin.control("robots/plain", {"limits": {"count": 1000}}, method="PATCH")
    robot = sender(twin, keyword="dingbridge")
    long = Line("Text", sign * (60_000 // len(sign.encode())))
    parts = robot.pack(draft(format=format_, facts=(FACT, replace(FACT, lines=(long, long)), FACT)))
    for number, (part, _indexes) in enumerate(parts):
        frozen = robot.freeze(part, f"{number:0128}")
        assert len(frozen) <= MOST_BYTES
        assert robot.send(frozen).outcome is Outcome.DELIVERED
    assert len(shown(twin)) == len(parts) > 5


@pytest.mark.parametrize(("remembered", "times"), [(True, 1), (False, 2)])
def test_a_repeat_is_shown_once_where_the_key_is_remembered(twin: Client, remembered: bool, times: int) -> None:
    twin.switch(msg_uuid=remembered)
    robot = sender(twin)
    assert robot.resend is Resend.IDEMPOTENT
    assert [post(robot).outcome for _attempt in range(2)] == [Outcome.DELIVERED] * 2
    assert len(shown(twin)) == times
    assert sender(twin, idempotency=False).resend is Resend.DUPLICATES


@pytest.mark.parametrize("in_title", [True, False])
@pytest.mark.parametrize("format_", FORMATS)
def test_the_keyword_is_found_wherever_dingtalk_looks(twin: Client, format_: Format, in_title: bool) -> None:
    twin.switch(keyword_in_title=in_title)
    twin.control("robots/plain", {"keywords": ["警报", "other"]}, method="PATCH")
    assert post(sender(twin), draft(format=format_)).outcome is Outcome.MISCONFIGURED
    assert post(sender(twin, keyword="警报"), draft(format=format_)).outcome is Outcome.DELIVERED


def test_every_security_setting_at_once(twin: Client) -> None:
    together = {"secret": "SEC0123", "keywords": ["order"], "ips": ["127.0.0.1"]}
    twin.control("robots/plain", together, method="PATCH")
    assert post(sender(twin, secret="SEC0123", keyword="order")).outcome is Outcome.DELIVERED
