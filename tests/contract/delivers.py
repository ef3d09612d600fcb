"""What a channel that messages go into promises."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from connectors.contract import Delivers, Delivery, Draft, Outcome, Resend
from tests.contract.case import NAME, ConnectorCase

MANY = 60


def check_budgets_are_stable_and_tell_nothing(case: ConnectorCase) -> None:
    budgets = case.client().budgets()
    assert list(budgets) == list(case.client().budgets())
    assert budgets
    assert budgets[0].month is None, "the first budget is the destination's own, and a month is the organisation's"
    assert len({budget.key for budget in budgets}) == len(budgets)
    for budget in budgets:
        assert budget.key.strip()
        assert not [secret for secret in case.secrets if secret in budget.key]
        assert all(window.limit > 0 and window.seconds > 0 for window in budget.windows)
        assert budget.month is None or budget.month.limit > 0


def check_pack_carries_every_fact_in_order(case: ConnectorCase) -> None:
    client = case.client()
    small = _draft(case)
    many = replace(small, facts=small.facts * (MANY // len(small.facts)))
    for draft in (small, many):
        parts = client.pack(draft)
        carried = [index for _part, indexes in parts for index in indexes]
        # a fact too large for one message goes on in the next, so a number may repeat, and nothing else
        assert [index for index, _run in groupby(carried)] == list(range(len(draft.facts)))
        for part, indexes in parts:
            assert len(part.facts) == len(indexes)
            assert [fact.number for fact in part.facts] == [draft.facts[index].number for index in indexes]


def check_freeze_is_deterministic(case: ConnectorCase) -> None:
    for part, _indexes in case.client().pack(_draft(case)):
        frozen = case.client().freeze(part, "key-1")
        assert type(frozen) is bytes
        assert frozen == case.client().freeze(part, "key-1")
        if case.client().resend is Resend.IDEMPOTENT:
            assert frozen != case.client().freeze(part, "key-2"), "the key that makes a resend safe is not in the bytes"


def check_frozen_bytes_hold_no_secret(case: ConnectorCase) -> None:
    frozen = [case.client().freeze(part, "key-1") for part, _indexes in case.client().pack(_draft(case))]
    assert frozen
    assert not [secret for secret in case.secrets for message in frozen if secret.encode() in message]


def check_packed_messages_arrive(case: ConnectorCase) -> None:
    assert case.channel is not None
    with case.channel() as client:
        assert isinstance(client, Delivers)
        for number, (part, _indexes) in enumerate(client.pack(_draft(case))):
            delivery = client.send(client.freeze(part, f"key-{number}"))
            assert delivery.outcome is Outcome.DELIVERED, delivery


def check_send_survives_a_refused_connection(case: ConnectorCase) -> None:
    settings = case.connector.settings.model_validate(case.unreachable)
    client = case.connector.build(NAME, settings, case.services())
    part = case.client().pack(_draft(case))[0][0]
    delivery = client.send(client.freeze(part, "key-1"))  # type: ignore[attr-defined]  # build's client is any object
    assert isinstance(delivery, Delivery)
    # the request never left, so it is neither delivered nor in doubt nor final
    assert delivery.outcome is Outcome.RETRY
    assert delivery.reason.strip()
    assert not [secret for secret in case.secrets if secret in delivery.reason + delivery.code]


CHECKS = (
    check_budgets_are_stable_and_tell_nothing,
    check_pack_carries_every_fact_in_order,
    check_freeze_is_deterministic,
    check_frozen_bytes_hold_no_secret,
    check_packed_messages_arrive,
    check_send_survives_a_refused_connection,
)


def _draft(case: ConnectorCase) -> Draft:
    assert case.draft is not None
    assert len(case.draft.facts) > 1
    return case.draft
