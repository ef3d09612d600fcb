"""Registering a connection: the client id and secret for an address and a ticket.

The secret travels in the body of this request, so neither the request nor what it raises is ever logged or shown.
https://open-dingtalk.github.io/developerpedia/docs/learn/stream/protocol
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote, urlsplit

import msgspec
import requests

from connectors.contract import Malformed, Misconfigured, Retryable, Throttled
from connectors.dingtalk.plain import NotPlain, read_object, text_of
from connectors.dingtalk.stream.frames import EVENTS, PRESSES, WORDS, Kind
from connectors.settings_types import is_loopback
from connectors.transport import checked_url

PATH = "/v1.0/gateway/connections/open"
MOST_BYTES = 64 * 1024
_AGENT = "dingbridge-python/1.0"
# without Accept the gateway answers in XML
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": _AGENT}
_MINUTE = timedelta(minutes=1)
_TRIED_AGAIN = "The Stream gateway cannot be reached: nothing to do, it is tried again."


@dataclass(frozen=True, slots=True)
class Credential:
    """The application that listens. `base_url` is the new API's, https://api.dingtalk.com or its .io twin."""

    base_url: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ticket:
    """Where to connect, once and within 90 s. The ticket in the address is a credential."""

    url: str = field(repr=False)
    host: str


def subscriptions(*, events: bool, presses: bool, words: bool) -> tuple[dict[str, str], ...]:
    """Name what is to come by this connection. Which events come is chosen in the developer console."""
    wanted = (
        (events, {"type": Kind.EVENT.value, "topic": EVENTS}),
        (words, {"type": Kind.CALLBACK.value, "topic": WORDS}),
        (presses, {"type": Kind.CALLBACK.value, "topic": PRESSES}),
    )
    return tuple(topic for chosen, topic in wanted if chosen)


def register(session: requests.Session, credential: Credential, topics: Sequence[dict[str, str]]) -> Ticket:
    """Ask for a ticket. Raises Retryable, Throttled, Misconfigured and Malformed, none of which holds the secret."""
    body = {
        "clientId": credential.client_id,
        "clientSecret": credential.client_secret,
        "subscriptions": list(topics),
        "ua": _AGENT,
    }
    url = checked_url(f"{credential.base_url.rstrip('/')}{PATH}")
    try:
        with session.post(url, data=msgspec.json.encode(body), headers=_HEADERS, stream=True) as response:
            return _ticket(response.status_code, response.raw.read(MOST_BYTES, decode_content=True))
    except (requests.RequestException, OSError) as error:
        # the error holds the request, and the request the secret
        raise Retryable(_TRIED_AGAIN, detail=type(error).__name__) from None


def _ticket(status: int, raw: bytes) -> Ticket:
    try:
        said = read_object(raw)
    except NotPlain:
        said = {}
    code = text_of(said.get("code"))[:100]
    if status != 200:
        raise _refused(status, code)
    endpoint, ticket = text_of(said.get("endpoint")), text_of(said.get("ticket"))
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    if not ticket or not (parts.scheme == "wss" or (parts.scheme == "ws" and is_loopback(host))):
        raise Malformed("The Stream gateway gave no address to connect to.", body=b"", detail=parts.scheme)
    return Ticket(f"{endpoint}{'&' if parts.query else '?'}ticket={quote(ticket, safe='')}", host)


def _refused(status: int, code: str) -> Exception:
    detail = f"HTTP {status} {code}".strip()
    # a throttle reads like a missing permission, so it is looked for first
    if status == 429 or "QpsLimit" in code or "QpmLimit" in code:
        return Throttled("DingTalk limits the calls: it is tried again.", after=_MINUTE, scope="gateway", detail=detail)
    if status >= 500:
        return Retryable(_TRIED_AGAIN, detail=detail)
    return Misconfigured(
        "The Stream gateway does not let this application in: compare client_id and client_secret with the "
        "developer console, and see that Stream mode is chosen there for events and for the robot.",
        detail=detail,
    )
