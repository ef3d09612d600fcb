"""The DingTalk connector with its twin over HTTP, also with the other answer to each open question."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from connectors.contract import Draft, Fact, Line, Services
from connectors.dingtalk import CONNECTOR
from connectors.dingtalk.sandbox import create
from tests.connectors.dingtalk.sandbox.other_answers import OTHER_ANSWERS
from tests.connectors.dingtalk.sandbox.served import TOKEN, fresh
from tests.contract import delivers
from tests.contract.case import NAME
from tests.contract.suite import UNREACHABLE, Check, ConnectorCase, checks_for, local_services
from tests.served import Host, served_session, serving

SECRET = "SECa-secret-of-the-robot-in-this-test"
KEYWORD = "dingbridge"
LARGE = "a long value, " * 1_000
DRAFT = Draft(
    preview="Two orders",
    facts=(
        Fact("Order released", "SO-1042", "https://crm.example.com/1042", "10:32", (Line("Amount", "HKD 1", "HKD 2"),)),
        Fact("Order held", "SO-1043", lines=(Line("Why", LARGE), Line("Since", LARGE)), notes=("One field withheld.",)),
    ),
    mentions=tuple(f"user-{number}" for number in range(60)),
    open_label="Open",
)


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with serving(create) as host:
        yield host


def services() -> Services:
    return replace(local_services(), session=served_session, now=lambda: datetime.now(UTC))


@contextmanager
def channel(case: ConnectorCase, host: Host | None, answer: dict[str, Any]) -> Iterator[object]:
    assert host is not None
    with fresh(host) as twin:
        robot = {"secret": SECRET, "keywords": [KEYWORD, "other"], "ips": ["127.0.0.0/8"]}
        twin.control("robots/plain", robot, method="PATCH")
        twin.switch(**answer)
        yield CONNECTOR.build(NAME, case.parsed(), case.services())


def settings(base: str) -> dict[str, Any]:
    webhook = f"{base}/robot/send?access_token={TOKEN}"
    return {"kind": "robot", "webhook": webhook, "secret": SECRET, "keyword": KEYWORD}


def case_at(host: Host | None, answer: dict[str, Any]) -> ConnectorCase:
    case = ConnectorCase(
        connector=CONNECTOR,
        settings=settings(host.base if host else UNREACHABLE),
        secrets=(SECRET, TOKEN),
        services=services,
        draft=DRAFT,
        unreachable=settings(UNREACHABLE),
    )
    return replace(case, channel=partial(channel, case, host, answer))


@pytest.mark.parametrize("check", checks_for(case_at(None, {})), ids=lambda check: check.__name__)
def test_contract(host: Host, check: Check) -> None:
    check(case_at(host, {}))


@pytest.mark.parametrize("answer", OTHER_ANSWERS, ids=str)
@pytest.mark.parametrize("check", delivers.CHECKS, ids=lambda check: check.__name__)
def test_contract_with_the_other_answer(host: Host, check: Check, answer: dict[str, Any]) -> None:
    check(case_at(host, answer))
