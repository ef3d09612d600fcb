"""Notifications that Business Central posts: verify the client state, then name what is to be read again.

Nothing is signed. Each notification brings back the client state that its subscription was made with, which is a secret
that only the vendor and we know; and nothing but ids and times is believed of it: records are read through the API.
https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/dynamics-subscriptions
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs

import msgspec

from connectors.contract import Hint, RawRequest, Received, Refusal, Refused, Reply
from connectors.dynamics.business_central.records import checked_id, moment
from connectors.dynamics.business_central.settings import STANDARD, BusinessCentralSettings, Kind, Reading
from connectors.dynamics.business_central.vocabulary import PUSHED

MAX_BODY = 8 * 1024 * 1024
"""One post brings up to a thousand notifications of each subscription, about half a kilobyte each."""
AGAIN = Reply(503, b"", headers={"retry-after": "60"})
"""What every refusal gets. The vendor repeats after 408, 429 and 5xx, for 36 hours; any other refusal of ours would
make it delete the subscription."""
EARLIER = timedelta(seconds=2)
"""A notification names the time at which the change was noticed, which may lie after the record's own stamp by a few
milliseconds (A-DYNAMICS-305): a hint that asks for as much would never be satisfied."""

_RESOURCE = re.compile(
    r"(?:^|/)(?:api/(?P<route>[\w./-]+?)/)?companies\([^()]*\)/(?P<set>\w+)(?:\('?(?P<id>[^()']*)'?\))?(?:$|\?)"
)
_TOKEN = re.compile(r"[\x21-\x7e]{1,2048}")


def pushed(kind: str, chosen: Kind) -> bool:
    """Whether notifications of a kind are subscribed to: what the vendor does not notify of is polled alone."""
    standard = chosen.api == STANDARD and (chosen.entity_set or kind) not in PUSHED
    return chosen.push and chosen.reading is Reading.CHANGES and not standard


def client_state(source: str, settings: BusinessCentralSettings) -> str:
    """Derive the client state of a source's subscriptions: 43 characters, another one for each source and company.

    Empty where the settings name no secret. An older description of the vendor's allows 250 characters.
    """
    if settings.client_state is None:
        return ""
    name = f"{source}\n{settings.tenant}\n{settings.environment}\n{settings.company}".encode()
    digest = hmac.digest(settings.client_state.get_secret_value().encode(), b"notifications\n" + name, "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class _Notification(msgspec.Struct, rename="camel"):
    """What is read of one notification."""

    client_state: str | None = None
    resource: str = ""
    change_type: str = ""
    last_modified_date_time: str = ""


class _Push(msgspec.Struct):
    """What is read of a post."""

    value: list[_Notification]


_DECODER = msgspec.json.Decoder(_Push)


@dataclass(frozen=True, slots=True)
class Receiver:
    """Takes notifications; nothing is read but the request. `kinds` are those subscribed to, by route and set."""

    state: str
    kinds: Mapping[tuple[str, str], tuple[str, ...]]

    @classmethod
    def of(cls, source: str, settings: BusinessCentralSettings) -> Receiver:
        """Make the receiver of a source."""
        kinds: dict[tuple[str, str], tuple[str, ...]] = {}
        for kind, chosen in settings.kinds.items():
            if pushed(kind, chosen):
                place = settings.entity_set(kind)
                kinds[place] = (*kinds.get(place, ()), kind)
        return cls(client_state(source, settings), kinds)

    def receive(self, request: RawRequest) -> Received:
        """Verify one post and name the records to read again; raises nothing whatever the bytes are."""
        token = _validation(request)
        if token:
            return Received(Reply(200, token.encode(), headers={"x-content-type-options": "nosniff"}))
        if len(request.body) > MAX_BODY:
            return self._refused(Refusal.TOO_LARGE, f"The body has more than {MAX_BODY} bytes.")
        try:
            push = _DECODER.decode(request.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._refused(Refusal.MALFORMED, "The body is not a notification as Business Central documents it.")
        if not push.value or not all(each.client_state for each in push.value):
            return self._refused(Refusal.UNSIGNED, "A notification has no client state.")
        if not self._believed(push):
            return self._refused(
                Refusal.BAD_SIGNATURE,
                "A notification's client state is not this source's: it is another's, or client_state has changed "
                "since the subscription was made.",
            )
        return self._taken(push)

    def refuse(self, _refusal: Refusal) -> Reply:
        """Return the reply to a post that is not taken."""
        return AGAIN

    def _believed(self, push: _Push) -> bool:
        """Compare every client state, without leaving early, so that time tells nothing."""
        state = self.state.encode()
        same = [hmac.compare_digest((each.client_state or "").encode("utf-8", "replace"), state) for each in push.value]
        return bool(state) and all(same)

    def _taken(self, push: _Push) -> Received:
        """Name what changed; of too many changes (`collection`) the vendor names none, and polling finds them."""
        hints: dict[tuple[str, str], datetime | None] = {}
        for each in push.value:
            if each.change_type == "collection":
                continue
            try:
                found = list(self._named(each))
            except (ValueError, TypeError, Refused):
                return self._refused(Refusal.MALFORMED, "A notification names no record of this source.")
            for kind, record_id, stamp in found:
                known = hints.get((kind, record_id))
                hints[kind, record_id] = max(known, stamp) if known and stamp else stamp or known
        return Received(Reply(200), hints=tuple(Hint(*key, stamp) for key, stamp in hints.items()))

    def _named(self, of: _Notification) -> Iterator[tuple[str, str, datetime | None]]:
        """Find the kinds that a notification's record is read as: none where they are no longer read."""
        found = _RESOURCE.search(of.resource)
        if found is None or not found["id"]:
            raise ValueError("no record")
        # What was deleted is not read again: any answer to the reading is later than the deletion.
        stamp = moment(of.last_modified_date_time) - EARLIER if of.change_type in {"created", "updated"} else None
        for kind in self.kinds.get((found["route"] or STANDARD, found["set"]), ()):
            key_type = "Edm.Guid" if re.fullmatch(r"[0-9A-Fa-f-]{36}", found["id"]) else "Edm.String"
            yield kind, checked_id(found["id"], key_type), stamp

    def _refused(self, refusal: Refusal, reason: str) -> Received:
        return Received(self.refuse(refusal), refusal=refusal, reason=reason)


def _validation(request: RawRequest) -> str:
    """Return the token that a new or renewed subscription has to hear back, empty where this is a notification.

    It comes in the query of a post without notifications (A-DYNAMICS-304).
    """
    token = next(iter(parse_qs(request.query).get("validationToken", ())), "")
    return token if _TOKEN.fullmatch(token) and b'"value"' not in request.body else ""
