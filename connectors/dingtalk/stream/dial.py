"""Opening a connection: a ticket from the gateway, then the socket that it is good for."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidURI

from connectors.contract import Retryable
from connectors.dingtalk.app.settings import Application
from connectors.dingtalk.app.wire import Wire
from connectors.dingtalk.stream.connection import Pace
from connectors.dingtalk.stream.gateway import Ticket, Topics, register

MOST_BYTES = 1024 * 1024
# The library writes the address, with its ticket, and every frame to its log. A logger of the registry would be enabled
# again by whoever configures logging later, as uvicorn does.
_MUTE = logging.Logger("mute")  # noqa: LOG001 - it must not be in the registry
_MUTE.disabled = True


@dataclass(frozen=True, slots=True)
class Dial:
    """What is needed to open connections; `session` brings proxy and certificates, `now` is aware UTC."""

    session: requests.Session
    application: Application
    topics: Topics
    pace: Pace
    now: Callable[[], datetime]

    async def open(self) -> ClientConnection:
        """Open a socket. Raises Retryable, Throttled, Misconfigured and Malformed, which hold neither secret nor ticket."""
        waits = self.application.timeouts
        wire = Wire(self.session, (waits.connect.total_seconds(), waits.read.total_seconds()))
        ticket = await asyncio.to_thread(register, wire, self.application, self.topics, self.now())
        try:
            return await self._connected(ticket)
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as error:
            # the error holds the address, and the address the ticket
            raise Retryable(
                "DingTalk's Stream cannot be connected to: see that this machine may open WebSockets to the outside.",
                detail=f"{type(error).__name__} {ticket.host}",
            ) from None

    async def _connected(self, ticket: Ticket) -> ClientConnection:
        secure = ticket.url.startswith("wss:")
        return await connect(
            ticket.url,
            ssl=_trust(self.session) if secure else None,
            proxy=self.session.proxies.get("https") if secure else None,
            open_timeout=self.pace.open_within,
            close_timeout=self.pace.pong_within,
            ping_interval=None,  # `Connection` watches, because it must know until when it was sure
            max_size=MOST_BYTES,
            compression=None,
            logger=_MUTE,
        )


def _trust(session: requests.Session) -> ssl.SSLContext:
    """Trust what the session trusts for its own calls."""
    authorities = session.verify if isinstance(session.verify, str) else DEFAULT_CA_BUNDLE_PATH
    return ssl.create_default_context(cafile=authorities)
