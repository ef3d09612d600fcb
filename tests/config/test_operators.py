from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest

from config.bridge import check, load
from config.compile import Bridge
from pipelines.plan import OWN

HEAD = """
version: 1
sources:
  shop:
    connector: generic
    settings: {signature: {keys: [env:SHOP_KEY]}, kind: order, id: id}
    kinds: {order: {fields: {number: {path: id, type: text}}}}
    silence: {after: 4h, zone: Asia/Hong_Kong, days: [mon, sat]}
destinations:
  sales: &
  ops: &
  trial: &
routes:
  orders: {from: shop.order, to: sales, title: Order, fields: [number]}
  tried: {from: shop.order, to: trial, title: Order, fields: [number], mode: shadow}
operators:
  destination: ops
  zone: Asia/Hong_Kong
  sign_of_life: 09:00
  smtp: {host: mail.example.com, port: 587, from: a@example.com, to: b@example.com, user: a, password: env:MAIL}
  webhook: {url: https://example.com/faults, secret: env:HOOK}
""".replace(
    "&",
    "{connector: dingtalk, zone: UTC, locale: en, settings: {kind: robot, webhook: env:ROBOT, secret: env:ROBOT_SECRET}}",
)
ENVIRON = {
    "SHOP_KEY": "a-key-of-the-shop-1234",
    "ROBOT": "http://127.0.0.1:9/robot/send?access_token=t",
    "ROBOT_SECRET": "SEC000000",
    "MAIL": "the-mail-password",
    "HOOK": "the-key-of-the-hook",
}


def written(folder: Path, *changes: tuple[str, str]) -> Path:
    text = HEAD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "bridge.yaml"
    path.write_text(text)
    return path


def loaded(path: Path) -> Bridge:
    return load(path, environ=ENVIRON, find_fault=lambda _route, _kind: None)


def test_the_ways_and_hours_are_read(tmp_path: Path) -> None:
    bridge = loaded(written(tmp_path))
    told = bridge.operators
    assert (told.destination, told.ways, told.sign_of_life, told.repeat) == (
        "ops",
        ("smtp", "webhook"),
        time(9),
        timedelta(hours=1),
    )
    assert told.smtp is not None
    assert told.smtp.password.get_secret_value() == "the-mail-password"
    assert told.smtp.to == ("b@example.com",)
    silence = bridge.sources["shop"].silence
    assert silence is not None
    assert (silence.after, silence.begin, silence.end, sorted(silence.days)) == (
        timedelta(hours=4),
        time(9),
        time(18),
        ["mon", "sat"],
    )
    assert "the-mail-password" not in repr(bridge)


def test_faults_go_to_the_operators_and_silence_to_who_relies_on_the_source(tmp_path: Path) -> None:
    own = {route.name: route.to for route in loaded(written(tmp_path)).plan.routes if route.source == OWN}
    # a route on trial tells nobody, so nobody relies on it
    assert own == {
        "operators.fault": ("ops",),
        "operators.sign of life": ("ops",),
        "silence.shop": ("sales",),
    }


@pytest.mark.parametrize(
    ("old", "new", "place", "sentence"),
    [
        ("destination: ops", "destination: opps", "operators.destination", "did you mean 'ops'?"),
        ("password: env:MAIL", "password: secret", "operators.smtp.password", "must not stand in this file"),
        ("password: env:MAIL", "password: env:NONE", "operators.smtp.password", "NONE is not set"),
        (", password: env:MAIL", "", "operators.smtp.user", "give both user and password"),
        ("port: 587", "port: 587, security: none", "operators.smtp.security", "needs starttls or tls"),
        ("from: a@example.com", 'from: "a@b.c, d"', "operators.smtp.from", "write an address"),
        ("https://example.com", "http://example.com", "operators.webhook.url", "use https"),
        ("sign_of_life: 09:00", "sign_of_life: 9am", "operators.sign_of_life", "write a time of the day as 09:00"),
        ("after: 4h", "after: 4h, from: 18:00, to: 09:00", "sources.shop.silence.to", "ends after it begins"),
        ("days: [mon, sat]", "days: [monday]", "sources.shop.silence.days[0]", "must be 'mon'"),
        ("shop:\n", "dingbridge:\n", "sources.dingbridge", "take another name"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, old: str, new: str, place: str, sentence: str) -> None:
    problems = check(written(tmp_path, (old, new)), environ=ENVIRON, find_fault=lambda _route, _kind: None)
    found = [each.sentence for each in problems if each.key_path == place]
    assert any(sentence in each for each in found), problems


def test_a_section_without_a_way_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(HEAD.partition("operators:")[0] + "operators: {zone: UTC}\n")
    (problem,) = check(path, environ=ENVIRON, find_fault=lambda _route, _kind: None)
    assert problem.sentence == "name at least one way: destination, smtp or webhook"
