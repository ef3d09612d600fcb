"""Events that DingTalk posts, and the encrypted `success` that it waits for.

https://open.dingtalk.com/document/development/configure-stream-push
https://open.dingtalk.com/document/development/http-callback-overview
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from connectors.contract import Change, RawRequest, Received, Refusal, Reply
from connectors.dingtalk.callbacks.envelope import Key, NotSealed
from connectors.dingtalk.callbacks.refusing import refused
from connectors.dingtalk.changes import Origin, change
from connectors.dingtalk.plain import NotPlain, folded, id_of, moment_of, read_object, stable_id, text_of

_NONCE = 8
_SALT = 16


@dataclass(frozen=True, slots=True)
class _Signed:
    """The four texts of a request. Today's pages call the first `msg_signature`, older ones `signature`."""

    signature: str
    timestamp: str
    nonce: str
    encrypted: str


@dataclass(frozen=True, slots=True)
class EventDoor:
    """Takes events. Several `keys` hold while one is changed for another.

    `receivers` are the ids that an envelope may be meant for: the application's client id, or the corp id where the
    address was registered by the older call. The signed time is not judged: an event that comes again says what is to be
    read again, and DingTalk's own repetitions may bear the first one's time. A-DINGTALK-309
    """

    keys: tuple[Key, ...] = field(repr=False)
    receivers: frozenset[str]

    def receive(self, request: RawRequest) -> Received:
        """Verify and open one event; raises nothing whatever the bytes are."""
        signed = _signed(request)
        if signed is None:
            return refused(Refusal.UNSIGNED, "The request lacks msg_signature, timestamp, nonce or an envelope.")
        # every key is tried, so that time does not tell which one holds
        fitting = [key for key in self.keys if _holds(key, signed)]
        if not fitting:
            return refused(
                Refusal.BAD_SIGNATURE,
                f"The signature fits none of the {len(self.keys)} tokens: compare them with the developer console.",
            )
        return self._opened(fitting, signed, request.received_at)

    def _opened(self, keys: list[Key], signed: _Signed, at: datetime) -> Received:
        """Open with whichever key fits: while keys rotate, two may share a token."""
        fault = "it has no key"
        for key in keys:
            try:
                text, receiver = self._text(key, signed)
                return Received(_success(key, receiver, signed, at), changes=(_change(text, at),))
            except (NotSealed, NotPlain) as found:
                fault = str(found)
        return refused(
            Refusal.MALFORMED,
            f"The event cannot be read: {fault}. Compare aes_key and the client id with the developer console.",
        )

    def _text(self, key: Key, signed: _Signed) -> tuple[bytes, str]:
        text, receiver = key.open(signed.encrypted)
        if receiver not in self.receivers:
            raise NotSealed("it is meant for another application or company")
        return text, receiver


def is_event(request: RawRequest) -> bool:
    """Tell whether a request says that it is an event, by its query."""
    return not {"msg_signature", "signature"}.isdisjoint(_query(request))


def from_failed(entry: Mapping[str, Any]) -> Change:
    """Read one event of the list of failed ones. Raises NotPlain.

    It has no id there, so what was pushed as well comes a second time under another id.
    https://open.dingtalk.com/document/development/obtain-the-event-list-of-failed-push-messages
    """
    name = text_of(entry.get("call_back_tag"))
    inner = entry.get(name)
    if not name or not isinstance(inner, dict):
        raise NotPlain("an event of the list has no name or no content")
    at = moment_of(entry.get("event_time"))
    data = next((value for value in inner.values() if isinstance(value, dict)), inner)
    number = stable_id(msgspec.json.encode(entry, enc_hook=str))
    company = id_of(folded(inner).get("corpid"))
    return change(Origin(name, number, at or datetime.fromtimestamp(0, UTC), company), data)


def _signed(request: RawRequest) -> _Signed | None:
    query = _query(request)
    try:
        encrypted = read_object(request.body).get("encrypt")
    except NotPlain:
        return None
    signature = query.get("msg_signature") or query.get("signature") or ""
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    if not isinstance(encrypted, str) or not (signature and timestamp and nonce and encrypted):
        return None
    return _Signed(signature, timestamp, nonce, encrypted)


def _success(key: Key, receiver: str, signed: _Signed, at: datetime) -> Reply:
    """Return what says that the event was taken.

    https://open.dingtalk.com/document/development/http-callback-overview
    """
    stamp = str(int(at.timestamp() * 1000))
    # nobody without the key can foresee it, and the same request has the same reply
    noise = hmac.digest(key.aes, f"{stamp}\n{signed.signature}\n{signed.nonce}".encode("utf-8", "replace"), "sha256")
    nonce = noise[_SALT : _SALT + _NONCE].hex()
    encrypted = key.close(b"success", receiver, noise[:_SALT])
    body = {
        "msg_signature": key.sign(stamp, nonce, encrypted),
        "timeStamp": stamp,
        "nonce": nonce,
        "encrypt": encrypted,
    }
    return Reply(200, msgspec.json.encode(body), "application/json; charset=utf-8")


def _query(request: RawRequest) -> dict[str, str]:
    try:
        return dict(parse_qsl(request.query, max_num_fields=50))
    except ValueError:
        return {}


def _holds(key: Key, signed: _Signed) -> bool:
    return key.signed(signed.signature, signed.timestamp, signed.nonce, signed.encrypted)


def _change(text: bytes, at: datetime) -> Change:
    data = read_object(text)
    fields = folded(data)
    origin = Origin(
        event=text_of(fields.get("eventtype")),
        # events of older kinds have no id: the same content is the same event
        id=id_of(fields.get("eventid")) or stable_id(text),
        at=moment_of(fields.get("eventtime")) or at,
        company=id_of(fields.get("corpid")),
    )
    if not origin.event:
        raise NotPlain("it has no EventType")
    return change(origin, data)
