"""What a channel promises that shows what a message will look like."""

from __future__ import annotations

from connectors.contract import Delivers, Draft, Previews, Seen
from tests.contract.case import ConnectorCase


def check_a_preview_shows_every_fact(case: ConnectorCase) -> None:
    shown = _shown(case)
    assert shown
    for part, seen in shown:
        assert seen.title.strip()
        assert [fact.number for fact in part.facts if fact.number not in seen.text] == []


def check_a_packed_part_fits(case: ConnectorCase) -> None:
    assert [seen for _part, seen in _shown(case) if not 0 < seen.size <= seen.most] == []


def check_a_preview_shows_no_secret(case: ConnectorCase) -> None:
    shown = [str(seen) for _part, seen in _shown(case)]
    assert not [secret for secret in case.secrets for seen in shown if secret in seen]


CHECKS = (
    check_a_preview_shows_every_fact,
    check_a_packed_part_fits,
    check_a_preview_shows_no_secret,
)


def _shown(case: ConnectorCase) -> list[tuple[Draft, Seen]]:
    assert case.draft is not None
    client = case.client()
    assert isinstance(client, Previews)
    assert isinstance(client, Delivers)
    return [(part, client.seen(part)) for part, _indexes in client.pack(case.draft)]
