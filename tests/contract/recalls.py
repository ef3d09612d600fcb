"""What a channel promises that can take back what it sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from connectors.contract import Recalls
from tests.contract.case import ConnectorCase, Sent

UNKNOWN = "999999999"


def check_a_message_is_taken_back_once_and_again(case: ConnectorCase) -> None:
    """The answer to the first call may be lost."""
    with _sent(case) as (side, client):
        for _time in range(2):
            recalled = client.recall([side.handle])
            assert (recalled.gone, dict(recalled.kept)) == ((side.handle,), {})


def check_what_stays_is_named_with_the_reason(case: ConnectorCase) -> None:
    with _sent(case) as (side, client):
        recalled = client.recall([UNKNOWN, side.handle])
        assert recalled.gone == (side.handle,), "one that is not known keeps the others"
        assert set(recalled.kept) == {UNKNOWN}
        assert recalled.kept[UNKNOWN].strip()
        assert not [secret for secret in case.secrets if secret in repr(recalled)]


def check_it_is_said_how_long_it_can_be_taken_back(case: ConnectorCase) -> None:
    with _sent(case) as (_side, client):
        assert client.recalled_within > timedelta(0)


CHECKS = (
    check_a_message_is_taken_back_once_and_again,
    check_what_stays_is_named_with_the_reason,
    check_it_is_said_how_long_it_can_be_taken_back,
)


@contextmanager
def _sent(case: ConnectorCase) -> Iterator[tuple[Sent, Recalls]]:
    assert case.sent is not None
    with case.sent() as side:
        assert isinstance(side.client, Recalls)
        yield side, side.client
