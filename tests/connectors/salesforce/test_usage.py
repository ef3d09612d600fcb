"""Our share of the org's calls: counted by all workers, over 24 hours, never exceeded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.contract import Misconfigured, Services, Throttled
from connectors.salesforce.usage import BATCH, Usage
from tests.connectors.salesforce.parts import Desk


def usage(desk: Desk, percent: int = 40, services: Services | None = None) -> Usage:
    return Usage(services or desk.services(), "crm:daily", "crm:calls", percent)


def spend(of: Usage, calls: int) -> int:
    """Make calls until they are stopped; returns how many went out."""
    for made in range(calls):
        try:
            of.spend()
        except Throttled:
            return made
    return calls


def test_the_share_is_never_exceeded() -> None:
    one = usage(Desk())
    one.observe(0, 250)
    assert spend(one, 150) == 100


def test_a_restart_forgets_neither_the_count_nor_the_allowance() -> None:
    desk = Desk()
    first = usage(desk)
    first.observe(0, 250)
    assert spend(first, 80) == 80
    desk.now += timedelta(minutes=1)
    # what the first had taken and not made is lost to the share, which is never exceeded
    assert 20 - BATCH <= spend(usage(desk), 150) <= 20


def test_workers_share_one_count() -> None:
    desk = Desk()
    workers = [usage(desk) for _ in range(4)]
    for each in workers:
        each.observe(0, 250)
    made = 0
    for _ in range(60):
        desk.now += timedelta(minutes=11)
        made += sum(spend(each, 1) for each in workers)
    assert made <= 100
    assert made >= 100 - BATCH * len(workers)


def test_room_comes_back_a_day_later() -> None:
    desk = Desk()
    one = usage(desk)
    one.observe(0, 250)
    spend(one, 150)
    with pytest.raises(Throttled) as caught:
        one.spend()
    assert caught.value.scope == "crm:calls"
    desk.now += caught.value.after or timedelta(0)
    assert spend(one, 150) == 100


def test_ours_and_everybody_elses_are_told_apart() -> None:
    desk = Desk()
    one = usage(desk)
    spend(one, 3)
    one.observe(30, 1000)
    assert desk.seen == [("crm:daily", 30, 1000), ("crm:daily:ours", 3, 400), ("crm:daily:others", 27, 1000)]


def test_a_command_without_a_ledger_counts_for_itself() -> None:
    class NoVault:
        def load(self, key: str) -> str | None:
            raise Misconfigured("no ledger", detail=key)

        def store(self, key: str, value: str) -> None:
            raise Misconfigured("no ledger", detail=key + value[:0])

    desk = Desk()
    services = desk.services()
    one = usage(desk, services=Services(services.session, services.tokens, services.now, services.observe, NoVault()))
    one.observe(0, 250)
    assert spend(one, 150) == 100
