"""Interactive cards: created and delivered once by our key, changed for everybody or for one reader.

https://open.dingtalk.com/document/development/create-and-deliver-cards
https://open.dingtalk.com/document/development/interactive-card-update-interface
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import msgspec

from connectors.contract import ConnectorError, Delivery, Outcome, Refused
from connectors.dingtalk.app.calls import Call, Calls
from connectors.dingtalk.app.receipts import failed, refused, undocumented
from connectors.dingtalk.app.verdict import Verdict

CREATE = "v1.0/card/instances/createAndDeliver"
DELIVER = "v1.0/card/instances/deliver"
UPDATE = "v1.0/card/instances"
MOST_VALUE_BYTES = 1_024
_MOST_KEY = 64
_EXISTS = "param.cardAlreadyExist"
_LANGUAGES = ("ZH_CN", "ZH_TW", "EN_US")

Values = Mapping[str, str]
"""A template's variables. Every value is text: numbers, truth and lists as DingTalk's page on filling in cards says.

https://open.dingtalk.com/document/development/instructions-for-filling-in-api-card-data
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card appears: in a group, or in a person's chat with the robot; exactly one of both.

    `readers` of a group see the card alone; nobody named: everybody. A-DINGTALK-122
    """

    conversation: str = ""
    user: str = ""
    readers: tuple[str, ...] = ()

    @property
    def space(self) -> str:
        """DingTalk's name of the place."""
        return f"dtv1.card//IM_GROUP.{self.conversation}" if self.conversation else f"dtv1.card//IM_ROBOT.{self.user}"


@dataclass(frozen=True, slots=True)
class Card:
    """A card. `key` is ours and names it for ever; `private` is what single readers see, by user id.

    `preview` stands in the list of chats and on lock screens; `quiet` keeps phones silent. Presses come by Stream, or by
    HTTP where `route` is the callbackRouteKey of a registered address. A card cannot be forwarded.
    """

    key: str
    template: str
    values: Values
    private: Mapping[str, Values] = field(default_factory=lambda: MappingProxyType({}))
    preview: str = ""
    quiet: bool = False
    route: str = ""

    @property
    def track(self) -> str:
        """The card's outTrackId: `key`, or a digest of it where it is longer than 64 characters."""
        return track(self.key)


def track(key: str) -> str:
    """Return the outTrackId of a card's key."""
    return key if 0 < len(key) <= _MOST_KEY else hashlib.sha256(key.encode()).hexdigest()


class Cards:
    """Creates and changes cards as one application; presses come back to the same application."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def freeze(self, card: Card, place: Place) -> bytes:
        """Return the JSON body that creates `card` in `place`; the same card gives the same bytes."""
        robot = self._calls.application.robot
        body: dict[str, Any] = {
            "cardTemplateId": card.template,
            "outTrackId": card.track,
            "callbackType": "HTTP" if card.route else "STREAM",
            "cardData": {"cardParamMap": dict(card.values)},
            "userIdType": 1,
            "openSpaceId": place.space,
        }
        if card.route:
            body["callbackRouteKey"] = card.route
        if card.private:
            body["privateData"] = _private(card.private)
        group = bool(place.conversation)
        body["imGroupOpenSpaceModel" if group else "imRobotOpenSpaceModel"] = _space(card)
        deliver: dict[str, Any] = {"robotCode": robot}
        if not group:
            deliver["spaceType"] = "IM_ROBOT"
        elif place.readers:
            deliver["recipients"] = place.readers
        body["imGroupOpenDeliverModel" if group else "imRobotOpenDeliverModel"] = deliver
        return msgspec.json.encode(body)

    def deliver(self, frozen: bytes) -> Delivery:
        """Create and deliver a frozen card once; the delivery's handle is its outTrackId.

        A card that exists was delivered with its first creation; one that could not be delivered is tried once more.
        """
        body = msgspec.json.decode(frozen)
        handle = str(body["outTrackId"])
        try:
            verdict = self._calls.ask(Call(CREATE, frozen))
        except ConnectorError as error:
            return failed(error)
        if verdict.code == _EXISTS:
            return Delivery(Outcome.DELIVERED, verdict.code, handle=handle)  # A-DINGTALK-209
        if not verdict.fine:
            return refused(verdict)
        fault = _fault(verdict)
        if fault is None:
            return undocumented(verdict.code)
        if fault and not self._delivered_again(body):
            # never tried again as it is: the card exists, and that would be taken for delivered
            sentence = f"The card was made and not delivered ({fault}): check group or person, robot and template."
            return Delivery(Outcome.REFUSED, "notDelivered", sentence, handle=handle)
        return Delivery(Outcome.DELIVERED, verdict.code, handle=handle)

    def _delivered_again(self, body: Mapping[str, Any]) -> bool:
        try:
            verdict = self._calls.ask(Call(DELIVER, _again(body)))  # A-DINGTALK-210
        except ConnectorError:
            return False
        return verdict.fine and _fault(verdict) == ""

    def update(self, key: str, values: Values, private: Mapping[str, Values] | None = None) -> None:
        """Change these variables of a card for everybody, and those of `private` for single readers.

        What is not named stays. It may be repeated. It must not be called before a press was answered. Raises the
        contract's errors.
        """
        body: dict[str, Any] = {
            "outTrackId": track(key),
            "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True},
            "userIdType": 1,
        }
        if values:
            body["cardData"] = {"cardParamMap": dict(values)}
        if private:
            body["privateData"] = _private(private)
        said = self._calls.make(Call(UPDATE, msgspec.json.encode(body), method="PUT", repeatable=True))
        if said.get("result") is False:
            raise Refused("DingTalk did not change the card: see that its template has these variables.")


def _private(values: Mapping[str, Values]) -> dict[str, Any]:
    return {user: {"cardParamMap": dict(own)} for user, own in values.items()}


def _space(card: Card) -> dict[str, Any]:
    space: dict[str, Any] = {"supportForward": False}
    if card.preview:
        space["lastMessageI18n"] = dict.fromkeys(_LANGUAGES, card.preview)
    notice: dict[str, Any] = {"notificationOff": card.quiet}
    if card.preview:
        notice["alertContent"] = card.preview
    space["notification"] = notice
    return space


def _again(body: Mapping[str, Any]) -> bytes:
    kept = ("outTrackId", "openSpaceId", "imGroupOpenDeliverModel", "imRobotOpenDeliverModel", "userIdType")
    return msgspec.json.encode({name: body[name] for name in kept if name in body})


def _fault(verdict: Verdict) -> str | None:
    """Return why a card was not delivered, "" where it was, None where the answer does not tell."""
    result = verdict.said.get("result")
    rows = result.get("deliverResults") if isinstance(result, dict) else result
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        return None
    return next((str(row.get("errorMsg") or "no reason")[:200] for row in rows if not _true(row.get("success"))), "")


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
