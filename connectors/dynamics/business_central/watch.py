"""Subscriptions: one for each entity set, made, proven to be alive, and renewed before half of their life is over.

https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/resources/dynamics_subscriptions
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.contract import Misconfigured, Retryable, Subscription
from connectors.dynamics.business_central.company import Company
from connectors.dynamics.business_central.errors import CHANGED, explain, unreadable
from connectors.dynamics.business_central.records import moment, written
from connectors.dynamics.business_central.settings import BusinessCentralSettings
from connectors.dynamics.business_central.wire import Account, Call, body_of
from connectors.odata import Answer, address, etag, keyed, page

PROVE_EVERY = timedelta(hours=1)
"""The vendor deletes a subscription after a single refusal, without telling: its list is looked at so often."""
SOONEST = timedelta(minutes=1)
LONGEST = timedelta(days=3)
RENEW_AT = 0.45


@dataclass(frozen=True, slots=True)
class Life:
    """A subscription's life as the vendor gave it: from its making or renewal until its end, aware UTC."""

    began: datetime
    ends: datetime

    @property
    def due(self) -> datetime:
        """When it is renewed."""
        return self.began + (self.ends - self.began) * RENEW_AT


@dataclass(frozen=True, slots=True)
class State:
    """What the ledger keeps between two calls: when all was last seen alive, each life by its place, and `secret`.

    `secret` is a digest of the client state: one that has changed is written into every subscription.
    """

    proved: datetime | None = None
    secret: str = ""
    lives: Mapping[str, Life] = field(default_factory=dict)

    def text(self) -> str:
        """Write for the ledger; it holds no secret."""
        lives = {name: [written(life.began), written(life.ends)] for name, life in self.lives.items()}
        proved = self.proved and written(self.proved)
        return json.dumps({"v": 1, "proved": proved, "secret": self.secret, "lives": lives})

    @classmethod
    def read(cls, text: str | None) -> State:
        """Read what was kept; what cannot be read is as good as nothing."""
        try:
            state = json.loads(text or "{}")
            lives = {name: Life(moment(began), moment(ends)) for name, (began, ends) in state["lives"].items()}
            return cls(moment(state["proved"]), str(state["secret"]), lives)
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls()


@dataclass(frozen=True, slots=True)
class Topic:
    """An entity set that is subscribed to, in one of the APIs."""

    route: str
    entity_set: str

    @property
    def name(self) -> str:
        """The route and the entity set."""
        return f"{self.route}/{self.entity_set}"


@dataclass(frozen=True, slots=True)
class Listed:
    """A subscription as the vendor lists it."""

    id: str
    tag: str
    ends: datetime | None


class Watch:
    """The subscriptions of one source; all call one address and bring one client state."""

    def __init__(
        self,
        account: Account,
        company: Company,
        settings: BusinessCentralSettings,
        topics: Sequence[Topic],
        client_state: str,
    ) -> None:
        self._account = account
        self._company = company
        self._settings = settings
        self._topics = tuple(topics)
        self._state = client_state

    def subscribe(self, address_: str, state: str | None, now: Callable[[], datetime]) -> Subscription:
        """Make what is missing, renew what is due, and look that all of it is there.

        `silent_since` is the last time at which all were seen alive, where one was lost since. Raises the contract's
        errors; Misconfigured where the vendor refuses one, its handshake with the address included.
        """
        if self._topics and not self._state:
            raise Misconfigured("Notifications need a secret of your choice: give client_state, or set `push: false`.")
        before, began = State.read(state), now()
        secret = hashlib.sha256(self._state.encode()).hexdigest()[:16]
        listed = self._listed(address_)
        lost = [
            each.name for each in self._topics if each.name in before.lives and not _alive(listed.get(each.name), began)
        ]
        lives: dict[str, Life] = {}
        for topic in self._topics:
            known, life = listed.get(topic.name), before.lives.get(topic.name)
            fresh = life is not None and began < life.due and before.secret == secret and _alive(known, began)
            lives[topic.name] = life if fresh and life else self._written(topic, known, address_, began)
        soonest = min((life.due for life in lives.values()), default=began + PROVE_EVERY)
        return Subscription(
            state=State(began, secret, lives).text(),
            renew_at=max(min(soonest, began + PROVE_EVERY), began + SOONEST),
            silent_since=before.proved if lost else None,
        )

    def _listed(self, address_: str) -> dict[str, Listed]:
        """Return those of our subscriptions that call the address, by the name of their topic."""
        found: dict[str, Listed] = {}
        for route in dict.fromkeys(each.route for each in self._topics):
            url = address(f"{self._settings.api}/{route}", "subscriptions")
            while url:
                answer = self._account.call(Call("GET", url))
                try:
                    rows = page(answer.body, url)
                except ValueError:
                    raise unreadable(answer.content) from None
                for row in rows.rows:
                    name = self._topic_of(row, address_)
                    if name:
                        found[name] = Listed(str(row.get("subscriptionId")), etag(row), _ends(row))
                url = rows.next_link
        return found

    def _topic_of(self, row: Mapping[str, Any], address_: str) -> str:
        """Name the topic of a subscription of ours, empty for another's; the resource may stand as a whole address.

        The list has the subscriptions of everybody in the environment (A-DYNAMICS-303).
        """
        if row.get("notificationUrl") != address_:
            return ""
        resource = str(row.get("resource") or "").rstrip("/").lower()
        return next((each.name for each in self._topics if resource.endswith(self._resource(each).lower()[1:])), "")

    def _resource(self, topic: Topic) -> str:
        return f"/api/{topic.route}/{keyed('companies', self._company.place.id)}/{topic.entity_set}"

    def _written(self, topic: Topic, known: Listed | None, address_: str, now: datetime) -> Life:
        """Make or renew one; the vendor asks the address for its validation token before it answers."""
        body = {"notificationUrl": address_, "resource": self._resource(topic), "clientState": self._state}
        service = f"{self._settings.api}/{topic.route}"
        if known is None:
            call = Call("POST", address(service, "subscriptions"), body=body, repeatable=False, refusable=True)
        else:
            url = address(service, keyed("subscriptions", known.id))
            call = Call("PATCH", url, {"If-Match": known.tag or "*"}, body, refusable=True)
        answer = self._account.call(call)
        if answer.status >= 300:
            raise _refused(topic, answer)
        return Life(now, _ends(body_of(answer)) or now + LONGEST)


def _alive(known: Listed | None, now: datetime) -> bool:
    return known is not None and (known.ends is None or known.ends > now)


def _ends(row: Mapping[str, Any]) -> datetime | None:
    try:
        return moment(row["expirationDateTime"])
    except (KeyError, ValueError, TypeError):
        return None


def _refused(topic: Topic, answer: Answer) -> Misconfigured | Retryable:
    fault = answer.fault
    if fault.code in CHANGED or answer.status in {404, 409, 412}:
        return Retryable(f"The subscription to {topic.name} has changed meanwhile.", detail=fault.detail)
    if answer.status == 403:
        return Misconfigured(str(explain(fault)), detail=fault.detail)
    return Misconfigured(
        f"Business Central does not notify of {topic.name}. Its handshake must reach the bridge's public address "
        "within five seconds, and there are 200 subscriptions at most; where it has none for this entity set, set "
        "`push: false`.",
        detail=fault.detail,
    )
