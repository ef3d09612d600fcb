"""Forty generated companies at once, with people who come and go at random instants: the product against the oracle."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.companies.company import Company
from tests.companies.driver import Outcome, played
from tests.companies.generator import company

pytestmark = pytest.mark.timeout(240)

SEED, COMPANIES, SECONDS = 1, 40, 15.0


@pytest.fixture(scope="module")
def companies() -> Sequence[Company]:
    return [company(SEED, number, SECONDS) for number in range(COMPANIES)]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory, companies: Sequence[Company]) -> Outcome:
    return played(tmp_path_factory.mktemp("companies"), companies)


def test_each_value_was_shown_to_all_who_may_see_it_and_to_nobody_else(outcome: Outcome) -> None:
    assert [str(finding) for finding in outcome.findings()] == []


def test_enough_was_shown_and_owed_to_say_so(outcome: Outcome, companies: Sequence[Company]) -> None:
    assert sum(len(one.facts) for one in companies) >= 10 * COMPANIES
    assert sum(verdict.judged for verdict in outcome.verdicts.values()) > 20 * COMPANIES
    assert all(verdict.owed > 0 for verdict in outcome.verdicts.values())
