"""What a channel promises whose messages carry buttons and can be changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connectors.contract import Refused, Showing, Shows
from tests.contract.case import ConnectorCase, Sent


def check_the_same_may_be_shown_again(case: ConnectorCase) -> None:
    with _sent(case) as (side, client):
        waiting = Showing("Waiting", side.users, open=True, notes=dict.fromkeys(side.users, "Not carried out"))
        for showing in (waiting, waiting, Showing("Approved by somebody", side.users, open=False)):
            client.show(side.key, showing)


def check_a_message_that_there_is_not_is_refused_for_good(case: ConnectorCase) -> None:
    """Whatever else it raised would be tried again and again."""
    with _sent(case) as (side, client), pytest.raises(Refused) as refused:
        client.show(f"{side.key}-never-sent", Showing("Approved", side.users, open=False))
    assert str(refused.value).strip()
    assert not [secret for secret in case.secrets if secret in f"{refused.value} {refused.value!r}"]


def check_where_it_is_pressed_and_how_people_are_answered_is_named(case: ConnectorCase) -> None:
    with _sent(case) as (_side, client):
        named = (client.pressed_in, client.company, client.aside.note, client.aside.may_decide)
        assert all(type(name) is str for name in named)
        assert client.aside.note.strip()
        assert client.aside.may_decide.strip()
        assert client.aside.note != client.aside.may_decide
        assert not [secret for secret in case.secrets if secret in named]


CHECKS = (
    check_the_same_may_be_shown_again,
    check_a_message_that_there_is_not_is_refused_for_good,
    check_where_it_is_pressed_and_how_people_are_answered_is_named,
)


@contextmanager
def _sent(case: ConnectorCase) -> Iterator[tuple[Sent, Shows]]:
    assert case.sent is not None
    with case.sent() as side:
        assert isinstance(side.client, Shows)
        yield side, side.client
