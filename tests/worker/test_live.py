"""What `check --live` says of who reads a destination."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import BaseModel

from config.compile import Bridge, DestinationConfig, RetentionConfig
from config.schedule import interval
from connectors.contract import Connector, Delivers, Level, Members, Retryable, Unlisted, WhyUnlisted
from pipelines.plan import Attestation, Destination
from tests.worker.group import Group
from tests.worker.stand_ins import Chat, plan_of
from worker.live import Looked, look

TODAY = datetime.now(UTC).date()
WORD = Attestation("K. Wong", date(2020, 1, 1), TODAY + timedelta(days=9), frozenset({"finance"}))
NEVER = interval(timedelta(days=1))


class Settings(BaseModel):
    pass


class Open(Group):
    """A group in which who joins reads what was written before."""

    def members(self) -> Members | Unlisted:
        found = super().members()
        return replace(found, open_history=True) if isinstance(found, Members) else found


def said(client: Chat, word: Attestation | None = None) -> list[Looked]:
    connector = Connector("played", "Played", Settings, lambda *_: client, frozenset({Delivers}))
    plan = replace(plan_of(), destinations={"sales": Destination("sales", "UTC", "en", word)})
    kept = RetentionConfig(timedelta(days=1), timedelta(days=1), NEVER)
    bridge = Bridge(plan, {}, {"sales": DestinationConfig("sales", connector, Settings())}, kept)
    return [one for one in look(bridge) if one.about in {"readers", "history"}]


def test_a_group_that_can_be_listed_is_checkable() -> None:
    (found,) = said(Group())
    assert (found.level, found.sentence) == (Level.FINE, "checkable: 2 people, 0 from outside.")


def test_somebody_from_outside_is_a_doubt() -> None:
    (found,) = said(Group(outsiders={"union-zoe"}), WORD)
    assert found.level is Level.DOUBT
    assert found.sentence.startswith("checkable: 2 people, 1 from outside.")


def test_a_history_that_newcomers_read_is_told() -> None:
    readers, history = said(Open())
    assert (readers.level, history.level, history.about) == (Level.FINE, Level.DOUBT, "history")
    assert "Who joins reads what was written before" in history.sentence


@pytest.mark.parametrize("client", [Chat(), Group(unlisted=WhyUnlisted.NOT_INSTALLED)])
def test_what_nobody_can_list_is_attested_or_unknown(client: Chat) -> None:
    (attested,), (unknown,) = said(client, WORD), said(client)
    assert attested.level is Level.FINE
    assert attested.sentence.startswith(f"attested by K. Wong until {WORD.until} for finance.")
    assert unknown.level is Level.DOUBT
    assert unknown.sentence.startswith("unknown, so it gets what is public.")
    (lapsed,) = said(client, replace(WORD, until=TODAY - timedelta(days=2)))
    assert lapsed.level is Level.DOUBT


def test_a_passing_fault_is_told_as_one() -> None:
    (found,) = said(Group(failing=Retryable("The vendor is away.")))
    assert (found.level, found.sentence) == (Level.DOUBT, "unknown now: The vendor is away.")
