"""A configuration names its destinations by kind; what is wrong in one is told where it stands, without the secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.bridge import check, load
from config.problem import format_problems
from connectors.dingtalk.app.settings import ApprovalSettings, CardSettings, GroupSettings, PersonSettings, WorkSettings
from connectors.dingtalk.destinations import Destination
from connectors.dingtalk.settings import RobotSettings
from tests.connectors.dingtalk.app.vendor import CLIENT, SECRET

KINDS = {
    "hook": "{kind: robot, webhook: env:HOOK}",
    "sales": "{kind: group, application: APP, conversation: cidExample==}",
    "amy": "{kind: person, application: APP, users: [amy]}",
    "staff": '{kind: work, application: APP, agent_id: "836390886", departments: ["1"]}',
    "cards": "{kind: card, application: APP, template: 4d18414c.schema, conversation: cidExample==}",
    "orders": "{kind: approval, application: APP, process: PROC-1, originator: amy, marker: No, form: {No: number, "
    "Sum: {line: Amount}}}",
}
SOURCE = """\
version: 1
sources:
  shop:
    connector: generic
    settings: {signature: {keys: [env:SHOP_KEY]}, kind: order, id: id}
    kinds: {order: {fields: {number: {path: id, type: text}}}}
routes: {orders: {from: shop.order, to: sales, title: Order, fields: [number]}}
"""
ENVIRON = {
    "SHOP_KEY": "a-key-of-the-shop-1",
    "HOOK": "https://oapi.dingtalk.com/robot/send?access_token=" + "0" * 64,
} | {"APP_SECRET": SECRET}


def bridge(folder: Path, **changes: str) -> Path:
    rows = "".join(
        f"  {name}: {{connector: dingtalk, zone: Asia/Hong_Kong, locale: en, settings: {written}}}\n"
        for name, written in (KINDS | changes).items()
    ).replace("APP,", f"{{client_id: {CLIENT}, client_secret: env:APP_SECRET}},")
    file = folder / "bridge.yaml"
    file.write_text(f"{SOURCE}destinations:\n{rows}", encoding="utf-8")
    return file


def test_each_kind_has_its_settings(tmp_path: Path) -> None:
    loaded = load(bridge(tmp_path), environ=ENVIRON).destinations
    settings = {name: each.settings for name, each in loaded.items()}
    assert all(isinstance(each, Destination) for each in settings.values())
    assert {name: type(each.root) for name, each in settings.items() if isinstance(each, Destination)} == {
        "hook": RobotSettings,
        "sales": GroupSettings,
        "amy": PersonSettings,
        "staff": WorkSettings,
        "cards": CardSettings,
        "orders": ApprovalSettings,
    }


def test_the_applications_secret_is_fetched_and_not_shown(tmp_path: Path) -> None:
    settings = load(bridge(tmp_path), environ=ENVIRON).destinations["sales"].settings
    assert isinstance(settings, Destination)
    assert isinstance(settings.root, GroupSettings)
    assert settings.root.application.client_secret.get_secret_value() == SECRET
    assert SECRET not in f"{settings!r} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("name", "written", "told"),
    [
        ("sales", "{kind: group, application: APP, }", "conversation"),
        ("sales", "{kind: group, application: APP, conversation: c, users: [amy]}", "users"),
        ("sales", "{kind: gruop, application: APP, conversation: c}", "gruop"),
        ("sales", "{application: APP, conversation: c}", "kind"),
        ("amy", "{kind: person, application: APP, users: [amy, amy]}", "twice"),
        ("orders", "{kind: approval, application: APP, process: P, originator: amy, form: {No: number}}", "marker"),
        (
            "orders",
            "{kind: approval, application: APP, process: P, originator: a, marker: No, form: {No: link}}",
            "mark",
        ),
        ("orders", "{kind: approval, application: APP, process: P, originator: a, marker: No, form: {}}", "form"),
        ("hook", "{kind: robot}", "webhook"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, name: str, written: str, told: str) -> None:
    problems = format_problems(check(bridge(tmp_path, **{name: written}), environ=ENVIRON))
    assert told in problems
    assert f"destinations.{name}" in problems
    assert SECRET not in problems
