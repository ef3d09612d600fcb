"""Putting a card into conversations: a group, a person's 1:1 chat with the robot, or the chat of two people.

https://open.dingtalk.com/document/development/delivery-card-interface
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from connectors.dingtalk.sandbox.api.answers import bad
from connectors.dingtalk.sandbox.api.endpoint import Call
from connectors.dingtalk.sandbox.api.fields import Given, part, text, texts, truth, whole
from connectors.dingtalk.sandbox.cards.deck import Card, Delivery
from connectors.dingtalk.sandbox.robots.sent import single_chat
from connectors.dingtalk.sandbox.shown import Kind, Shown
from connectors.dingtalk.sandbox.state import State

GROUP, ROBOT, SINGLE, PINNED = "IM_GROUP", "IM_ROBOT", "IM_SINGLE", "ONE_BOX"
OTHERS = ("CO_FEED", "DOC")
_PREFIX = "dtv1.card//"
_SPACE = re.compile(r"(?:dtv1\.card//)?(?P<type>[A-Za-z_]+)\.(?P<id>.+)", re.DOTALL)
_MODELS = {
    GROUP: ("imGroupOpenSpaceModel", "imGroupOpenDeliverModel"),
    ROBOT: ("imRobotOpenSpaceModel", "imRobotOpenDeliverModel"),
    SINGLE: ("imSingleOpenSpaceModel", "imSingleOpenDeliverModel"),
    PINNED: ("topOpenSpaceModel", "topOpenDeliverModel"),
}


@dataclass(frozen=True, slots=True)
class Space:
    """A place for a card."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class _Place:
    conversation: str = ""
    trouble: str = ""


def spaces_of(given: Given) -> list[Space]:
    """Return the places in `openSpaceId`; the type may be written in small letters. Raises a refusal."""
    raw = text(given, "openSpaceId")
    if not raw:
        raise bad("param.openSpaceIdEmpty")
    found = [_SPACE.fullmatch(one) for one in raw.split(";")]
    spaces = [Space(match["type"].upper(), match["id"]) for match in found if match]
    known = all(space.type in {*_MODELS, *OTHERS} for space in spaces)
    if not raw.startswith(_PREFIX) or len(spaces) != len(found) or not known:
        raise bad("param.openSpaceIdInvalid")
    return spaces


class Deliveries:
    """Delivers the cards of one twin."""

    def __init__(self, state: State) -> None:
        """Deliver into the conversations of `state`."""
        self._state = state

    def check(self, given: Given, spaces: Sequence[Space]) -> None:
        """Raise a refusal when the part for a space is missing."""
        for space in spaces:
            if space.type in _MODELS and not part(given, _MODELS[space.type][1]):
                raise bad("param.openDeliverModelEmpty")
            if space.type == PINNED and whole(part(given, _MODELS[PINNED][1]), "expiredTimeMillis") is None:
                raise bad("param.openDeliverModelError")

    def deliver(self, call: Call, card: Card, spaces: Sequence[Space]) -> list[Mapping[str, Any]]:
        """Deliver to each space and return what became of it; one may fail while others succeed."""
        return [self._deliver(call, card, space) for space in spaces]

    def _deliver(self, call: Call, card: Card, space: Space) -> Mapping[str, Any]:
        place = self._place(call, card, space)
        told = {"spaceType": space.type, "spaceId": space.id, "success": not place.trouble}
        if place.trouble:
            return {**told, "carrierId": "", "errorMsg": place.trouble}
        before = next((one for one in card.deliveries if one.conversation == place.conversation), None)
        # A-DINGTALK-121: whether a second delivery to one space shows the card again is on no page
        if before is None or self._state.app_switches.delivered_again == "shown":
            before = self._show(call, card, space, place.conversation)
        return {**told, "carrierId": before.carrier_id, "errorMsg": ""}

    def _show(self, call: Call, card: Card, space: Space, conversation: str) -> Delivery:
        model = part(call.given, _MODELS[space.type][1])
        notification = part(card.spaces.get(_MODELS[space.type][0], {}), "notification")
        pinned = space.type == PINNED
        recipients = tuple(texts(model, "userIds" if pinned else "recipients"))
        # A-DINGTALK-122: that nobody else sees the card is how the field is read, its effect is not described
        only = recipients if pinned or self._state.app_switches.recipients_restrict else ()
        until = (whole(model, "expiredTimeMillis", 0) or 0) / 1000 if pinned else 0.0
        raw = msgspec.json.encode({"outTrackId": card.out_track_id})
        shown = self._state.show(
            Shown(0, conversation, call.app.robotcode, call.at, raw, Kind.CARD, card.out_track_id, only, until)
        )
        delivery = Delivery(
            space_type=space.type,
            space_id=space.id,
            conversation=conversation,
            index=shown.index,
            carrier_id=base64.b64encode(secrets.token_bytes(32)).decode(),
            recipients=recipients,
            at={str(user): str(name) for user, name in part(model, "atUserIds").items()},
            quiet=truth(notification, "notificationOff"),
            alert=text(notification, "alertContent"),
        )
        self._state.deck.deliver(card, delivery)
        return delivery

    def _place(self, call: Call, card: Card, space: Space) -> _Place:
        if space.type not in _MODELS:
            return _Place(trouble=f"the sandbox has no space {space.type}")
        space_model, deliver_model = _MODELS[space.type]
        # A-DINGTALK-123: neither the refusal nor its text is on a page
        if self._state.app_switches.space_model_needed and space_model not in {*card.spaces, *call.given}:
            return _Place(trouble="spaces of card is empty")
        robot = text(part(call.given, deliver_model), "robotCode") or call.app.robotcode
        if robot != call.app.robotcode:
            return _Place(trouble="robotCode is invalid")
        return self._single(call, space, robot) if space.type == ROBOT else self._group(space, robot)

    def _group(self, space: Space, robot: str) -> _Place:
        group = self._state.company.conversation(space.id, private=space.type == SINGLE)
        if group is None:
            return _Place(trouble="spaceId is illegal")
        if group.disbanded:
            return _Place(trouble="group is disbanded")
        if robot not in group.robots:
            return _Place(trouble="robot is not in the group")
        return _Place(group.id)

    def _single(self, call: Call, space: Space, robot: str) -> _Place:
        users = self._state.company.users
        by_union = whole(call.given, "userIdType", 1) == 2
        person = self._state.company.by_union(space.id) if by_union else users.get(space.id)
        return _Place(single_chat(robot, person.id)) if person else _Place(trouble="spaceId is illegal")
