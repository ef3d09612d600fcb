"""Outbound Messages: the org says which records changed, and repeats it for a day until it gets the Ack.

They come more than once, out of order, and with the latest values only, so they are taken as hints: the records are
read again. Nothing is signed; a secret at the end of the address and the org's id prove the sender (A-SALESFORCE-102).
https://developer.salesforce.com/docs/platform/api/guide/sforce-api-om-outboundmessaging-wsdl.html
https://developer.salesforce.com/docs/platform/api/guide/sforce-api-om-outboundmessaging-notifications.html
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from connectors.contract import Hint, RawRequest, Received, Refusal, Refused, Reply
from connectors.salesforce.records import id18, moment
from connectors.salesforce.settings import Push

MAX_BODY = 4 * 1024 * 1024
"""A message holds at most 100 records with the fields that the administrator chose."""
MOST = 100
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_XML = "text/xml; charset=utf-8"


class _OddError(ValueError):
    """Not an Outbound Message."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What one org's messages are taken by: the settings that prove them, and the objects that are read."""

    push: Push | None
    kinds: Collection[str]

    def receive(self, request: RawRequest) -> Received:
        """See `Client.receive`."""
        if self.push is None:
            return _refused(Refusal.UNSIGNED, "This source takes no Outbound Messages: set `push` first.")
        if len(request.body) > MAX_BODY:
            return _refused(Refusal.TOO_LARGE, "The message is larger than an Outbound Message gets.")
        given = parse_qs(request.query).get("key", [""])[0]
        if not given:
            return _refused(Refusal.UNSIGNED, "The address lacks ?key=…: set the endpoint of the Outbound Message.")
        key = self.push.key.get_secret_value()
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), key.encode()):
            return _refused(Refusal.BAD_SIGNATURE, "The key in the address is another than `push.key`.")
        try:
            return self._read(_parsed(request.body), id18(self.push.organization))
        except (_OddError, Refused):
            return _refused(Refusal.MALFORMED, "The body is not an Outbound Message.")

    def _read(self, message: Element, organization: str) -> Received:
        if id18(_text(message, f"{{{_OUTBOUND}}}OrganizationId")) != organization:
            return _refused(Refusal.BAD_SIGNATURE, "The message is of another org than `push.organization`.")
        notifications = message.findall(f"{{{_OUTBOUND}}}Notification")
        if not 0 < len(notifications) <= MOST:
            raise _OddError
        hints = tuple(dict.fromkeys(self._hints(notifications)))
        return Received(acknowledged(ack=True), hints=hints)

    def _hints(self, notifications: list[Element]) -> Iterator[Hint]:
        for each in notifications:
            row = each.find(f"{{{_OUTBOUND}}}sObject")
            if row is None:
                # The record was gone before the message was sent.
                continue
            kind = row.get(_TYPE, "").rpartition(":")[2]
            if kind in self.kinds:
                yield Hint(kind, id18(_own(row, "Id")), _stamp(row))


def acknowledged(*, ack: bool, status: int = 200) -> Reply:
    """Return the answer that the org expects; whatever is not `true` makes it send the message again."""
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{_SOAP}"><soapenv:Body>'
        f'<notificationsResponse xmlns="{_OUTBOUND}"><Ack>{str(ack).lower()}</Ack></notificationsResponse>'
        "</soapenv:Body></soapenv:Envelope>"
    )
    return Reply(status, body.encode(), _XML)


def refuse(refusal: Refusal) -> Reply:
    """Return what makes the org try again later."""
    return acknowledged(ack=False, status=413 if refusal is Refusal.TOO_LARGE else 503)


_STATUS = {Refusal.UNSIGNED: 401, Refusal.BAD_SIGNATURE: 403, Refusal.TOO_LARGE: 413}


def _refused(refusal: Refusal, reason: str) -> Received:
    return Received(acknowledged(ack=False, status=_STATUS.get(refusal, 400)), refusal=refusal, reason=reason)


class _Plain(TreeBuilder):
    """Takes no document type, and so no entity that could be expanded."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Refuse; called before the content."""
        raise _OddError(name, pubid, system)


def _parsed(body: bytes) -> Element:
    parser = XMLParser(target=_Plain())  # noqa: S314 - document types are refused
    try:
        parser.feed(body)
        root = parser.close()
    except (ParseError, LookupError):
        raise _OddError from None
    message = root.find(f"{{{_SOAP}}}Body/{{{_OUTBOUND}}}notifications")
    if message is None:
        raise _OddError
    return message


def _text(element: Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def _own(row: Element, name: str) -> str:
    """A field of the record: its namespace is the one of the org's own objects."""
    return next(((each.text or "").strip() for each in row if each.tag.rpartition("}")[2] == name), "")


def _stamp(row: Element) -> datetime | None:
    """When it changed, where the administrator put the stamp into the message."""
    for name in ("SystemModstamp", "LastModifiedDate"):
        try:
            return moment(_own(row, name))
        except ValueError:
            continue
    return None
