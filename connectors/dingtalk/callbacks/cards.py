"""Presses of a card's buttons that DingTalk posts, and words to the robot, which are signed much alike.

Both signatures cover the time alone and not the body, so who has seen one request can put another body to its time
until that grows old. A press that decides something is better heard by Stream.
https://open.dingtalk.com/document/development/event-callback-card
https://open.dingtalk.com/document/development/robot-message-type
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from connectors.contract import RawRequest, Received, Refusal, Reply, Words
from connectors.dingtalk import heard
from connectors.dingtalk.callbacks.refusing import refused
from connectors.dingtalk.plain import NotPlain, moment_of, read_object, stable_id

JSON = "application/json; charset=utf-8"
CARD_SIGNATURE, CARD_TIME = "x-ddpaas-signature", "x-ddpaas-signature-timestamp"
ROBOT_SIGNATURE, ROBOT_TIME = "sign", "timestamp"
ROBOT_TOLERANCE = timedelta(hours=1)
CARD_TOLERANCE = timedelta(minutes=5)
"""No page names one for cards; a short one is little to the sender's clock and much to who repeats. A-DINGTALK-308"""


@dataclass(frozen=True, slots=True)
class CardDoor:
    """Takes presses. `secrets` are the `apiSecret` of the registered address; several hold while one is changed."""

    secrets: tuple[bytes, ...] = field(repr=False)
    tolerance: timedelta = CARD_TOLERANCE

    def receive(self, request: RawRequest) -> Received:
        """Verify and read one press; raises nothing whatever the bytes are."""
        headers = request.headers
        signature, stamp = headers.get(CARD_SIGNATURE, ""), headers.get(CARD_TIME, "")
        digests = [hmac.digest(secret, _raw(stamp), "sha256") for secret in self.secrets]
        fault = _fault(signature, stamp, digests, request.received_at, self.tolerance)
        if fault is not None:
            return fault
        try:
            data = read_object(request.body)
            # DingTalk gives a press no id: the same body at the same time is the same press
            press = heard.press(data, id=stable_id(stamp, request.body), at=moment_of(stamp) or request.received_at)
        except NotPlain as found:
            return refused(Refusal.MALFORMED, f"The press cannot be read: {found}.")
        return Received(pressed({}), presses=(press,))


@dataclass(frozen=True, slots=True)
class RobotDoor:
    """Takes words. `secrets` are the application's client secret; several hold while it is changed."""

    secrets: tuple[bytes, ...] = field(repr=False)
    tolerance: timedelta = ROBOT_TOLERANCE

    def receive(self, request: RawRequest) -> Received:
        """Verify and read one message; raises nothing whatever the bytes are."""
        headers = request.headers
        signature, stamp = headers.get(ROBOT_SIGNATURE, ""), headers.get(ROBOT_TIME, "")
        digests = [hmac.digest(secret, _raw(stamp) + b"\n" + secret, "sha256") for secret in self.secrets]
        fault = _fault(signature, stamp, digests, request.received_at, self.tolerance)
        if fault is not None:
            return fault
        try:
            said = heard.words(read_object(request.body), at=moment_of(stamp) or request.received_at)
        except NotPlain as found:
            return refused(Refusal.MALFORMED, f"The message cannot be read: {found}.")
        nothing = Reply(200, b'{"msgtype":"empty"}', JSON)
        if isinstance(said, Words):
            return Received(nothing, words=(said,))
        return Received(nothing, changes=(said,))


def pressed(shown: dict[str, str]) -> Reply:
    """Return the reply to a press that is stored; `shown` is for the one who pressed."""
    return Reply(200, msgspec.json.encode(heard.answer(shown)), JSON)


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _fault(signature: str, stamp: str, digests: list[bytes], now: datetime, tolerance: timedelta) -> Received | None:
    """Refuse what is not signed by one of the secrets lately; every secret is compared, whatever the first one says."""
    if not signature or not stamp:
        return refused(Refusal.UNSIGNED, "The request has no signature or no signed time in its headers.")
    fits = [hmac.compare_digest(base64.b64encode(digest), _raw(signature)) for digest in digests]
    if not any(fits):
        return refused(
            Refusal.BAD_SIGNATURE, f"The signature fits none of the {len(fits)} secrets: compare them with DingTalk's."
        )
    moment = moment_of(stamp)
    if moment is None or abs(now - moment) > tolerance:
        return refused(
            Refusal.STALE,
            f"The signed time is more than {tolerance.total_seconds():.0f} s from our clock: an old request sent again, "
            "or a clock that is wrong.",
        )
    return None
