"""Whom routes tell one to one: what a file may say of it, and what is told where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.bridge import check, load
from config.problem import format_problems
from pipelines.plan import ByPerson, Policy

ENVIRON = {
    "KEY": "a-key-of-the-shop-1",
    "SECRET": "s" * 32,
    "HOOK": f"https://oapi.dingtalk.com/robot/send?access_token={'0' * 64}",
}
FILE = """\
version: 1
sources:
  shop:
    connector: generic
    settings: {signature: {keys: [env:KEY]}, kind: order, id: id}
    people: {application: office, by: user}
    kinds:
      order:
        fields:
          number: {path: id, type: text}
          owner: {path: owner, type: text}
          total: {path: total, type: number}
applications:
  office: {connector: dingtalk, settings: {application: {client_id: dingexample, client_secret: env:SECRET}}}
destinations:
  staff:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: person, application: {client_id: dingexample, client_secret: env:SECRET}}
  sales: {connector: dingtalk, zone: Asia/Hong_Kong, locale: en, settings: {kind: robot, webhook: env:HOOK}}
routes:
  orders:
    from: shop.order
    to: {person: owner, by: staff, otherwise: sales}
    title: Order
    fields: [number]
"""


def problems(folder: Path, *changes: tuple[str, str]) -> str:
    return format_problems(check(written(folder, *changes), environ=ENVIRON))


def written(folder: Path, *changes: tuple[str, str]) -> Path:
    text = FILE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "bridge.yaml"
    path.write_text(text)
    return path


def test_people_whom_a_field_names_and_their_managers(tmp_path: Path) -> None:
    (route,) = load(written(tmp_path), environ=ENVIRON).plan.routes
    assert (route.by, route.to) == (ByPerson("owner", "staff", ("sales",)), ("staff", "sales"))
    (route,) = load(written(tmp_path, ("person: owner", "manager_of: owner")), environ=ENVIRON).plan.routes
    assert route.by == ByPerson("owner", "staff", ("sales",), manager=True)


def test_a_step_of_an_escalation_may_tell_people(tmp_path: Path) -> None:
    step = "    escalate: [{after: 2h, to: {manager_of: owner, by: staff, otherwise: sales}}]\n"
    routes = load(written(tmp_path, ("    title: Order\n", f"    title: Order\n{step}")), environ=ENVIRON).plan.routes
    assert routes[1].by == ByPerson("owner", "staff", ("sales",), manager=True)


def test_a_split_names_who_reaches_single_people(tmp_path: Path) -> None:
    split = ("    title: Order\n", "    title: Order\n    policy: split\n    details: staff\n")
    (route,) = load(written(tmp_path, split), environ=ENVIRON).plan.routes
    assert (route.policy, route.details) == (Policy.SPLIT, "staff")


@pytest.mark.parametrize(
    ("old", "new", "place", "sentence"),
    [
        (
            "person: owner",
            "person: total",
            "orders.to",
            "'total' is number: people are named by a ref, a text or a list",
        ),
        ("person: owner", "person: ownr", "orders.to", "'ownr' is no field of shop.order: did you mean 'owner'?"),
        ("person: owner", "person: owner, manager_of: owner", "orders.to", "give either person or manager_of"),
        (
            "by: staff, ",
            "by: sales, ",
            "orders.to",
            "'sales' has readers of its own: name a destination whose settings name",
        ),
        (
            "{person: owner, by: staff, otherwise: sales}",
            "staff",
            "orders.to",
            "the settings of 'staff' name no reader",
        ),
        ("otherwise: sales", "otherwise: staff", "orders.to", "the settings of 'staff' name no reader"),
        ("    people: {application: office, by: user}\n", "", "orders.to", "nobody knows who the users of 'shop' are"),
        (
            "    title: Order\n",
            "    title: Order\n    policy: split\n",
            "orders.policy",
            "split and details go together",
        ),
        (
            "    title: Order\n",
            "    title: Order\n    details: staff\n",
            "orders.details",
            "split and details go together",
        ),
        (
            "    title: Order\n",
            "    title: Order\n    policy: split\n    details: sales\n",
            "orders.details",
            "'sales' has readers of its own",
        ),
        (
            "applications:\n",
            "applications:\n  plant: {connector: dingtalk, settings: {application: {client_id: other, client_secret: env:SECRET}}}\n",
            "orders.to",
            "say whose people 'staff' reaches: write destinations.staff.application",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, old: str, new: str, place: str, sentence: str) -> None:
    told = problems(tmp_path, (old, new))
    assert f"routes.{place}" in told
    assert sentence in told
