"""The half about those who joined too late to be judged: they are told of, and the message is taken back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.companies.findings import Finding, Late, Wrong
from tests.companies.log import CLOCK_S, Log
from tests.companies.oracle import Run

OUTSIDE = "outside"
"""How guests are called to operators."""
TELLING_S = 2.5
"""How long it may take until what was found is told: a look each second, and the message to operators."""


def neglected(late: Iterable[Late], log: Log, run: Run) -> Iterator[Finding]:
    """What was not done about late readers within one `max_age` of when they could have seen it."""
    for each in late:
        stay, since = each.stay, max(each.stay.begin, each.message.at)
        deadline = since + run.max_age + run.way
        if stay.outsider and stay.end <= deadline:
            # of a guest who has left again no event says who that was
            continue
        told = any(
            report.person == (OUTSIDE if stay.outsider else stay.person)
            and report.destination == each.destination
            and stay.begin - CLOCK_S <= report.at <= deadline + TELLING_S
            for report in log.reports
        )
        if not told:
            yield Finding(Wrong.NOT_REPORTED, each.case, stay.person, since - run.began)
        if each.withdrawable and each.message.withdrawn > deadline:
            yield Finding(Wrong.NOT_WITHDRAWN, each.case, stay.person, since - run.began)
