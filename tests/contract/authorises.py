"""What a source that can be asked for permissions promises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.contract import Answer, Authorises
from tests.contract.case import Acting, ConnectorCase


def check_who_may_is_told_so_and_who_may_not_why(case: ConnectorCase) -> None:
    with _acting(case) as (side, client):
        for action, allowed in ((side.action, True), (side.denied, False)):
            answer = client.may(action.actor, action)
            assert isinstance(answer, Answer)
            assert answer.allowed is allowed, answer
            assert allowed or answer.reason.strip(), "nobody is told why"
            assert not [secret for secret in case.secrets if secret in repr(answer)]


def check_what_somebody_sees_is_named(case: ConnectorCase) -> None:
    with _acting(case) as (side, client):
        action = side.action
        seen = client.sees(action.actor, action.kind, [action.id])
        assert set(seen) == {action.id}, "who may act on a record may read it"
        for fields in seen.values():
            assert isinstance(fields, frozenset)
            assert fields
            assert all(type(name) is str and name for name in fields)
        assert dict(client.sees(action.actor, action.kind, [])) == {}


def check_asking_writes_nothing(case: ConnectorCase) -> None:
    with _acting(case) as (side, client):
        for action in (side.action, side.denied):
            client.may(action.actor, action)
        client.sees(side.action.actor, side.action.kind, [side.action.id])
        assert side.writes() == 0


CHECKS = (
    check_who_may_is_told_so_and_who_may_not_why,
    check_what_somebody_sees_is_named,
    check_asking_writes_nothing,
)


@contextmanager
def _acting(case: ConnectorCase) -> Iterator[tuple[Acting, Authorises]]:
    assert case.acting is not None
    with case.acting() as side:
        assert isinstance(side.client, Authorises)
        yield side, side.client
