"""A source's users are matched with the people of a company at DingTalk, while these come, change and leave."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from sqlalchemy import select

from tests.processes.application import sign_in
from tests.processes.installation import Installation, installation, until
from tests.processes.process import run
from tests.processes.sender import event, signature
from worker.ledger.tables import match

pytestmark = pytest.mark.timeout(180)

BRIDGE = """
version: 1
sources:
  shop:
    connector: generic
    settings:
      kind: user
      signature: {keys: [env:SHOP_KEY], prefix: "sha256="}
      id: id
      number: number
      time: at
      version: rev
    kinds:
      user: {fields: {mail: {path: mail, type: text}, phone: {path: phone, type: text}}}
    people: {application: company, kind: user, match: {email: mail, mobile: phone}}
applications:
  company: {connector: dingtalk, settings: {application: APPLICATION}}
destinations:
  robot:
    connector: dingtalk
    zone: Asia/Hong_Kong
    locale: en
    settings: {kind: robot, webhook: "file:robot.secret"}
routes:
  users: {from: shop.user, to: robot, title: User, fields: [mail], mode: shadow}
"""


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("people")
    with installation(folder, BRIDGE, DINGBRIDGE_TICK_S="0.2") as parts:
        sign_in(parts, folder, BRIDGE)
        (folder / "robot.secret").write_text(parts.sink.ask("GET", "")["robots"][0]["webhook"])
        (folder / "robot.secret").chmod(0o600)
        parts.start()
        until(lambda: bool(parts.sink.ask("GET", "stream")["connections"]), "it listens", 30)
        yield parts


def user(parts: Installation, number: str, rev: int = 1, **keys: str) -> None:
    body = event("user", number, rev, **{"mail": "", "phone": "", **keys})
    url = f"http://127.0.0.1:{parts.port}/hooks/shop"
    assert requests.post(url, body, headers={"X-Signature": signature(body)}, timeout=10).status_code == 200


def stands(parts: Installation, number: str) -> tuple[str, str]:
    rows = parts.books.rows(select(match.c.state, match.c.user).where(match.c.source_user == number))
    return (rows[0].state, rows[0].user) if rows else ("", "")


def becomes(parts: Installation, number: str, state: str, person: str) -> None:
    until(lambda: stands(parts, number) == (state, person), f"{number} is {state}: {stands(parts, number)}", 60)


def change(parts: Installation, method: str, path: str, **body: Any) -> None:
    parts.sink.ask(method, path, json=body)


def test_users_are_matched_and_news_of_people_count(parts: Installation) -> None:
    change(parts, "PATCH", "users/u-amy", email="amy@example.com", mobile="13800000001")
    change(parts, "PATCH", "users/u-ben", email="ben@example.com", mobile="13800000002")
    user(parts, "U-1", mail="Amy@example.com")
    user(parts, "U-2", phone="+86 138 0000 0002")
    user(parts, "U-3", mail="nobody@example.com")
    becomes(parts, "U-1", "matched", "u-amy")
    becomes(parts, "U-2", "matched", "u-ben")
    becomes(parts, "U-3", "nobody", "")
    change(parts, "PATCH", "users/u-chen", email="nobody@example.com")
    becomes(parts, "U-3", "matched", "u-chen")


def test_who_leaves_is_parted_and_the_heir_of_the_number_is_not_the_user(parts: Installation) -> None:
    change(parts, "DELETE", "users/u-ben")
    becomes(parts, "U-2", "left", "u-ben")
    change(parts, "POST", "users", id="u-eve", name="Ben Lau", mobile="13800000002", email="eve@example.com")
    user(parts, "U-4", mail="eve@example.com")
    becomes(parts, "U-4", "matched", "u-eve")
    assert stands(parts, "U-2") == ("left", "u-ben")


def test_status_and_doctor_tell_of_it(parts: Installation) -> None:
    said = run(["status"], parts.settings).stdout
    assert re.search(r"people of company: \d+, last read ", said), said
    assert "users of shop among the people of company: 1 left, 3 matched" in said
    said = run(["doctor"], parts.settings).stdout
    assert "of the users of shop 1 left (U-2): see to their keys" in said, said
