"""Making, delivering and changing cards, and the addresses of their callbacks.

https://open.dingtalk.com/document/development/create-and-deliver-cards
https://open.dingtalk.com/document/development/interactive-card-update-interface
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.dingtalk.sandbox.api.answers import NewRefusal, bad
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import Given, part, text, truth, whole
from connectors.dingtalk.sandbox.cards.deck import Card, Route
from connectors.dingtalk.sandbox.cards.delivery import Deliveries, spaces_of
from connectors.dingtalk.sandbox.state import State

PERMISSION = "Card.Instance.Write"
PATH = "/v1.0/card/instances"
MOST_KEY_BYTES = 100
MOST_VALUE_BYTES = 1024
BY_UNION = 2
_SPACE_MODELS = ("imGroupOpenSpaceModel", "imRobotOpenSpaceModel", "imSingleOpenSpaceModel", "topOpenSpaceModel")


class CardCalls:
    """The calls for cards."""

    def __init__(self, state: State) -> None:
        """Keep the cards in `state`."""
        self._state = state
        self._deliveries = Deliveries(state)

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint(
                "POST", f"{PATH}/createAndDeliver", self._create_and_deliver, PERMISSION, writes="outTrackId", paid=True
            ),
            Endpoint("POST", f"{PATH}/deliver", self._deliver, PERMISSION, writes="outTrackId", paid=True),
            Endpoint("POST", PATH, self._create, PERMISSION, writes="outTrackId", paid=True),
            Endpoint("PUT", PATH, self._update, PERMISSION, writes="outTrackId", paid=True),
            Endpoint("PUT", "/v1.0/card/streaming", self._streaming, PERMISSION, writes="outTrackId", paid=True),
            Endpoint(
                "POST",
                "/v1.0/card/callbacks/register",
                self._register,
                PERMISSION,
                writes="callbackRouteKey",
                paid=True,
            ),
        ]

    def _create_and_deliver(self, call: Call) -> Mapping[str, Any]:
        spaces = spaces_of(call.given)
        self._deliveries.check(call.given, spaces)
        card = self._made(call)
        told = self._deliveries.deliver(call, card, spaces)
        return {"success": True, "result": {"outTrackId": card.out_track_id, "deliverResults": told}}

    def _create(self, call: Call) -> Mapping[str, Any]:
        return {"success": True, "result": self._made(call).out_track_id}

    def _deliver(self, call: Call) -> Mapping[str, Any]:
        card = self._known(call)
        spaces = spaces_of(call.given)
        self._deliveries.check(call.given, spaces)
        return {"success": True, "result": self._deliveries.deliver(call, card, spaces)}

    def _made(self, call: Call) -> Card:
        id_ = _out_track_id(call.given)
        if not text(call.given, "cardTemplateId"):
            raise bad("param.cardTemplateIdEmpty")
        template = self._state.deck.templates.get(text(call.given, "cardTemplateId"))
        if template is None:
            raise bad("param.templateNotExist")
        if not template.published:
            raise bad("param.templateUnpublished")
        present = self._state.deck.cards.get(id_)
        if present is not None:
            # A-DINGTALK-118: an id that is used again is refused, or ignored, by different pages
            if self._state.app_switches.used_out_track_id == "refused":
                raise bad("param.cardAlreadyExist")
            return present
        data = self._texts(part(part(call.given, "cardData"), "cardParamMap"))
        card = Card(id_, call.app.client_id, template, call.at, data)
        for user, own in self._private(card, call.given).items():
            card.replace_private(user, own, by_key=False)
        card.callback_type = text(call.given, "callbackType")
        card.route_key = text(call.given, "callbackRouteKey")
        card.user_id_type = whole(call.given, "userIdType", 1) or 1
        card.spaces = {name: part(call.given, name) for name in _SPACE_MODELS if name in call.given}
        self._state.deck.cards[id_] = card
        return card

    def _update(self, call: Call) -> Mapping[str, Any]:
        card = self._known(call)
        if not part(call.given, "cardData") and not part(call.given, "privateData"):
            raise bad("param.cardDataAndPrivateDataBothEmpty")
        options = part(call.given, "cardUpdateOptions")
        data, private = self._texts(part(part(call.given, "cardData"), "cardParamMap")), self._private(card, call.given)
        if part(call.given, "cardData"):
            card.replace(data, by_key=truth(options, "updateCardDataByKey"))
        for user, own in private.items():
            card.replace_private(user, own, by_key=truth(options, "updatePrivateDataByKey"))
        card.updates += 1
        card.updated_in_callback += card.clicks_open > 0
        return {"success": True, "result": True}

    def _streaming(self, call: Call) -> Mapping[str, Any]:
        card = self._known(call)
        key = text(call.given, "key")
        if not key or not text(call.given, "guid"):
            raise bad("param.empty")
        before = "" if truth(call.given, "isFull") else card.data.get(key, "")
        card.replace({key: before + text(call.given, "content")}, by_key=True)
        return {"success": True, "result": True}

    def _register(self, call: Call) -> Mapping[str, Any]:
        key, url = text(call.given, "callbackRouteKey"), text(call.given, "callbackUrl")
        if not key:
            raise bad("param.callbackRouteKeyEmpty")
        if not url:
            raise bad("param.callbackUrlEmpty")
        known = self._state.deck.routes.get(key)
        if known is not None and not truth(call.given, "forceUpdate"):
            raise NewRefusal(500, "param.callbackRouteKeyExist")
        secret = text(call.given, "apiSecret")
        self._state.deck.routes[key] = Route(url, secret)
        return {"success": True, "result": {"callbackUrl": url, "apiSecret": secret}}

    def _known(self, call: Call) -> Card:
        card = self._state.deck.cards.get(_out_track_id(call.given))
        if card is None or card.client_id != call.app.client_id:
            raise bad("param.cardNotExist")
        return card

    def _private(self, card: Card, given: Given) -> Mapping[str, Mapping[str, str]]:
        found: dict[str, Mapping[str, str]] = {}
        by_union = whole(given, "userIdType", 1) == BY_UNION
        for named in part(given, "privateData"):
            own = part(part(given, "privateData"), named)
            person = self._state.company.by_union(named) if by_union else self._state.company.users.get(named)
            if person is None:
                raise bad("param.userIdNotExist")
            data = self._texts(part(own, "cardParamMap"))
            if self._state.app_switches.private_needs_flag:
                # A-DINGTALK-119: what happens to a variable that the template does not flag is on no page
                data = {name: value for name, value in data.items() if name in card.template.private}
            found[person.id] = data
        return found

    def _texts(self, data: Given) -> dict[str, str]:
        for name, value in data.items():
            if not isinstance(value, str) or len(name.encode()) > MOST_KEY_BYTES:
                raise bad("param.invalid", f"{name} must be a string")
            # A-DINGTALK-120: the page gives the size, not what happens above it
            if self._state.app_switches.long_card_values == "refused" and len(value.encode()) > MOST_VALUE_BYTES:
                raise bad("param.invalid", f"{name} is too long")
            if any(word in value for word in self._state.settings.moderated_words):
                raise bad("param.contentUnsafe")
        return {name: str(value) for name, value in data.items()}


def _out_track_id(given: Given) -> str:
    id_ = text(given, "outTrackId")
    if not id_:
        raise bad("param.outTrackIdEmpty")
    return id_
