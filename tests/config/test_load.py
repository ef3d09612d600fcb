"""One file: everything is the text that was written, and what YAML allows beyond that is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.load import SyntaxInvalid, read
from config.problem import format_problems
from config.tree import Items, Node, Table, Text, plain


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "bridge.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def tree(folder: Path, text: str | bytes) -> Table:
    node = read(written(folder, text))
    assert isinstance(node, Table)
    return node


def refused(folder: Path, text: str | bytes) -> str:
    with pytest.raises(SyntaxInvalid) as caught:
        read(written(folder, text))
    return format_problems(caught.value.problems).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "no",
            "NO",
            "off",
            "y",
            "true",
            "null",
            "~",
            "12:30",
            "1:20:30",
            "0123",
            "0o17",
            "0x1F",
            "1.10",
            "1e3",
            ".inf",
        ),
        *("1_000", "2026-11-01", "2026-11-01T00:00:00+08:00", "=", "+1", "007", "訂單", "a#b", "a:b", "-1"),
    ],
)
def test_a_plain_text_stays_what_was_written(tmp_path: Path, text: str) -> None:
    assert plain(tree(tmp_path, f"key: {text}\n{text}: key\n")) == {"key": text, text: "key"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])))
def test_a_quoted_text_stays_what_was_written(tmp_path: Path, text: str) -> None:
    # A byte order mark inside a text and the separators below are line breaks or no characters to YAML.
    text = text.translate(dict.fromkeys((0xFEFF, 0x2028, 0x2029, 0xFFFE, 0xFFFF)))
    single = "'" + text.replace("'", "''") + "'"
    double = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert plain(tree(tmp_path, f"a: {single}\nb: {double}\nc: [{single}]\n")) == {"a": text, "b": text, "c": [text]}


def test_carriage_returns_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    text = "version: 1\nroutes:\n  won:\n    title: 'Won'\n    when: |\n      a\n      b\n    to: [x,\n      y]\n"
    unix = tree(tmp_path, text)
    assert tree(tmp_path, b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()) == unix
    assert tree(tmp_path, text.replace("\n", "\r\n")) == unix


def test_everything_knows_where_it_stands(tmp_path: Path) -> None:
    root = tree(tmp_path, "routes:\n  won:\n    to: [sales, 'ops']\n")
    won = root.table("routes").table("won")
    to: Node = won.entries["to"]
    assert isinstance(to, Items)
    sales, ops = to.items
    assert isinstance(sales, Text)
    assert isinstance(ops, Text)
    assert (won.keys["to"].line, won.keys["to"].column, won.keys["to"].key_path) == (3, 5, "routes.won.to")
    assert (ops.place.line, ops.place.column, ops.place.key_path) == (3, 17, "routes.won.to[1]")
    assert (sales.at(3).column, ops.at(3).column) == (12, 20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: {c: 1, c: 2}\na: 2\n", "bridge.yaml:2:11 b.c: the key 'c' stands already in line 2: keep one"),
        ("a: 1\nb: {c: 1, c: 2}\na: 2\n", "bridge.yaml:3:1 a: the key 'a' stands already in line 1: keep one"),
        ("a: &x 1\n", "bridge.yaml:1:4 a: the anchor &x is not supported: write the value wherever it is needed"),
        ("a: &x {b: 1}\n", "bridge.yaml:1:4 a: the anchor &x is not supported: write the value wherever it is needed"),
        ("a: 1\nb: *x\n", "bridge.yaml:2:4 b: the alias *x is not supported: write the value out"),
        ("a:\n  <<: {b: 1}\n", "bridge.yaml:2:3 a: the merge key << is not supported: write the keys out"),
        ("a: !!int 1\n", "bridge.yaml:1:4 a: a tag (!…) is not supported: write the value alone"),
        ("a: !secret x\n", "bridge.yaml:1:4 a: a tag (!…) is not supported: write the value alone"),
        ("a:\n\tb: 1\n", "bridge.yaml:2:1 a tab stands between or before keys: use spaces"),
        ("a:\tb\n", "bridge.yaml:1:3 a tab stands between or before keys: use spaces"),
        ("a: 1\n---\nb: 2\n", "bridge.yaml:2:1 a second document begins here: write one document a file"),
        ("", "bridge.yaml:1:1 the file is empty"),
        ("# nothing\n", "bridge.yaml:1:1 the file is empty"),
        ("a:\nb: 1\n", 'bridge.yaml:1:1 a: there is no value: write one, or remove the key; "" is an empty text'),
        (
            "a: b: c\n",
            "bridge.yaml:1:5 a key cannot begin here: check the indentation, or quote a text that holds ': '",
        ),
        ("a:\n  - b\n c: 1\n", "bridge.yaml:3:2 this line does not fit the lines above it: check the indentation"),
        ("a: 'b\n", "bridge.yaml:2:1 a quote that was opened before is not closed"),
        ("? [a]\n: 1\n", "bridge.yaml:1:3 a key must be a text"),
        ('a: "\\ud800"\n', "bridge.yaml:1:4 a: an escape from \\ud800 to \\udfff is no character of its own"),
        ("a: \x07\n", "bridge.yaml:1:4 the character U+0007 is not allowed: remove it, or write it as an escape"),
        ("a: 1\nb: caf\xe9\n".encode("latin-1"), "bridge.yaml:2:7 the file is not UTF-8 text: save it as UTF-8"),
        ("a: 1\n".encode("utf-16"), "bridge.yaml:1:1 the file is not UTF-8 text: save it as UTF-8"),
        ("a: " + "[" * 200, "nothing here nests deeper than 30 levels"),
    ],
)
def test_what_is_refused_is_said_with_its_place(tmp_path: Path, text: str | bytes, expected: str) -> None:
    assert expected in refused(tmp_path, text)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SyntaxInvalid) as caught:
        read(tmp_path / "nowhere.yaml")
    assert format_problems(caught.value.problems).endswith(
        "nowhere.yaml:1:1 the file cannot be read: no such file or directory"
    )
