"""What a source that calls us promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from connectors.contract import Hint, RawRequest, Reads, Received, Refusal
from tests.contract.case import ConnectorCase, Push, no_network
from tests.contract.common import assert_record, texts

TELLING = 6
"""A text of so many characters in a sentence for the operator is payload, not a word by chance."""


def check_genuine_pushes_become_records_or_hints(case: ConnectorCase) -> None:
    client = case.client()
    for push in case.pushes:
        received = client.receive(push.request)
        assert received.refusal is None, received.reason
        assert 200 <= received.reply.status < 300
        assert received.records or received.hints
        for record in received.records:
            assert_record(record)
        for hint in received.hints:
            _assert_hint(hint)


def check_what_is_only_announced_can_be_read(case: ConnectorCase) -> None:
    client = case.client()
    if any(client.receive(push.request).hints for push in case.pushes):
        assert Reads in case.connector.fulfils, "nobody can read what these pushes announce"


def check_what_a_push_became_shows_no_secret(case: ConnectorCase) -> None:
    client = case.client()
    shown = [repr(client.receive(push.request)) for push in case.pushes]
    assert not [secret for secret in case.secrets for text in shown if secret in text]


def check_receive_is_pure(case: ConnectorCase) -> None:
    client, other = case.client(), case.client()
    with no_network():
        for push in case.pushes:
            before = replace(push.request, headers=dict(push.request.headers))
            first = client.receive(push.request)
            assert client.receive(push.request) == first == other.receive(push.request)
            assert push.request == before


def check_unsigned_copies_are_refused(case: ConnectorCase) -> None:
    client = case.client()
    for push in case.pushes:
        assert push.signed_by
        for name in push.signed_by:
            assert name in push.request.headers
            headers = {key: value for key, value in push.request.headers.items() if key != name}
            _assert_refused(client.receive(replace(push.request, headers=headers)), push, Refusal.UNSIGNED)


def check_flipped_bits_are_refused(case: ConnectorCase) -> None:
    client = case.client()
    for push in case.pushes:
        for changed in _flipped(push.request):
            _assert_refused(client.receive(changed), push, Refusal.BAD_SIGNATURE)


def check_wrong_signatures_are_refused(case: ConnectorCase) -> None:
    client = case.client()
    for push in case.pushes:
        for name in push.signed_by:
            for wrong in ("x", push.request.headers[name][:-4], "\udcff\x00"):
                request = replace(push.request, headers={**push.request.headers, name: wrong})
                _assert_refused(client.receive(request), push)


def check_old_pushes_are_refused(case: ConnectorCase) -> None:
    client = case.client()
    for push in case.pushes:
        if push.stale_after is None:
            continue
        late = replace(push.request, received_at=push.request.received_at + push.stale_after)
        early = replace(push.request, received_at=push.request.received_at - push.stale_after)
        _assert_refused(client.receive(late), push, Refusal.STALE)
        _assert_refused(client.receive(early), push, Refusal.STALE)


def check_large_bodies_are_refused(case: ConnectorCase) -> None:
    client = case.client()
    assert 0 < client.max_body <= 16 * 1024 * 1024
    for push in case.pushes:
        assert len(push.request.body) <= client.max_body
        request = replace(push.request, body=push.request.body.ljust(client.max_body + 1))
        _assert_refused(client.receive(request), push, Refusal.TOO_LARGE)


def check_refusals_of_the_relay_have_replies(case: ConnectorCase) -> None:
    """A sender that takes an overload reply for an acknowledgement would never send again."""
    client = case.client()
    for push in case.pushes:
        taken = client.receive(push.request).reply
        for refusal in (Refusal.OVERLOADED, Refusal.TOO_LARGE):
            reply = client.refuse(refusal)
            assert (reply.status, reply.body) != (taken.status, taken.body)
            assert all(name == name.lower() for name in reply.headers)


CHECKS = (
    check_genuine_pushes_become_records_or_hints,
    check_what_is_only_announced_can_be_read,
    check_what_a_push_became_shows_no_secret,
    check_receive_is_pure,
    check_unsigned_copies_are_refused,
    check_flipped_bits_are_refused,
    check_wrong_signatures_are_refused,
    check_old_pushes_are_refused,
    check_large_bodies_are_refused,
    check_refusals_of_the_relay_have_replies,
)


def _assert_hint(hint: object) -> None:
    assert isinstance(hint, Hint)
    assert all(type(text) is str and text for text in (hint.kind, hint.id))
    assert hint.stamp is None or hint.stamp.utcoffset() is not None, "the stamp has no zone"


def _flipped(request: RawRequest) -> Iterator[RawRequest]:
    body = request.body
    for place in {0, len(body) // 2, len(body) - 1}:
        for bit in (1, 32):
            yield replace(request, body=body[:place] + bytes([body[place] ^ bit]) + body[place + 1 :])


def _assert_refused(received: Received, push: Push, refusal: Refusal | None = None) -> None:
    assert received.refusal is not None
    assert refusal is None or received.refusal is refusal
    assert (received.records, received.hints) == ((), ())
    assert received.reason.strip()
    payload = push.request.body.decode("utf-8", "replace")
    leaked = [word for word in received.reason.split() if len(word) > TELLING and f'"{word}"' in payload]
    assert leaked == []
    assert not [text for text in texts(dict(push.request.headers)) if len(text) > TELLING and text in received.reason]
