"""What a destination's client promises that can be asked who reads what is sent there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.contract import KnowsAudience, Unlisted
from tests.contract.case import ConnectorCase, Sent


def check_unknown_is_not_nobody(case: ConnectorCase) -> None:
    with _sent(case) as (side, client):
        members = client.members()
        assert members.at.utcoffset() is not None, "it is not told when they were read"
        if isinstance(members, Unlisted):
            assert members.sentence.strip(), "the operator is not told what would help"
            assert not [secret for secret in case.secrets if secret in repr(members)]
        else:
            assert set(side.users) <= set(members.people)
            assert not members.people.keys() & members.outsiders.keys()
            assert all(type(name) is str for name in (*members.people.values(), *members.outsiders.values()))


def check_what_asking_uses_is_stable_and_tells_nothing(case: ConnectorCase) -> None:
    with _sent(case) as (_side, client):
        keys = [budget.key for budget in client.audience_budgets()]
        assert keys == [budget.key for budget in client.audience_budgets()]
        assert len(set(keys)) == len(keys)
        assert not [secret for secret in case.secrets if secret in f"{keys} {client.place}"]
        assert type(client.place) is str


CHECKS = (
    check_unknown_is_not_nobody,
    check_what_asking_uses_is_stable_and_tells_nothing,
)


@contextmanager
def _sent(case: ConnectorCase) -> Iterator[tuple[Sent, KnowsAudience]]:
    assert case.sent is not None
    with case.sent() as side:
        assert isinstance(side.client, KnowsAudience)
        yield side, side.client
