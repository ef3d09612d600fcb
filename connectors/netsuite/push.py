"""What our user event script posts after a record was saved or deleted: verify it, then name what is to be read again.

NetSuite has no webhooks. The script in `suitescript/` signs with HMAC-SHA256 over the time, a full stop and the raw body.
Nothing but type, id and stamp is in it: the state is read by the same query as in polling, so that push and poll of one
kind are one stream of the same records. https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4407992281.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from connectors.contract import Hint, RawRequest, Received, Refusal, Reply
from connectors.signature import Clock, Scheme, SignedTime, Template, instant

MAX_BODY = 16 * 1024
TOLERANCE = timedelta(minutes=5)
_ID = re.compile(r"-?[0-9]{1,18}")
_TIME = SignedTime("x-dingbridge-time", "", Clock.UNIX, TOLERANCE)
_STATUS: Mapping[Refusal, int] = {
    Refusal.UNSIGNED: 401,
    Refusal.BAD_SIGNATURE: 401,
    Refusal.STALE: 401,
    Refusal.TOO_LARGE: 413,
    Refusal.OVERLOADED: 503,
}


class _Push(msgspec.Struct):
    """What the script posts; `type` is SuiteScript's name of a record type, such as `purchaseorder`."""

    account: str
    type: str
    id: str
    stamp: str | None = None


_DECODER = msgspec.json.Decoder(_Push)


class Receiver:
    """Takes pushes of one account. Nothing is read but the request.

    `kinds` names, for each kind that can be announced, its record type as REST has it (`purchaseOrder`); `keys` are the
    shared keys, none where pushes are not set up.
    """

    def __init__(self, account: str, kinds: Mapping[str, str], keys: Sequence[bytes]) -> None:
        self._account = account
        self._kinds = {kind: record.lower() for kind, record in kinds.items()}
        self._scheme = Scheme("x-dingbridge-signature", tuple(keys), Template.parse("timestamp.body"), time=_TIME)

    def receive(self, request: RawRequest) -> Received:
        """Verify one push and name the record to read again; raises nothing whatever the bytes are."""
        if len(request.body) > MAX_BODY:
            return self._refused(Refusal.TOO_LARGE, f"The body has more than {MAX_BODY} bytes.")
        fault = self._scheme.check(request.headers, request.body, request.received_at)
        if fault is not None:
            return self._refused(fault.refusal, fault.reason)
        try:
            push = _DECODER.decode(request.body)
            stamp = _second(push.stamp)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return self._refused(Refusal.MALFORMED, "The body is not what the script of this version posts: update it.")
        return self._taken(push, stamp)

    def _taken(self, push: _Push, stamp: datetime | None) -> Received:
        if _plain(push.account) != _plain(self._account):
            # A refreshed sandbox is a copy of production, its scripts and their parameters included.
            return self._refused(
                Refusal.INCOMPLETE,
                "The push comes from another NetSuite account: correct the script's parameters there, or `account` here.",
            )
        kinds = [kind for kind, record in self._kinds.items() if record == push.type.lower()]
        if not kinds:
            return self._refused(
                Refusal.INCOMPLETE,
                "The push names a record type that is not read: add it to `kinds`, or remove the script's deployment.",
            )
        if not _ID.fullmatch(push.id):
            return self._refused(Refusal.MALFORMED, "The push holds an internal id that is none.")
        return Received(Reply(200), hints=tuple(Hint(kind, push.id, stamp) for kind in kinds))

    def refuse(self, refusal: Refusal) -> Reply:
        """Return the reply to a push that is not taken; its body is the reason's name, which the script logs."""
        return Reply(_STATUS.get(refusal, 400), refusal.encode())

    def _refused(self, refusal: Refusal, reason: str) -> Received:
        return Received(self.refuse(refusal), refusal=refusal, reason=reason)


def _second(stamp: str | None) -> datetime | None:
    """Read the stamp in the steps that a query shows it in: a finer one could never be reached (A-NETSUITE-301)."""
    return None if stamp is None else instant(stamp).replace(microsecond=0)


def _plain(account: str) -> str:
    """Write an account id in one way: `123456_SB1` and `123456-sb1` are the same (A-NETSUITE-302)."""
    return account.lower().replace("_", "-")
