"""What users typed is shown as they typed it: it formats nothing, links nowhere and mentions nobody."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from connectors.contract import Draft, Fact, Format, Line
from connectors.dingtalk.app.content import shown
from connectors.dingtalk.markdown import clean, compose, escape, flow, link, shorten, whole
from connectors.dingtalk.packing import pack
from tests.connectors.dingtalk.drafts import DRAFTS
from tests.connectors.dingtalk.scripted import UNHURRIED, robot

GOLDEN = Path(__file__).parent / "golden"
COMMONMARK = MarkdownIt("gfm-like", {"linkify": False, "html": True})

MARKS = "#*_->+=|`~[]()!<>@&\\.:1 0123456789 ab中é\n\t\r\u2028\u202e\x07\u200d👨👩\U0001f3fd\U0001f1e8\U0001f1f3\u0301"
typed = st.text(alphabet=MARKS, max_size=40) | st.text(max_size=20)
facts = st.builds(
    Fact,
    title=typed,
    number=typed,
    at=typed,
    url=st.just("https://crm.example.com/o?x=1") | st.just(""),
    lines=st.lists(st.builds(Line, label=typed, value=typed, before=typed | st.none()), max_size=3).map(tuple),
    notes=st.lists(typed, max_size=2).map(tuple),
)


def tokens(text: str) -> Iterator[Token]:
    for token in COMMONMARK.parse(text):
        yield token
        yield from token.children or ()


def seen(text: str) -> str:
    """What a reader sees, without white space and zero-width signs and with full-width signs folded."""
    shown = "".join(token.content for token in tokens(text) if token.type in {"text", "code_inline", "text_special"})
    return folded(shown)


def folded(text: str) -> str:
    return re.sub(r"[\s\u200b]", "", text.translate(str.maketrans("＊｀～＿", "*`~_")))


def kinds(text: str) -> set[str]:
    return {token.type.removesuffix("_open").removesuffix("_close") for token in tokens(text)}


@pytest.mark.parametrize("name", DRAFTS)
def test_the_golden_messages(name: str) -> None:
    body = robot().freeze(DRAFTS[name], "key-1")
    assert compose(DRAFTS[name]) + "\n" == (GOLDEN / f"{name}.md").read_text(encoding="utf-8")
    assert msgspec.json.format(body, indent=2) + b"\n" == (GOLDEN / f"{name}.json").read_bytes()


@pytest.mark.parametrize("form", Format)
def test_no_word_is_added_to_those_of_the_draft(form: Format) -> None:
    fact = Fact("1", "2", "https://3.4/5", "6", (Line("7", "8", "9"),), ("10",))
    for count, room in ((1, 2_000), (3, 2_000), (3, 150)):
        for part, _ in pack(Draft("11", (fact,) * count, form, open_label="12"), room):
            seen = shown(part)
            told = f"{seen.title} {seen.text} {seen.button}".replace(fact.url, "")
            assert [sign for sign in told if sign.isalpha()] == []


@UNHURRIED
@given(st.lists(facts, min_size=1, max_size=3).map(tuple), typed, typed)
@example((Fact("a\\", "*b*", lines=(Line("[x]", "y\n\n    code\n===\n---"),)),), "#", "](x)")
@example((Fact("<0@0>", "_@0", lines=(Line("<=a@b>", "<a@b.c>"),)),), "", "")
@example((Fact("<!--", "<a href='x'>", lines=(Line("&#42;", "<https://x.example>"),)),), "", "")
def test_nothing_that_was_typed_formats(told: tuple[Fact, ...], preview: str, caption: str) -> None:
    text = compose(Draft(preview=preview, facts=told, open_label=caption))
    found = list(tokens(text))
    allowed = {"inline", "paragraph", "text", "hardbreak", "softbreak", "strong", "heading", "blockquote", "link"}
    assert kinds(text) <= allowed
    assert sum(token.type == "heading_open" for token in found) == (len(told) > 1)
    assert sum(token.type == "strong_open" for token in found) <= len(told)
    links = [token.attrGet("href") for token in found if token.type == "link_open"]
    assert links == ["https://crm.example.com/o?x=1" for fact in told if fact.url]


@UNHURRIED
@given(facts)
@example(Fact("order", "#1042", lines=(Line("1.", "1. a", "- b"),)))
def test_everything_that_was_typed_is_seen(fact: Fact) -> None:
    shown = seen(compose(Draft(preview="", facts=(fact,), open_label="open")))
    wanted = [fact.title, fact.number, fact.at, *fact.notes]
    wanted += [text for line in fact.lines for text in (line.label, line.before or "", line.value)]
    assert [text for text in wanted if folded(clean(text)) not in shown] == []


@UNHURRIED
@given(st.sampled_from(Format), facts, typed)
def test_nobody_is_mentioned_by_what_was_typed(format_: Format, fact: Fact, preview: str) -> None:
    body = msgspec.json.decode(robot().freeze(Draft(preview=preview, facts=(fact, fact), format=format_), "k"))
    text = msgspec.json.encode(body).decode()
    assert "at" not in body
    assert not re.search(r"(?<![A-Za-z0-9.%+-])@[^\s\u200b\"\\]", text)
    assert not re.search(r"@\+?\d{7}", text)


def test_a_card_mentions_nobody_by_an_address_of_email_and_keeps_who_is_meant() -> None:
    card = Draft("p", (Fact("For anna@u-ben", url="https://a.example/x@y"),), Format.ACTION_CARD, mentions=("u-ben",))
    assert re.findall(r"@[\w-]+", compose(card)) == ["@u-ben"]
    assert "anna@u-ben" in compose(replace(card, format=Format.MARKDOWN))


@UNHURRIED
@given(st.sampled_from(Format), facts)
def test_no_invisible_sign_reaches_the_reader(format_: Format, fact: Fact) -> None:
    text = compose(Draft(preview="", facts=(fact,), format=format_))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]", text)


@pytest.mark.parametrize(
    "number", ["SO-1042", "PO_2026_0042", "A*", "4711/3", "INV#7", "a@example.com", "3 < 4 & 5 > 2"]
)
def test_usual_numbers_can_be_copied_from_the_chat(number: str) -> None:
    if "*" in number:
        assert escape(number) == "A＊"
    else:
        assert escape(number) == number


def test_a_line_break_has_two_spaces_on_both_sides() -> None:
    assert flow("a\nb\r\nc") == "a  \n  b  \n  c"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/x", "https://a.example/x"),
        ("https://a.example/x (1) 中)", "https://a.example/x%20%281%29%20%E4%B8%AD%29"),
        ("https://a.example/%2F%zz%", "https://a.example/%2F%25zz%25"),
        ("https://good.example@evil.example/", "https://good.example%40evil.example/"),
        ("https://a.example/\u202e\ud800\n", "https://a.example/%E2%80%AE?"),
        (
            "dingtalk://dingtalkclient/page/link?url=https%3A%2F%2Fa.example&pc_slide=true",
            "dingtalk://dingtalkclient/page/link?url=https%3A%2F%2Fa.example&pc_slide=true",
        ),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("file:///etc/passwd", ""),
        ("//a.example", ""),
        ("https://", ""),
        ("", ""),
    ],
)
def test_links(url: str, shown: str) -> None:
    assert link(url) == shown


@UNHURRIED
@given(st.text(max_size=60))
def test_a_link_never_ends_early(rest: str) -> None:
    url = link(f"https://a.example/{rest}")
    assert re.fullmatch(r"[!-~]+", url)
    assert not set(url) & set("()<>\"'\\`*@ ")


@pytest.mark.parametrize(
    "cluster", ["e\u0301\u0302", "👨\u200d👩\u200d👧", "👍\U0001f3fd", "\U0001f1e8\U0001f1f3", "क्षि"]
)
def test_a_cut_does_not_part_a_character(cluster: str) -> None:
    text = f"ab{cluster}c"
    borders = {0, 1, 2, 2 + len(cluster), len(text)}
    if cluster != "क्षि":
        assert {whole(text, at) for at in range(1, len(text) + 1)} <= borders
    assert unicodedata.category(text[whole(text, 3)])[0] != "M" or whole(text, 3) == len(text)


def test_two_flags_are_parted_between_them() -> None:
    assert whole("🇨🇳🇭🇰", 2) == 2
    assert whole("🇨🇳🇭🇰", 3) == 2


def test_what_is_shortened_says_so() -> None:
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abcd", 4) == "abcd"
