"""Outbound Messages: proven, taken as hints, acknowledged; whatever else makes the org send again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.contract import Hint, RawRequest, Received, Refusal
from connectors.salesforce import CONNECTOR
from connectors.salesforce.client import Client
from connectors.salesforce.push import MAX_BODY
from tests.connectors.salesforce.parts import NOW, Desk, settings

ORG, KEY = "00DDn0000000001MAA", "a-long-secret-of-the-address"
DEAL, LEAD = "006Dn00000AbCdEIAV", "00QDn0000000001IAA"
ACK = b"<Ack>true</Ack>"


def row(kind: str, record: str, fields: str = "") -> str:
    return (
        f'<Notification><Id>04lDn0000000001IAA</Id><sObject xsi:type="sf:{kind}" '
        'xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
        f"<sf:Id>{record}</sf:Id>{fields}</sObject></Notification>"
    )


def message(*rows: str, organization: str = ORG) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        '<soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{organization}</OrganizationId><ActionId>04kDn0000000001IAA</ActionId>"
        "<SessionId>00D!a-live-session</SessionId><EnterpriseUrl>https://x</EnterpriseUrl>"
        f"<PartnerUrl>https://x</PartnerUrl>{''.join(rows)}</notifications></soapenv:Body></soapenv:Envelope>"
    ).encode()


def request(body: bytes, query: str = f"key={KEY}") -> RawRequest:
    return RawRequest("POST", {"content-type": "text/xml; charset=UTF-8"}, query, body, NOW)


def client(**changes: object) -> Client:
    push = {"organization": ORG[:15], "key": KEY}
    built = CONNECTOR.build("crm", settings(**{"push": push, **changes}), Desk().services())
    assert isinstance(built, Client)
    return built


def refused(received: Received) -> Refusal | None:
    assert ACK not in received.reply.body
    assert b"<Ack>false</Ack>" in received.reply.body
    assert received.reply.status >= 400
    assert (received.hints, received.records) == ((), ())
    assert "live-session" not in f"{received!r}"
    return received.refusal


def test_changed_records_are_hints_with_the_stamp_where_the_message_has_one() -> None:
    stamped = "<sf:SystemModstamp>2026-03-02T08:15:42.000Z</sf:SystemModstamp>"
    received = client().receive(request(message(row("Opportunity", DEAL, stamped), row("Opportunity", DEAL[:15]))))
    assert received.refusal is None
    assert received.hints == (
        Hint("Opportunity", DEAL, datetime(2026, 3, 2, 8, 15, 42, tzinfo=UTC)),
        Hint("Opportunity", DEAL),
    )
    assert received.reply.status == 200
    assert ACK in received.reply.body
    assert received.reply.content_type.startswith("text/xml")


def test_a_record_in_a_message_twice_is_one_hint() -> None:
    assert client().receive(request(message(*[row("Opportunity", DEAL)] * 3))).hints == (Hint("Opportunity", DEAL),)


def test_what_nobody_reads_and_what_is_gone_is_acknowledged() -> None:
    received = client().receive(request(message(row("Lead", LEAD), "<Notification><Id>04l1</Id></Notification>")))
    assert (received.hints, received.refusal) == ((), None)
    assert ACK in received.reply.body


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("", Refusal.UNSIGNED),
        ("key=", Refusal.UNSIGNED),
        ("key=another-secret-of-the-address", Refusal.BAD_SIGNATURE),
        (f"key={KEY}x", Refusal.BAD_SIGNATURE),
        ("key=\udcff", Refusal.BAD_SIGNATURE),
        (f"other={KEY}", Refusal.UNSIGNED),
    ],
)
def test_without_the_key_nothing_is_taken(query: str, why: Refusal) -> None:
    assert refused(client().receive(request(message(row("Opportunity", DEAL)), query))) is why


def test_another_org_is_refused_and_so_is_a_source_without_push() -> None:
    other = message(row("Opportunity", DEAL), organization="00DDn0000000002MAA")
    assert refused(client().receive(request(other))) is Refusal.BAD_SIGNATURE
    assert refused(client(push=None).receive(request(other))) is Refusal.UNSIGNED


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<a/>",
        b"\xff\xfe\x00",
        message(),
        message(*[row("Opportunity", DEAL)] * 101),
        message(row("Opportunity", "no id")),
        message(row("Opportunity", DEAL), organization=""),
        BOMB + message(row("Opportunity", DEAL)).partition(b"?>")[2],
        (BOMB + message(row("Opportunity", DEAL)).partition(b"?>")[2]).decode().encode("utf-16"),
    ],
)
def test_what_is_no_outbound_message_is_refused(body: bytes) -> None:
    assert refused(client().receive(request(body))) is Refusal.MALFORMED


def test_the_relays_own_refusals_make_the_org_send_again() -> None:
    for refusal in (Refusal.OVERLOADED, Refusal.TOO_LARGE):
        reply = client().refuse(refusal)
        assert ACK not in reply.body
        assert reply.status >= 400
    large = replace(request(b""), body=b" " * (MAX_BODY + 1))
    assert refused(client().receive(large)) is Refusal.TOO_LARGE
