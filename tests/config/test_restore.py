from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.bridge import load, load_since, restore, same
from config.problem import ConfigurationInvalid

MAIN = """
version: 1
include: routes.yaml
sources:
  shop:
    connector: generic
    settings: {signature: {keys: [env:SHOP_KEY]}, kind: order, id: id}
    kinds: {order: {fields: {number: {path: id, type: text}}}}
destinations:
  sales: {connector: dingtalk, zone: Asia/Hong_Kong, locale: en, settings: {kind: robot, webhook: env:HOOK}}
"""
ROUTES = "routes: {orders: {from: shop.order, to: sales, title: Order, fields: [number]}}\n"
SECRETS = {"SHOP_KEY": "a-key-of-the-shop-1", "HOOK": "https://oapi.dingtalk.com/robot/send?access_token=t"}


@pytest.fixture
def bridge(tmp_path: Path) -> Path:
    (tmp_path / "routes.yaml").write_text(ROUTES)
    path = tmp_path / "bridge.yaml"
    path.write_text(MAIN)
    return path


def test_what_is_kept_of_a_file_makes_the_same_configuration_when_the_file_is_gone(bridge: Path) -> None:
    loaded = load(bridge, environ=SECRETS)
    for path in bridge.parent.iterdir():
        path.unlink()
    assert restore(loaded.content, environ=SECRETS) == loaded


def test_no_secret_is_kept(bridge: Path) -> None:
    content = load(bridge, environ=SECRETS).content
    assert b"env:SHOP_KEY" in content
    assert not [secret for secret in SECRETS.values() if secret.encode() in content]


def test_a_secret_that_is_missing_later_is_found_where_it_is_named(bridge: Path) -> None:
    content = load(bridge, environ=SECRETS).content
    with pytest.raises(ConfigurationInvalid) as found:
        restore(content, environ={"SHOP_KEY": SECRETS["SHOP_KEY"]})
    (problem,) = found.value.problems
    assert (problem.file, problem.sentence) == (str(bridge), "the environment variable HOOK is not set")


def test_secrets_may_lie_beside_the_file_and_the_environment_goes_before(bridge: Path) -> None:
    lines = [f"{name}={value}" for name, value in SECRETS.items()]
    bridge.with_suffix(".env").write_text("\n".join(["# the secrets", "", *lines]))
    assert same(load(bridge, environ={}), load(bridge, environ=SECRETS))
    other = load(bridge, environ={"HOOK": "https://oapi.dingtalk.com/robot/send?access_token=other"})
    assert other.destinations["sales"].settings != load(bridge, environ={}).destinations["sales"].settings


def test_comments_and_places_make_no_difference_and_everything_else_does(bridge: Path) -> None:
    before = load(bridge, environ=SECRETS)
    bridge.write_text("# a comment\n" + MAIN)
    assert same(before, load(bridge, environ=SECRETS))
    bridge.write_text(MAIN.replace("locale: en", "locale: zh_Hans_CN"))
    assert not same(before, load(bridge, environ=SECRETS))


def test_every_kind_can_be_read_from_a_time_on(bridge: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    start = datetime(2026, 11, 1, tzinfo=UTC)
    assert {kind.start for kind in load_since(bridge, start).plan.kinds.values()} == {start}
