"""Registering a connection: the client id and secret for an address and a ticket.

The secret travels in the body of this request, so neither the request nor what it raises is ever logged or shown.
https://open-dingtalk.github.io/developerpedia/docs/learn/stream/protocol
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlsplit

import msgspec

from connectors.contract import Malformed, Misconfigured, Outcome, Retryable, Unknown
from connectors.dingtalk.app.settings import Application
from connectors.dingtalk.app.verdict import Verdict, judge
from connectors.dingtalk.app.wire import Request, Wire
from connectors.dingtalk.plain import text_of
from connectors.dingtalk.stream.frames import EVENTS, PRESSES, WORDS, Kind
from connectors.settings_types import is_loopback

PATH = "v1.0/gateway/connections/open"
SCOPE = f"dingtalk:{PATH}"
_AGENT = "dingbridge-python/1.0"
_TRIED_AGAIN = "The Stream gateway cannot be reached: nothing to do, it is tried again."


@dataclass(frozen=True, slots=True)
class Ticket:
    """Where to connect, once and within 90 s. The ticket in the address is a credential."""

    url: str = field(repr=False)
    host: str


@dataclass(frozen=True, slots=True)
class Topics:
    """What is to come by a connection. Which events come is chosen in the developer console."""

    events: bool = True
    presses: bool = True
    words: bool = True

    def subscriptions(self) -> tuple[dict[str, str], ...]:
        """Name the topics as the gateway does."""
        wanted = (
            (self.events, {"type": Kind.EVENT.value, "topic": EVENTS}),
            (self.words, {"type": Kind.CALLBACK.value, "topic": WORDS}),
            (self.presses, {"type": Kind.CALLBACK.value, "topic": PRESSES}),
        )
        return tuple(topic for chosen, topic in wanted if chosen)


def register(wire: Wire, application: Application, topics: Topics, now: datetime) -> Ticket:
    """Ask for a ticket. Raises Retryable, Throttled, Misconfigured and Malformed, none of which holds the secret."""
    body = {
        "clientId": application.client_id,
        "clientSecret": application.client_secret.get_secret_value().strip(),
        "subscriptions": topics.subscriptions(),
        "ua": _AGENT,
    }
    try:
        status, answer = wire.send(Request("POST", f"{application.api}/{PATH}", msgspec.json.encode(body)))
    except Unknown as error:
        raise Retryable(_TRIED_AGAIN, detail=error.detail) from None
    verdict = judge(status, answer, now)
    if not verdict.fine:
        raise _refused(verdict)
    return _ticket(verdict)


def _ticket(verdict: Verdict) -> Ticket:
    endpoint, ticket = text_of(verdict.said.get("endpoint")), text_of(verdict.said.get("ticket"))
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    if not ticket or not (parts.scheme == "wss" or (parts.scheme == "ws" and is_loopback(host))):
        # the body is left out: it may hold the ticket
        raise Malformed("The Stream gateway gave no address to connect to.", body=b"", detail=parts.scheme)
    return Ticket(f"{endpoint}{'&' if parts.query else '?'}ticket={quote(ticket, safe='')}", host)


def _refused(verdict: Verdict) -> Exception:
    if verdict.outcome in {Outcome.THROTTLED, Outcome.RETRY}:
        return verdict.error(SCOPE)
    if verdict.outcome is Outcome.UNKNOWN:
        return Retryable(_TRIED_AGAIN, detail=verdict.code)
    return Misconfigured(
        "The Stream gateway does not let this application in: compare client_id and client_secret with the "
        "developer console, and see that Stream mode is chosen there for events and for the robot.",
        detail=verdict.code,
    )
