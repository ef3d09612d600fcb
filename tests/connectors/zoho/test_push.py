from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.contract import Hint, RawRequest, Refusal
from connectors.zoho.client import Client
from connectors.zoho.push import MAX_BODY, Channel
from tests.connectors.zoho.parts import DEAL, DEALS, NOW, SECRET, Desk, settings

CHANNEL = Channel.of("crm", "Deals", settings())


def request(**changes: Any) -> RawRequest:
    body = {
        "server_time": 1772442000123,
        "affected_values": [],
        "query_params": {},
        "module": "Deals",
        "resource_uri": "https://www.zohoapis.com/crm/v8/Deals",
        "ids": [DEAL],
        "affected_fields": [],
        "operation": "update",
        "channel_id": CHANNEL.id,
        "token": CHANNEL.token,
    } | changes
    return RawRequest("POST", {"content-type": "application/json"}, "", json.dumps(body).encode(), NOW)


@pytest.fixture
def client(desk: Desk) -> Client:
    return Client("crm", settings(), desk.services())


@pytest.mark.parametrize("operation", ["insert", "update", "delete", "something new"])
def test_a_notification_names_what_to_read_again(client: Client, operation: str) -> None:
    received = client.receive(request(operation=operation, ids=[DEAL, "17", DEAL]))
    assert received.refusal is None
    assert received.reply.status == 200
    assert received.hints == (Hint("Deals", DEAL), Hint("Deals", "17"))
    assert received.records == ()


def test_a_channel_id_is_a_number_or_a_text(client: Client) -> None:
    assert client.receive(request(channel_id=int(CHANNEL.id))).refusal is None


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"token": None}, Refusal.UNSIGNED),
        ({"token": ""}, Refusal.UNSIGNED),
        ({"token": "guess"}, Refusal.BAD_SIGNATURE),
        ({"token": CHANNEL.token[:-1]}, Refusal.BAD_SIGNATURE),
        ({"token": "\u00fc"}, Refusal.BAD_SIGNATURE),
        ({"channel_id": "1"}, Refusal.BAD_SIGNATURE),
        ({"channel_id": None}, Refusal.BAD_SIGNATURE),
        ({"module": "Leads"}, Refusal.INCOMPLETE),
        ({"ids": []}, Refusal.INCOMPLETE),
        ({"ids": None}, Refusal.INCOMPLETE),
        ({"ids": ["1' or '1'='1"]}, Refusal.MALFORMED),
        ({"ids": {"a": 1}}, Refusal.MALFORMED),
        ({"token": ["x"]}, Refusal.MALFORMED),
    ],
)
def test_what_is_not_ours_is_refused_with_a_sentence(client: Client, changes: dict[str, Any], refusal: Refusal) -> None:
    received = client.receive(request(**changes))
    assert received.refusal is refusal
    assert received.hints == ()
    assert received.reply.status >= 400
    assert received.reason
    assert CHANNEL.token not in received.reason


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b"null", b"[" * 5000, b'{"token": 1e999}'])
def test_whatever_the_bytes_are_they_get_an_answer(client: Client, body: bytes) -> None:
    assert client.receive(RawRequest("POST", {}, "", body, NOW)).refusal is Refusal.MALFORMED


def test_too_large_is_refused_before_it_is_parsed(client: Client) -> None:
    received = client.receive(RawRequest("POST", {}, "", b" " * (MAX_BODY + 1), NOW))
    assert received.refusal is Refusal.TOO_LARGE
    assert client.refuse(Refusal.OVERLOADED).status == 503


def test_another_source_and_another_secret_have_other_tokens() -> None:
    others = [
        Channel.of("other", "Deals", settings()),
        Channel.of("crm", "Accounts", settings()),
        Channel.of("crm", "Deals", settings(client_secret="another")),
        Channel.of("crm", "Deals", settings(client_id="1000.OTHER")),
    ]
    assert len({each.token for each in [CHANNEL, *others]}) == 5
    assert Channel.of("crm", "Deals", settings()) == CHANNEL, "the same after a restart"
    assert len(CHANNEL.token) <= 50
    assert SECRET not in CHANNEL.token
    assert CHANNEL.token not in repr(CHANNEL)
    assert len(CHANNEL.id) == 15
    assert CHANNEL.id.isdecimal()


def test_the_channel_of_one_module_says_nothing_of_another(desk: Desk) -> None:
    both = Client("crm", settings(kinds={"Deals": DEALS, "Accounts": DEALS}), desk.services())
    assert both.receive(request(module="Accounts")).refusal is Refusal.INCOMPLETE
