"""What a source that decisions are carried back into promises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.contract import Acted, Action, Acts, Effect, Ref
from tests.contract.case import Acting, ConnectorCase
from tests.contract.common import assert_record


def check_an_action_is_done_and_read_back(case: ConnectorCase) -> None:
    with _acting(case) as (side, client):
        acted = _act(client, side.action)
        assert acted.effect is Effect.DONE, acted
        assert side.writes() == 1
        assert acted.record is not None, "the state afterwards was not read"
        assert_record(acted.record, acted.record.source)
        assert (acted.record.kind, acted.record.id) == (side.action.kind, side.action.id)
        assert acted.record.version != side.action.version, "it has the version that it had before"


def check_the_same_key_writes_once(case: ConnectorCase) -> None:
    """An answer may be lost and a button pressed ten times."""
    with _acting(case) as (side, client):
        assert _act(client, side.action).effect is Effect.DONE
        for _time in range(2):
            assert _act(client, side.action).effect in {Effect.DONE, Effect.ALREADY}
        assert side.writes() == 1


def check_a_record_that_moved_is_left_alone(case: ConnectorCase) -> None:
    with _acting(case) as (side, client):
        acted = _act(client, side.moved)
        assert acted.effect is Effect.MOVED, acted
        assert side.writes() == 0


def check_who_may_not_is_denied(case: ConnectorCase) -> None:
    with _acting(case) as (side, client):
        acted = _act(client, side.denied)
        assert acted.effect is Effect.DENIED, acted
        assert side.writes() == 0


def check_what_became_of_an_action_shows_no_secret(case: ConnectorCase) -> None:
    with _acting(case) as (side, client):
        shown = [repr(_act(client, each)) for each in (side.denied, side.moved, side.action)]
        assert not [secret for secret in case.secrets for text in shown if secret in text]


CHECKS = (
    check_an_action_is_done_and_read_back,
    check_the_same_key_writes_once,
    check_a_record_that_moved_is_left_alone,
    check_who_may_not_is_denied,
    check_what_became_of_an_action_shows_no_secret,
)


@contextmanager
def _acting(case: ConnectorCase) -> Iterator[tuple[Acting, Acts]]:
    assert case.acting is not None
    with case.acting() as side:
        assert isinstance(side.client, Acts)
        assert len({side.action.key, side.moved.key, side.denied.key}) == 3, "these are three decisions"
        yield side, side.client


def _act(client: Acts, action: Action) -> Acted:
    acted = client.act(action)
    assert isinstance(acted, Acted)
    assert isinstance(acted.effect, Effect)
    assert acted.by is None or (isinstance(acted.by, Ref) and acted.by.id)
    assert acted.record is None or acted.record.id == action.id
    assert type(acted.reason) is str
    assert acted.effect in {Effect.DONE, Effect.ALREADY} or acted.reason.strip(), "nobody is told why"
    return acted
