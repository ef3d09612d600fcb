from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.contract import Delivery, Outcome, Reached, Resend, Tells
from pipelines.plan import Lane
from tests.worker.stand_ins import Chat
from worker.ledger.engine import MICROSECONDS
from worker.ledger.outbox import SAME_KEY_WITHIN_S
from worker.outcomes import GIVE_UP_S, MISCONFIGURED_S, Consequence, consequence
from worker.senders import Job, Sent

ANSWERED = 1_800_000_000 * MICROSECONDS


def sent(delivery: Delivery | None, *, attempts: int = 1, framed_s: float = 1, first_sent_s: float = 1) -> Sent:
    """A send that was answered now, of a message framed and first sent so many seconds ago."""
    job = Job(
        message_id=1,
        destination="sales",
        lane=Lane.NORMAL,
        channel=Chat(),
        body=b"",
        calls=(),
        sent_by=0,
        attempts=attempts,
        framed_at=ANSWERED - int(framed_s * MICROSECONDS),
        first_sent_at=ANSWERED - int(first_sent_s * MICROSECONDS),
    )
    return Sent(job, delivery, ANSWERED)


def after(delivery: Delivery, resend: Resend = Resend.IDEMPOTENT, **how: Any) -> Consequence:
    return consequence(delivery, sent(delivery, **how), resend)


def wait_s(of: Consequence) -> float | None:
    return None if of.again_at is None else (of.again_at - ANSWERED) / MICROSECONDS


@pytest.mark.parametrize("outcome", [Outcome.DELIVERED, Outcome.PARTLY, Outcome.REFUSED, Outcome.TOO_LARGE])
def test_what_is_final_is_never_sent_again(outcome: Outcome) -> None:
    of = after(Delivery(outcome))
    assert (wait_s(of), of.rest_s, of.throttled) == (None, 0.0, False)


def test_a_throttled_destination_rests_as_long_as_its_vendor_says() -> None:
    of = after(Delivery(Outcome.THROTTLED, after=timedelta(minutes=10)))
    assert (wait_s(of), of.rest_s, of.throttled) == (600, 600, True)


def test_throttling_never_kills_a_message() -> None:
    of = after(Delivery(Outcome.THROTTLED, after=timedelta(minutes=10)), framed_s=GIVE_UP_S * 2, first_sent_s=GIVE_UP_S)
    assert wait_s(of) == 600


def test_what_a_person_must_repair_waits_and_is_not_lost() -> None:
    of = after(Delivery(Outcome.MISCONFIGURED), framed_s=GIVE_UP_S * 7)
    assert (wait_s(of), of.rest_s) == (MISCONFIGURED_S, MISCONFIGURED_S)


@pytest.mark.parametrize(("attempts", "expected"), [(1, 1), (2, 2), (4, 8), (7, 60), (500, 60)])
def test_the_wait_between_tries_grows_to_a_minute(attempts: int, expected: int) -> None:
    of = after(Delivery(Outcome.RETRY), attempts=attempts)
    assert wait_s(of) == expected
    assert of.rest_s == 1.0


def test_a_wait_that_the_vendor_names_is_kept() -> None:
    assert wait_s(after(Delivery(Outcome.RETRY, after=timedelta(seconds=7)), attempts=9)) == 7


def test_what_certainly_was_not_taken_is_tried_for_a_day() -> None:
    assert wait_s(after(Delivery(Outcome.RETRY), framed_s=GIVE_UP_S - 2)) == 1
    assert wait_s(after(Delivery(Outcome.RETRY), framed_s=GIVE_UP_S)) is None


def test_what_may_have_been_taken_is_repeated_only_under_a_key_that_is_still_known() -> None:
    unknown = Delivery(Outcome.UNKNOWN)
    assert wait_s(after(unknown, first_sent_s=SAME_KEY_WITHIN_S - 2)) == 1
    assert wait_s(after(unknown, first_sent_s=SAME_KEY_WITHIN_S)) is None
    assert wait_s(after(unknown, attempts=7, first_sent_s=SAME_KEY_WITHIN_S - 30)) is None


def test_where_a_repetition_shows_twice_unknown_is_final() -> None:
    assert wait_s(after(Delivery(Outcome.UNKNOWN), Resend.DUPLICATES)) is None
    # this one was never taken, so it cannot show twice
    assert wait_s(after(Delivery(Outcome.RETRY), Resend.DUPLICATES)) == 1


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_consequence(outcome: Outcome) -> None:
    delivery = Delivery(outcome, "code", "sentence")
    assert after(delivery).delivery == delivery


@pytest.mark.parametrize(("attempts", "expected"), [(1, 60), (2, 120), (4, 480), (7, 3600), (500, 3600)])
def test_whom_flow_control_keeps_from_it_is_tried_less_and_less(attempts: int, expected: int) -> None:
    nobody = {"amy": Reached.THROTTLED}
    of = after(Delivery(Outcome.RETRY, after=timedelta(minutes=1), people=nobody), attempts=attempts)
    assert (wait_s(of), of.rest_s, of.throttled) == (expected, 1.0, False)


class Later(Chat):
    """A channel that can be asked later."""

    told_within = timedelta(hours=24)

    def told(self, handle: str) -> dict[str, Reached]:  # type: ignore[override]  # a chat's own reading aid
        return {handle: Reached.READ}


@pytest.mark.parametrize(
    ("channel", "delivery", "asked_s"),
    [
        (Later(), Delivery(Outcome.DELIVERED, handle="m1"), 60),
        (Later(), Delivery(Outcome.PARTLY, handle="m1"), 60),
        (Later(), Delivery(Outcome.DELIVERED), None),
        (Later(), Delivery(Outcome.REFUSED, handle="m1"), None),
        (Chat(), Delivery(Outcome.DELIVERED, handle="m1"), None),
    ],
)
def test_it_is_asked_a_minute_later_where_the_channel_tells(
    channel: Chat, delivery: Delivery, asked_s: int | None
) -> None:
    job = replace(sent(delivery).job, channel=channel)
    of = consequence(delivery, Sent(job, delivery, ANSWERED), Resend.IDEMPOTENT)
    assert isinstance(channel, Tells) is isinstance(channel, Later)
    assert of.ask_at == (None if asked_s is None else ANSWERED + asked_s * MICROSECONDS)
