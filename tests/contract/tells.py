"""What a channel promises that can be asked later to whom a message came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta

from connectors.contract import ConnectorError, Reached, Tells
from tests.contract.case import ConnectorCase, Sent


def check_what_became_of_it_is_told_for_each_person(case: ConnectorCase) -> None:
    with _sent(case) as (side, client):
        told = client.told(side.handle)
        assert set(side.users) <= set(told)
        assert all(type(user) is str and isinstance(reached, Reached) for user, reached in told.items())
        assert dict(client.told(side.handle)) == dict(told), "asking changed it"


def check_of_another_message_nothing_is_told(case: ConnectorCase) -> None:
    with _sent(case) as (_side, client):
        told: Mapping[str, Reached] = {}
        with suppress(ConnectorError):
            told = client.told("999999999")
        assert not told


def check_it_is_said_how_long_it_may_be_asked(case: ConnectorCase) -> None:
    with _sent(case) as (_side, client):
        assert client.told_within > timedelta(0)


CHECKS = (
    check_what_became_of_it_is_told_for_each_person,
    check_of_another_message_nothing_is_told,
    check_it_is_said_how_long_it_may_be_asked,
)


@contextmanager
def _sent(case: ConnectorCase) -> Iterator[tuple[Sent, Tells]]:
    assert case.sent is not None
    with case.sent() as side:
        assert isinstance(side.client, Tells)
        yield side, side.client
