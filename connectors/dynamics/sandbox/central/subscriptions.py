"""Subscriptions: a handshake, three days, and a renewal that shakes hands again.

See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/dynamics-subscriptions
"""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import anyio.to_thread
import requests
from starlette.responses import Response

from connectors.dynamics.sandbox import moments
from connectors.dynamics.sandbox.central.api import Call, json
from connectors.dynamics.sandbox.central.errors import no_resource, no_token, refuse
from connectors.dynamics.sandbox.central.place import Place
from connectors.dynamics.sandbox.central.records import body, check_version
from connectors.dynamics.sandbox.central.tables import WEBHOOKS

LONGEST_STATE = 2048
HANDSHAKE_S = 30.0
_RESOURCE = re.compile(r"/?api/v2\.0/companies\(([0-9a-fA-F-]{36})\)/(\w+)")


@dataclass(slots=True)
class Subscription:
    """Who is told of changes to one resource of one company."""

    url: str
    resource: str
    company: str
    table: str
    client_state: str
    user_id: str
    expires: datetime
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    created: datetime = field(default_factory=moments.now)
    modified: datetime = field(default_factory=moments.now)
    changes: int = 1

    @property
    def etag(self) -> str:
        """The version of the subscription itself."""
        return f'W/"{self.id[:8]}{self.changes:04d}"'


class Subscriptions:
    """All subscriptions of the environment."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._kept: dict[str, Subscription] = {}

    def living(self) -> list[Subscription]:
        """Return the subscriptions that have not expired; those that have are gone."""
        present = moments.now()
        self._kept = {s.id: s for s in self._kept.values() if s.expires > present}
        return list(self._kept.values())

    def end(self, subscription_id: str) -> None:
        """Delete a subscription."""
        self._kept.pop(subscription_id, None)

    async def serve(self, call: Call) -> Response:
        """Answer `/subscriptions`. Raises `Refusal`."""
        segment = call.segments[0]
        if segment.args is None:
            if call.method == "POST":
                return await self._create(call)
            if call.method == "GET":
                shown = [_shown(s) for s in self.living()]
                return json({"@odata.context": f"{call.root}/$metadata#subscriptions", "value": shown})
            raise refuse(405, "BadRequest_MethodNotAllowed", f"'{call.method}' is not allowed here.")
        found = next((s for s in self.living() if s.id == segment.key), None)
        if found is None:
            raise refuse(404, self._place.switches.missing_record_code, "The subscription does not exist.")
        if call.method == "GET":
            return json({"@odata.context": f"{call.root}/$metadata#subscriptions/$entity", **_shown(found)})
        if call.method == "DELETE":
            check_version(call, found.etag)
            self.end(found.id)
            return Response(status_code=204)
        return await self._renew(call, found)

    async def _create(self, call: Call) -> Response:
        given = body(call)
        if len(self.living()) >= self._place.settings.subscriptions_max:
            raise refuse(400, "Application_DialogException", "The maximum number of subscriptions is reached.")
        company, table = _read(call.place, given)
        made = Subscription(
            url=str(given.get("notificationUrl", "")),
            resource=str(given["resource"]),
            company=company,
            table=table,
            client_state=_state(given),
            user_id=call.user_id,
            expires=self._expiry(),
        )
        await self._shake_hands(made.url)
        self._kept[made.id] = made
        return json({"@odata.context": f"{call.root}/$metadata#subscriptions/$entity", **_shown(made)}, 201)

    async def _renew(self, call: Call, found: Subscription) -> Response:
        if call.method != "PATCH":
            raise no_resource("subscriptions")
        if not call.headers.get("if-match"):
            raise no_token()
        check_version(call, found.etag)
        given = body(call)
        url = str(given.get("notificationUrl", found.url))
        state = _state(given) if "clientState" in given else found.client_state
        await self._shake_hands(url)
        found.url, found.client_state = url, state
        found.expires, found.modified = self._expiry(), moments.now()
        found.changes += 1
        return json({"@odata.context": f"{call.root}/$metadata#subscriptions/$entity", **_shown(found)})

    def _expiry(self) -> datetime:
        return moments.now() + timedelta(seconds=self._place.settings.subscription_seconds)

    async def _shake_hands(self, url: str) -> None:
        token = secrets.token_urlsafe(24)
        trouble = await anyio.to_thread.run_sync(self._ask, url, token)
        if trouble:
            message = f"The request to validate the notification URL failed: {trouble}."
            raise refuse(400, "Application_DialogException", message)

    def _ask(self, url: str, token: str) -> str:
        """Send the validation token, and return what is wrong with the answer."""
        # A-DYNAMICS-14: no page tells the method
        method = self._place.switches.handshake_method
        asked = f"{url}{'&' if '?' in url else '?'}{urlencode({'validationToken': token})}"
        try:
            response = requests.request(method, asked, timeout=HANDSHAKE_S)
        except requests.RequestException as error:
            return type(error).__name__
        if response.status_code != 200:
            return f"HTTP {response.status_code}"
        return "" if response.text.strip() == token else "the body is not the token"


def _read(place: Place, given: Mapping[str, Any]) -> tuple[str, str]:
    """Return the company and the resource that are named. Raises `Refusal` 400."""
    resource = str(given.get("resource", ""))
    match = _RESOURCE.fullmatch(resource)
    if match is None or match[1].lower() not in {company.id for company in place.companies}:
        raise refuse(400, "BadRequest", f"The resource '{resource}' is not valid.")
    if match[2] not in WEBHOOKS:
        raise refuse(400, "Application_DialogException", f"The resource '{match[2]}' does not support notifications.")
    return match[1].lower(), match[2]


def _state(given: Mapping[str, Any]) -> str:
    state = str(given.get("clientState", ""))
    if len(state) > LONGEST_STATE:
        message = f"The length of the string is {len(state)}, but it must be less than or equal to {LONGEST_STATE} characters."
        raise refuse(400, "Application_StringExceededLength", message)
    return state


def _shown(one: Subscription) -> dict[str, Any]:
    return {
        "@odata.etag": one.etag,
        "subscriptionId": one.id,
        "notificationUrl": one.url,
        "resource": one.resource,
        "timestamp": one.changes,
        "userId": one.user_id,
        "lastModifiedDateTime": moments.in_seconds(one.modified),
        "clientState": one.client_state,
        "expirationDateTime": moments.in_seconds(one.expires),
        "systemCreatedAt": moments.in_milliseconds(one.created),
        "systemCreatedBy": one.user_id,
        "systemModifiedAt": moments.in_milliseconds(one.modified),
        "systemModifiedBy": one.user_id,
    }
