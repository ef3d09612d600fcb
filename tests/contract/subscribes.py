"""What a source whose push is a subscription promises."""

from __future__ import annotations

from datetime import datetime

from connectors.contract import Subscribes, Subscription
from tests.contract.case import ConnectorCase

ADDRESS = "https://bridge.example.test/hooks/source-under-test"


def check_a_subscription_is_made_and_lasts(case: ConnectorCase) -> None:
    assert case.subscriber is not None
    with case.subscriber() as side:
        assert isinstance(side.client, Subscribes)
        first = side.client.subscribe(ADDRESS, None)
        _assert_subscription(first, case.services().now())
        assert side.count(ADDRESS) > 0, "the vendor knows of no subscription"
        _assert_subscription(side.client.subscribe(ADDRESS, first.state), case.services().now())


def check_subscribing_again_makes_no_second(case: ConnectorCase) -> None:
    """A worker that dies after the call has stored no state: the next call begins without one."""
    assert case.subscriber is not None
    with case.subscriber() as side:
        assert isinstance(side.client, Subscribes)
        state = side.client.subscribe(ADDRESS, None).state
        made = side.count(ADDRESS)
        for again in (state, None, None):
            side.client.subscribe(ADDRESS, again)
            assert side.count(ADDRESS) == made, "there are two, and every change is pushed twice"


CHECKS = (
    check_a_subscription_is_made_and_lasts,
    check_subscribing_again_makes_no_second,
)


def _assert_subscription(of: object, now: datetime) -> None:
    assert isinstance(of, Subscription)
    assert type(of.state) is str
    assert of.state.encode().decode() == of.state
    assert of.renew_at.utcoffset() is not None, "renew_at has no zone"
    assert of.renew_at > now, "it would be renewed again and again"
    assert of.silent_since is None or of.silent_since.utcoffset() is not None, "silent_since has no zone"
    assert of.silent_since is None or of.silent_since <= now
