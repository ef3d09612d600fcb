"""The markdown subset as HTML, and that any text is safe and ends."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.dingtalk.sandbox.markdown import Markdown, link_target


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# a", "<h1>a</h1>"),
        ("###### a", "<h6>a</h6>"),
        ("####### a", "<p>####### a</p>"),
        ("#a", "<p>#a</p>"),
        ("> a\n> b", "<blockquote><p>a b</p></blockquote>"),
        ("**a** *b*", "<p><strong>a</strong> <em>b</em></p>"),
        ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
        ("- a\n- b\nc", "<ul><li>a</li><li>b</li></ul><p>c</p>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("a  \nb", "<p>a<br>b</p>"),
        ("a\nb", "<p>a b</p>"),
        ("a\n\nb", "<p>a</p><p>b</p>"),
        (r"\*a\* \[b\](c)", "<p>*a* [b](c)</p>"),
        ("a & <b>", "<p>a &amp; &lt;b&gt;</p>"),
        ("`code` ~~x~~ |t|", "<p>`code` ~~x~~ |t|</p>"),
        ("[a](javascript:x)", '<p><span class="inert" title="javascript:x">a</span></p>'),
    ],
)
def test_the_subset(text: str, html: str) -> None:
    assert str(Markdown().html(text)) == html


def test_the_other_readings_of_breaks_and_backslashes() -> None:
    assert str(Markdown(any_break=True).html("a\nb")) == "<p>a<br>b</p>"
    assert str(Markdown(escapes=False).html(r"\_a")) == r"<p>\_a</p>"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://a.example/?b=1", "https://a.example/?b=1"),
        ("dingtalk://dingtalkclient/page/link?url=https%3A%2F%2Fa.example&pc_slide=false", "https://a.example"),
        ("dingtalk://dingtalkclient/page/link?url=javascript%3Aalert(1)", ""),
        ("dingtalk://dingtalkclient/action/openapp?corpid=x", ""),
        ("JavaScript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//a.example", ""),
    ],
)
def test_only_web_addresses_open(url: str, target: str) -> None:
    assert link_target(url) == target


TEXTS = st.text(alphabet="ab <>\"'&*[]()!#>-1.\n\\:/@", max_size=200)


@given(TEXTS)
def test_every_tag_is_one_of_ours(text: str) -> None:
    html = str(Markdown().html(text))
    assert not re.sub(
        r"</?(?:h[1-6]|p|br|ul|ol|li|blockquote|strong|em|a|span)(?: [a-z]+=\"[^\"<>]*\")*>", "", html
    ).count("<")


@pytest.mark.parametrize("unit", ["*", "**a ", "*a ", "[", "![", "[a](", "> ", "\\", "- ", "#"])
def test_20000_bytes_of_anything_are_read_at_once(unit: str) -> None:
    start = time.process_time()
    html = Markdown().html(unit * (20_000 // len(unit)))
    assert html
    assert time.process_time() - start < 2
