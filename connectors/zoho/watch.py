"""Notification channels: made, proven to be alive, and renewed before half of their life is over.

https://www.zoho.com/crm/developer/docs/api/v8/notifications/enable.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.contract import Misconfigured, Retryable, Subscription
from connectors.zoho.errors import Fault, unreadable
from connectors.zoho.push import Channel
from connectors.zoho.records import moment, written
from connectors.zoho.wire import Account, Call, info_of, rows_of

PATH = "actions/watch"
SCOPE = "ZohoCRM.notifications.ALL"
PROVE_EVERY = timedelta(hours=1)
"""A channel can be taken away by anybody with the right to: the vendor's list is looked at so often."""
SOONEST = timedelta(minutes=1)
RENEW_AT = 0.45
MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class Life:
    """A channel's life as the vendor gave it: from its making or renewal until its end, aware UTC."""

    began: datetime
    ends: datetime

    @property
    def due(self) -> datetime:
        """When it is renewed."""
        return self.began + (self.ends - self.began) * RENEW_AT


@dataclass(frozen=True, slots=True)
class State:
    """What the ledger keeps between two calls. `proved`: when every channel was last seen alive."""

    proved: datetime | None = None
    lives: Mapping[str, Life] = field(default_factory=dict)

    def text(self) -> str:
        """Write for the ledger; it holds no secret."""
        lives = {name: [written(life.began), written(life.ends)] for name, life in self.lives.items()}
        return json.dumps({"v": 1, "proved": self.proved and written(self.proved), "lives": lives})

    @classmethod
    def read(cls, text: str | None) -> State:
        """Read what was kept; what cannot be read is as good as nothing."""
        try:
            state = json.loads(text or "{}")
            lives = {name: Life(moment(began), moment(ends)) for name, (began, ends) in state["lives"].items()}
            return cls(moment(state["proved"]), lives)
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls()


class Watch:
    """The channels of one source, one for each module."""

    def __init__(
        self, account: Account, channels: Sequence[Channel], life: timedelta, now: Callable[[], datetime]
    ) -> None:
        self._account = account
        self._channels = tuple(channels)
        self._life = life
        self._now = now

    def subscribe(self, address: str, state: str | None) -> Subscription:
        """Make what is missing, renew what is due, and look that all of it is there.

        `silent_since` is the last time at which all channels were seen alive, where one was lost since. Raises the
        contract's errors; Misconfigured names a module that the vendor does not notify of.
        """
        before, now = State.read(state), self._now()
        listed = self._listed()
        alive = {each.kind for each in self._channels if _alive(listed.get(each.id), each, address, now)}
        due = [each for each in self._channels if each.kind not in alive or _due(before, each, now)]
        lost = [each for each in self._channels if each.kind in before.lives and each.kind not in alive]
        lives = dict(before.lives)
        if due:
            lives |= self._written(due, set(listed), address, now)
            self._prove(due, address)
        kept = {each.kind: lives[each.kind] for each in self._channels}
        soonest = min((life.due for life in kept.values()), default=now + PROVE_EVERY)
        return Subscription(
            state=State(now, kept).text(),
            renew_at=max(min(soonest, now + PROVE_EVERY), now + SOONEST),
            silent_since=before.proved if lost else None,
        )

    def _listed(self) -> dict[str, Mapping[str, Any]]:
        """Return the app's channels by id."""
        found: dict[str, Mapping[str, Any]] = {}
        for page in range(1, MOST_PAGES + 1):
            params = {"page": str(page), "per_page": "200"}
            answer = self._account.call(Call("GET", PATH, SCOPE, params))
            for row in rows_of(answer, "watch"):
                if isinstance(row, dict):
                    found[str(row.get("channel_id"))] = row
            if info_of(answer).get("more_records") is not True:
                break
        return found

    def _written(self, due: Sequence[Channel], known: set[str], address: str, now: datetime) -> dict[str, Life]:
        lives: dict[str, Life] = {}
        for method, some in (
            ("PUT", [each for each in due if each.id in known]),
            ("POST", [each for each in due if each.id not in known]),
        ):
            if some:
                body = {"watch": [self._body(each, address, now) for each in some]}
                # Sent twice it makes the same channel, whose id is ours.
                answer = self._account.call(Call(method, PATH, SCOPE, body=body, refusable=True))
                lives |= {
                    each.kind: _life(row, now) for each, row in zip(some, _results(answer.body, some), strict=True)
                }
        return lives

    def _body(self, channel: Channel, address: str, now: datetime) -> dict[str, Any]:
        """All of a channel: what an update does not name is taken away."""
        return {
            "channel_id": channel.id,
            "events": list(channel.events),
            "channel_expiry": written((now + self._life).replace(microsecond=0)),
            "token": channel.token,
            "notify_url": address,
            "notify_on_related_action": False,
            "return_affected_field_values": False,
        }

    def _prove(self, due: Sequence[Channel], address: str) -> None:
        listed = self._listed()
        missing = [each.kind for each in due if not _alive(listed.get(each.id), each, address, self._now())]
        if missing:
            raise Retryable(f"Zoho took the notifications of {', '.join(missing)}, and does not list them yet.")


def _alive(row: Mapping[str, Any] | None, channel: Channel, address: str, now: datetime) -> bool:
    """Whether the vendor will post what we believe, to where we listen."""
    if row is None or row.get("notify_url") != address or row.get("token") not in {None, channel.token}:
        return False
    try:
        ends = moment(row["channel_expiry"])
    except (ValueError, KeyError, TypeError):
        return False
    events = row.get("events")
    return ends > now and isinstance(events, list) and set(channel.events) <= {str(each) for each in events}


def _due(before: State, channel: Channel, now: datetime) -> bool:
    life = before.lives.get(channel.kind)
    return life is None or now >= life.due


def _results(body: Any, some: Sequence[Channel]) -> Sequence[Mapping[str, Any]]:
    """Return one result for each channel. Raises Misconfigured where the vendor refused one."""
    rows = body.get("watch") if isinstance(body, dict) else None
    if not isinstance(rows, list) or len(rows) != len(some):
        fault = Fault.read(400, body)
        if fault.code:
            raise Misconfigured(f"Zoho makes no notification channel: {fault.code}. (Name: {fault.named})")
        raise unreadable(str(body).encode())
    for channel, row in zip(some, rows, strict=True):
        if not isinstance(row, dict) or row.get("status") != "success":
            fault = Fault.read(400, {"watch": [row]})
            raise Misconfigured(
                f"Zoho does not notify of {channel.kind}: {fault.code} {fault.named}. Check that the address can be "
                "reached from outside, and that the module is one that Zoho notifies of.",
                detail=fault.detail,
            )
    return rows


def _life(row: Mapping[str, Any], now: datetime) -> Life:
    """The life that the vendor gave, which may be shorter than what was asked for (A-ZOHO-107)."""
    try:
        events = row["details"]["events"]
        return Life(now, min(moment(each["channel_expiry"]) for each in events))
    except (KeyError, TypeError, ValueError):
        raise unreadable(str(row).encode()) from None
