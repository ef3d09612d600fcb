"""Which sources are subscribed to, and that the relay's address must be known for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.bridge import load, unreachable
from config.compile import Bridge
from config.problem import format_problems
from config.settings import Settings
from tests.config.conftest import Write
from tests.config.test_connection import ENVIRON

LISTED = "tests.config.stand_ins.chat]"
MORE = "tests.config.stand_ins.chat, tests.config.stand_ins.subscribed, tests.config.stand_ins.announced]"
SHOP = "    connector: told\n"


def loaded(path: Path) -> Bridge:
    return load(path, environ=ENVIRON, find_fault=lambda _route, _kind: None)


@pytest.mark.parametrize(
    ("shop", "push"),
    [
        ("    connector: subscribed\n    push: true\n", True),
        ("    connector: subscribed\n    push: false\n", False),
        ("    connector: subscribed\n", False),
        ("    connector: announced\n", True),
        (SHOP, False),
    ],
)
def test_a_source_is_subscribed_to_where_it_says_so_or_is_not_pulled(write: Write, shop: str, push: bool) -> None:
    bridge = loaded(write((LISTED, MORE), (SHOP, shop)))
    assert {name: source.push for name, source in bridge.sources.items()} == {"crm": False, "shop": push}
    assert len(unreachable(bridge, Settings())) == push


def test_the_missing_address_is_said_of_the_source(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    bridge = loaded(write((LISTED, MORE), (SHOP, "    connector: subscribed\n    push: true\n")))
    said = format_problems(unreachable(bridge, Settings()))
    assert "sources.shop: it is subscribed to and needs to know where the relay is: set DINGBRIDGE_PUBLIC_URL" in said
    assert said.startswith("bridge.yaml:")
    monkeypatch.setenv("DINGBRIDGE_PUBLIC_URL", "https://bridge.example/way/")
    assert unreachable(bridge, Settings()) == ()
    assert Settings().public_url == "https://bridge.example/way"


def test_an_address_that_vendors_would_not_call_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DINGBRIDGE_PUBLIC_URL", "http://bridge.example")
    with pytest.raises(ValueError, match="use https"):
        Settings()
