"""What a source whose push is a subscription promises."""

from __future__ import annotations

from datetime import datetime

from connectors.contract import Subscribes, Subscription
from tests.contract.case import ConnectorCase


def check_a_subscription_is_made_and_lasts(case: ConnectorCase) -> None:
    assert case.subscriber is not None
    with case.subscriber() as side:
        assert isinstance(side.client, Subscribes)
        first = side.client.subscribe(side.address, None)
        _assert_subscription(first, case.services().now())
        assert side.count(side.address) > 0, "the vendor knows of no subscription"
        _assert_subscription(side.client.subscribe(side.address, first.state), case.services().now())


def check_subscribing_again_makes_no_second(case: ConnectorCase) -> None:
    """A worker that dies after the call has stored no state: the next call begins without one."""
    assert case.subscriber is not None
    with case.subscriber() as side:
        assert isinstance(side.client, Subscribes)
        state = side.client.subscribe(side.address, None).state
        made = side.count(side.address)
        for again in (state, None, None):
            side.client.subscribe(side.address, again)
            assert side.count(side.address) == made, "there are two, and every change is pushed twice"


def check_one_that_is_gone_is_made_again_and_its_silence_told(case: ConnectorCase) -> None:
    """The runner proves it when a poll finds what was not announced; what was missed is fetched from then on."""
    assert case.subscriber is not None
    with case.subscriber() as side:
        assert isinstance(side.client, Subscribes)
        state = side.client.subscribe(side.address, None).state
        side.end()
        assert side.count(side.address) == 0
        again = side.client.subscribe(side.address, state)
        _assert_subscription(again, case.services().now())
        assert side.count(side.address) > 0, "it believes in a subscription that is gone"
        assert again.silent_since is not None, "nobody fetches what was missed"


CHECKS = (
    check_a_subscription_is_made_and_lasts,
    check_subscribing_again_makes_no_second,
    check_one_that_is_gone_is_made_again_and_its_silence_told,
)


def _assert_subscription(of: object, now: datetime) -> None:
    assert isinstance(of, Subscription)
    assert type(of.state) is str
    assert of.state.encode().decode() == of.state
    assert of.renew_at.utcoffset() is not None, "renew_at has no zone"
    assert of.renew_at > now, "it would be renewed again and again"
    assert of.silent_since is None or of.silent_since.utcoffset() is not None, "silent_since has no zone"
    assert of.silent_since is None or of.silent_since <= now
