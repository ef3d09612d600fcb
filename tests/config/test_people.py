"""Which people of an application the users of a source are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from config.bridge import check
from config.problem import format_problems
from config.schedule import interval
from pipelines.matching import Key, Keys
from tests.config.conftest import Write
from tests.config.test_connection import ENVIRON
from tests.config.test_push import loaded

SHOP = '    settings: {secret: "file:shop.secret"}\n'
DESTINATIONS = "destinations:\n"
LISTED = "tests.config.stand_ins.chat]"
APPLICATION = "applications:\n  company: {connector: dingtalk, settings: {application: {client_id: a, client_secret: env:CHAT_TOKEN}}}\n"


def changes(people: str, application: str = APPLICATION) -> tuple[tuple[str, str], ...]:
    more = "tests.config.stand_ins.chat, tests.config.stand_ins.hearing]"
    return ((SHOP, f"{SHOP}    people: {people}\n"), (DESTINATIONS, application + DESTINATIONS), (LISTED, more))


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        (
            "{application: company, kind: order, match: {email: number}}",
            Keys("company", "order", {Key.EMAIL: "number"}),
        ),
        ("{application: company, by: user}", Keys("company", by=Key.USER)),
    ],
)
def test_users_are_records_or_keys_themselves(write: Write, written: str, keys: Keys) -> None:
    bridge = loaded(write(*changes(written)))
    assert bridge.sources["shop"].people == keys
    assert bridge.applications["company"].people == interval(timedelta(hours=6))


def test_people_whom_nobody_is_matched_with_are_not_read(write: Write) -> None:
    bridge = loaded(write((DESTINATIONS, APPLICATION + DESTINATIONS)))
    assert bridge.sources["shop"].people is None
    assert bridge.applications["company"].people is None


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ("{application: company}", "sources.shop.people: give either kind with match, or by"),
        (
            "{application: company, kind: order}",
            "sources.shop.people: match goes with kind: name the field of at least one key",
        ),
        ("{application: company, by: user, match: {email: number}}", "people.match: match goes with kind"),
        (
            "{application: compony, by: user}",
            "people.application: 'compony' is no application: did you mean 'company'?",
        ),
        ("{application: company, kind: orders, match: {email: number}}", "'orders' is no kind of shop"),
        ("{application: company, kind: order, match: {email: mail}}", "match.email: 'mail' is no field of shop.order"),
        ("{application: company, kind: order, match: {name: number}}", "people.match.name"),
    ],
)
def test_what_is_wrong_with_it_is_said_where_it_stands(write: Write, people: str, said: str) -> None:
    assert said in format_problems(check(write(*changes(people)), environ=ENVIRON))


def test_an_application_that_cannot_be_asked_who_is_who(write: Write) -> None:
    heard = "applications:\n  company: {connector: hearing, settings: {token: env:CHAT_TOKEN}}\n"
    said = format_problems(check(write(*changes("{application: company, by: user}", heard)), environ=ENVIRON))
    assert "people.application: 'hearing' cannot be asked who its people are" in said
