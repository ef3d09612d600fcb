"""Routes that ask for decisions are checked against what their source and destinations can do."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.bridge import check, load
from config.conditions import Fault
from config.problem import format_problems
from connectors.contract import Verb
from pipelines.plan import Decide, Kind, Merge, Route

BRIDGE = """version: 1
sources:
  shop:
    connector: generic
    settings:
      kind: request
      signature: {keys: [env:KEY], prefix: "sha256="}
      id: id
      version: rev
      time: at
      write_back: {url: "https://shop.example.com/back", key: env:BACK, key_id: dingbridge}
    kinds:
      request:
        fields:
          approver: {path: approver, type: ref}
          amount: {path: amount, type: money, currency: HKD}
          stage: {path: stage, type: text}
applications:
  robot: {connector: dingtalk, settings: {application: {client_id: a, client_secret: env:SECRET}}}
destinations:
  cards:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: card, template: t.schema, conversation: cid, application: {client_id: a, client_secret: env:SECRET}}
  texts:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: group, conversation: cid, application: {client_id: a, client_secret: env:SECRET}}
routes:
  asks:
    from: shop.request
    to: cards
    title: Please decide
    fields: [approver, amount, stage]
    merge: never
    decide: {by: approver}
"""
ENVIRON = {"KEY": "a-key-of-at-least-32-characters-long", "BACK": "another-key-of-32-characters-or-more", "SECRET": "s"}


def no_fault(_route: Route, _kind: Kind) -> Fault | None:
    return None


def written(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = BRIDGE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "bridge.yaml"
    path.write_text(text)
    return path


def sentences(path: Path) -> str:
    return format_problems(check(path, environ=ENVIRON, find_fault=no_fault))


def test_a_sound_route_asks_with_all_that_it_shows(tmp_path: Path) -> None:
    (route,) = load(written(tmp_path), environ=ENVIRON, find_fault=no_fault).plan.routes
    assert route.merge is Merge.NEVER
    assert route.decide == Decide("approver", (Verb.APPROVE, Verb.REJECT), ("approver", "amount", "stage"))


def test_what_is_compared_always_holds_who_decides(tmp_path: Path) -> None:
    change = ("decide: {by: approver}", "decide: {by: approver, actions: approve, compared: [amount]}")
    (route,) = load(written(tmp_path, change), environ=ENVIRON, find_fault=no_fault).plan.routes
    assert route.decide == Decide("approver", (Verb.APPROVE,), ("approver", "amount"))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("by: approver", "by: owner", "'owner' is no field that this route tells"),
        ("by: approver", "by: amount", "'amount' is money: who decides is named by a ref, a text or a list"),
        ("by: approver}", "by: approver, compared: [total]}", "'total' is no field that this route tells"),
        ("by: approver}", "by: approver, actions: [delete]}", "approve"),
        ("merge: never", "merge: when_full", "write merge: never"),
        ("to: cards", "to: [cards, texts]", "messages in 'texts' have no buttons"),
        (
            '      write_back: {url: "https://shop.example.com/back", key: env:BACK, key_id: dingbridge}\n',
            "",
            "decisions cannot be carried back into 'shop'",
        ),
        (
            "robot: {connector: dingtalk, settings: {application: {client_id: a, client_secret: env:SECRET}}}",
            "{}",
            "nobody hears what is pressed: name an application of dingtalk",
        ),
    ],
)
def test_each_mistake_is_found_where_it_stands(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    found = sentences(written(tmp_path, (old, new)))
    assert sentence in found
    assert "routes.asks" in found or "bridge.yaml:" in found
