"""Several files are one configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.bridge import check, load
from config.problem import format_problems
from tests.config.conftest import Write

ENVIRON = {"CRM_PASSWORD": "crm-password-1", "CHAT_TOKEN": "chat-token-1"}
ROUTE = "routes:\n  %s:\n    from: shop.order\n    to: ops\n    title: %s\n    fields: [number]\n"


def put(name: str, text: str) -> None:
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def told(path: Path) -> str:
    return format_problems(check(path, environ=ENVIRON, find_fault=lambda _route, _kind: None))


def including(write: Write, pattern: str) -> Path:
    return write(("version: 1\n", f"version: 1\ninclude: {pattern}\n"))


def test_included_files_are_merged_in_the_order_of_their_names(write: Write) -> None:
    put("routes/b.yaml", ROUTE % ("later", "B") + "classes: [hr]\n")
    put("routes/a.yaml", "version: 1\n" + ROUTE % ("sooner", "A"))
    path = including(write, "routes/*.yaml")
    bridge = load(path, environ=ENVIRON, find_fault=lambda _route, _kind: None)
    assert [route.name for route in bridge.plan.routes] == ["big-won", "orders", "sooner", "later"]


def test_a_list_of_patterns_and_an_included_file_that_includes(write: Write) -> None:
    put("more/one.yaml", "include: two.yaml\n" + ROUTE % ("one", "1"))
    put("more/two.yaml", ROUTE % ("two", "2"))
    put("three.yaml", ROUTE % ("three", "3"))
    path = including(write, "[more/one.yaml, three.yaml]")
    bridge = load(path, environ=ENVIRON, find_fault=lambda _route, _kind: None)
    assert [route.name for route in bridge.plan.routes][2:] == ["one", "two", "three"]


def test_secrets_of_files_are_found_beside_the_file_that_names_them(write: Write) -> None:
    put("more/shop.secret", "another\r\n")
    put(
        "more/shop.yaml",
        "sources: {web: {connector: told, settings: {secret: file:shop.secret}, "
        "kinds: {visit: {fields: {page: {path: p, type: text}}}}}}\n",
    )
    bridge = load(including(write, "more/*.yaml"), environ=ENVIRON, find_fault=lambda _route, _kind: None)
    assert bridge.sources["web"].settings.model_dump()["secret"].get_secret_value() == "another"


@pytest.mark.parametrize(
    ("pattern", "files", "expected"),
    [
        ("more/*.yaml", {}, "bridge.yaml:2:10 include: no file matches 'more/*.yaml', seen from ."),
        ("{a: b}", {}, "bridge.yaml:2:1 include: include takes a file pattern or a list of them"),
        ("'*.yaml'", {}, "bridge.yaml:2:10 include: bridge.yaml would include itself: narrow the pattern"),
        (
            "a.yaml",
            {"a.yaml": "include: b.yaml\n", "b.yaml": "include: [a.yaml]\n"},
            "b.yaml:1:11 include[0]: a.yaml would include itself: narrow the pattern",
        ),
        (
            "[a.yaml, '?.yaml']",
            {"a.yaml": "version: 1\n"},
            "bridge.yaml:2:19 include[1]: a.yaml is included a second time: include it once",
        ),
        (
            "a.yaml",
            {"a.yaml": ROUTE % ("orders", "Again")},
            "a.yaml:2:3 routes.orders: 'orders' is already defined at bridge.yaml:63:3: keep one, or rename one",
        ),
        (
            "a.yaml",
            {"a.yaml": "classes:\n- finance\n"},
            "a.yaml:2:3 classes[0]: 'finance' is already defined at bridge.yaml:4:21: keep one, or rename one",
        ),
        (
            "a.yaml",
            {"a.yaml": "routes: []\n"},
            "a.yaml:1:1 routes: 'routes' contradicts bridge.yaml:45:1: write it there alone",
        ),
        ("a.yaml", {"a.yaml": "- 1\n"}, "a.yaml:1:1 the file must be a mapping with keys such as `routes:`"),
    ],
)
def test_what_cannot_be_included_is_said(write: Write, pattern: str, files: dict[str, str], expected: str) -> None:
    for name, text in files.items():
        put(name, text)
    assert told(including(write, pattern)) == expected


def test_a_broken_file_does_not_make_names_unknown_that_it_may_hold(write: Write) -> None:
    put("a.yaml", "destinations:\n  more: {\n")
    path = write(
        ("version: 1\n", "version: 1\ninclude: a.yaml\n"),
        ("    to: [ops, sales-hk]\n", "    to: more\n"),
        ("lane: urgent", "lane: fast"),
    )
    assert told(path).splitlines() == [
        "a.yaml:3:1 this is not valid YAML: expected the node content, but found '<stream end>'",
        "bridge.yaml:58:11 routes.big-won.lane: must be 'approval', 'urgent', 'normal' or 'bulk'",
    ]
