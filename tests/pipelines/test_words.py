"""A command is found however it was typed, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.words import LONGEST, Asked, asked, same

COMMANDS = {"why", "help"}


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("/why SO-1042", "SO-1042"),
        ("  /WHY   SO-1042  ", "SO-1042"),
        ("／ｗｈｙ　ＳＯ－１０４２", "SO-1042"),
        ("、why SO-1042", "SO-1042"),
        ("/why SO–1042", "SO-1042"),
        ("/why: “SO-1042”?", "SO-1042"),
        ("/why 「SO-1042」。", "SO-1042"),
        ("/why\u200b SO-\u200b1042", "SO-1042"),
        ("@Bridge /why SO-1042", "SO-1042"),
        ("@ERP Bridge\u2005/why SO-1042", "SO-1042"),
        ("@桥/why SO-1042", "SO-1042"),
        ("/why SO-1042 @Bridge", "SO-1042"),
        ("please\n/why SO-1042", "SO-1042"),
        ("good morning /why SO-1042", "SO-1042"),
        ("/why INV/2026/1042", "INV/2026/1042"),
        ("/why 訂單 1042", "訂單 1042"),
        ("/why", ""),
        ("/why?", ""),
        ("/why。", ""),
        ("@Bridge\u2005/why", ""),
    ],
)
def test_it_asks_why(text: str, about: str) -> None:
    assert asked(text, COMMANDS) == Asked("why", about)


@pytest.mark.parametrize(
    "text",
    ["", "why SO-1042", "/whySO-1042", "/wherefore", "and/or why", "/why/SO-1042", "@Bridge hello", "/1042", "//why"],
)
def test_it_asks_nothing_known(text: str) -> None:
    assert asked(text, COMMANDS) is None


def test_the_first_known_command_counts() -> None:
    assert asked("/nothing\n/help\n/why SO-1042", COMMANDS) == Asked("help")


@given(st.text(max_size=300))
def test_no_text_is_too_strange(text: str) -> None:
    found = asked(f"/why {text}", COMMANDS)
    assert found is None or len(found.about) <= LONGEST
    assert asked(text, ()) is None


@pytest.mark.parametrize(
    ("one", "other"), [("SO-1042", "so-1042"), ("ＳＯ－１０４２", "SO-1042"), ("(SO 1042)", "so  1042")]
)
def test_one_number_is_written_in_many_ways(one: str, other: str) -> None:
    assert same(one, other)


def test_other_numbers_are_others() -> None:
    assert not same("SO-1042", "SO-10422")
    assert not same("SO-1042", "")
