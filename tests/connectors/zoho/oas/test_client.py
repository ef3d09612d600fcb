"""What the connector asks, against the vendor's OpenAPI folder; the answers are the twin's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from connectors.contract import Action, Effect, Verb
from connectors.zoho.sandbox import create
from tests.connectors.zoho.oas.checker import Answer, Request, check, observed
from tests.connectors.zoho.oas.known import unknown
from tests.connectors.zoho.oas.specification import Specification
from tests.connectors.zoho.office import KINDS, Office, records
from tests.connectors.zoho.parts import Tokens
from tests.connectors.zoho.sandbox.served import MANAGER, fresh
from tests.served import served_session, serving

CALLS = {"coql", "Deals", "Accounts", "settings/fields", "actions/watch", "actions/blueprint", "Deals/deleted", "users"}
"""Some of the calls that must be among them, by how their paths end or go on."""


@pytest.fixture(scope="module")
def traffic() -> list[tuple[Request, Answer]]:
    """Reading, announcing, deciding and probing, once each."""
    seen: list[tuple[Request, Answer]] = []

    def note(response: requests.Response, *_: Any, **__: Any) -> None:
        exchange = observed(response)
        if exchange is not None:
            seen.append(exchange)

    def session() -> requests.Session:
        made = served_session()
        made.hooks["response"].append(note)
        return made

    with serving(create) as host, fresh(host) as crm:
        office = Office(crm, Tokens(), session=session)
        client = office.client()
        for kind in KINDS:
            found = records(client, kind)
            client.read(kind, [found[0].id, "1"])
            list(client.versions(kind, datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)))
        deal = records(client, "Deals")[0]
        wanted = Action(
            "k", Verb.SET, "Deals", deal.id, office.user(MANAGER), deal.version, fields={"Next_Step": "Call"}
        )
        assert client.may(wanted.actor, wanted).allowed
        assert client.act(wanted).effect is Effect.DONE
        client.may(wanted.actor, replace(wanted, verb=Verb.APPROVE, fields={}))
        client.sees(wanted.actor, "Deals", [deal.id])
        client.subscribe(f"{crm.base}/push", None)
        client.probe()
    return seen


def test_the_connector_asks_as_the_vendor_describes(
    specification: Specification, traffic: list[tuple[Request, Answer]]
) -> None:
    found = [one for request, answer in traffic for one in check(specification, request, answer)]
    assert [one for one in unknown(found) if not one.place.startswith("answer")] == []


def test_the_connector_made_each_call_that_is_compared(traffic: list[tuple[Request, Answer]]) -> None:
    paths = {request.path for request, _ in traffic}
    assert {call for call in CALLS if not any(call in path for path in paths)} == set()
