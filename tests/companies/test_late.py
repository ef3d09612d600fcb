"""People join while a message is on its way to their group: it is taken back where it can be, and operators are told."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.companies.company import Company
from tests.companies.driver import Outcome, played
from tests.companies.generator import company

pytestmark = pytest.mark.timeout(240)

SEED, COMPANIES, SECONDS, LINE_S = 3, 10, 8.0, 1.0


@pytest.fixture(scope="module")
def companies() -> Sequence[Company]:
    return [company(SEED, number, SECONDS) for number in range(COMPANIES)]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory, companies: Sequence[Company]) -> Outcome:
    return played(tmp_path_factory.mktemp("late"), companies, LINE_S)


def test_who_joined_meanwhile_is_told_of_and_what_they_saw_is_taken_back(outcome: Outcome) -> None:
    assert [str(finding) for finding in outcome.findings()] == []


def test_somebody_was_late_and_something_was_taken_back(outcome: Outcome) -> None:
    late = [one for verdict in outcome.verdicts.values() for one in verdict.late]
    assert late
    assert any(one.withdrawable for one in late)
