"""Notifications that the vendor posts: verify the token, then name what is to be read again.

The vendor does not sign. It sends back the token that the channel was made with, so the token is a secret that only the
vendor and we know, and nothing but ids is believed of a push: the records are read again through the API.
https://www.zoho.com/crm/developer/docs/api/v8/notifications/overview.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from connectors.contract import Hint, RawRequest, Received, Refusal, Reply
from connectors.zoho.settings import ZohoSettings

MAX_BODY = 256 * 1024
_STATUS: Mapping[Refusal, int] = {
    Refusal.UNSIGNED: 401,
    Refusal.BAD_SIGNATURE: 401,
    Refusal.TOO_LARGE: 413,
    Refusal.OVERLOADED: 503,
}


@dataclass(frozen=True, slots=True)
class Channel:
    """The channel of one module. Its id and token follow from the settings, so a restart makes no second one."""

    kind: str
    id: str
    token: str = field(repr=False)

    @classmethod
    def of(cls, source: str, kind: str, settings: ZohoSettings) -> Channel:
        """Derive a module's channel: an id of fifteen digits, a token of 43 characters; the vendor takes fifty."""
        name = f"{source}\n{kind}\n{settings.client_id}".encode()
        number = int.from_bytes(hashlib.sha256(name).digest()[:8], "big")
        secret = settings.client_secret.get_secret_value().encode()
        token = base64.urlsafe_b64encode(hmac.digest(secret, b"notifications\n" + name, "sha256"))
        return cls(kind, str(10**14 + number % (9 * 10**14)), token.decode().rstrip("="))

    @property
    def events(self) -> tuple[str, ...]:
        """What the vendor is to tell of."""
        return tuple(f"{self.kind}.{each}" for each in ("create", "edit", "delete"))


class _Push(msgspec.Struct):
    """What is read of a notification."""

    token: str | None = None
    channel_id: str | int | None = None
    module: str | None = None
    ids: list[str | int] | None = None


_DECODER = msgspec.json.Decoder(_Push)


class Receiver:
    """Takes notifications. Nothing is read but the request."""

    def __init__(self, channels: Sequence[Channel]) -> None:
        self._channels = tuple(channels)

    def receive(self, request: RawRequest) -> Received:
        """Verify one push and name the records to read again; raises nothing whatever the bytes are."""
        if len(request.body) > MAX_BODY:
            return self._refused(Refusal.TOO_LARGE, f"The body has more than {MAX_BODY} bytes.")
        try:
            push = _DECODER.decode(request.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._refused(Refusal.MALFORMED, "The body is not a notification as Zoho documents it.")
        if not push.token:
            return self._refused(Refusal.UNSIGNED, "The notification has no token.")
        return self._taken(push, self._channel(push.token))

    def _taken(self, push: _Push, channel: Channel | None) -> Received:
        if channel is None or str(push.channel_id) != channel.id:
            return self._refused(
                Refusal.BAD_SIGNATURE,
                "The notification's token is not this channel's: it is another source's, or client_secret has changed "
                "since the channel was made.",
            )
        if push.module not in {None, channel.kind} or not push.ids:
            return self._refused(Refusal.INCOMPLETE, "The notification names no records of its channel's module.")
        # The time in it is the sending's, later than the records' stamps: one read is enough (A-ZOHO-111).
        ids = dict.fromkeys(str(each) for each in push.ids)
        if not all(each.isdecimal() and each.isascii() and len(each) <= 20 for each in ids):
            return self._refused(Refusal.MALFORMED, "The notification holds an id that is none.")
        return Received(Reply(200), hints=tuple(Hint(channel.kind, each) for each in ids))

    def refuse(self, refusal: Refusal) -> Reply:
        """Return the reply to a push that is not taken; its body is the reason's name."""
        return Reply(_STATUS.get(refusal, 400), refusal.encode())

    def _channel(self, token: str) -> Channel | None:
        """Compare with every channel's token, without leaving early, so that time tells nothing."""
        given = token.encode("utf-8", "replace")
        found = None
        for channel in self._channels:
            if hmac.compare_digest(given, channel.token.encode()):
                found = channel
        return found

    def _refused(self, refusal: Refusal, reason: str) -> Received:
        return Received(self.refuse(refusal), refusal=refusal, reason=reason)
