"""What one of the org's users may see and do, as the vendor answers them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.contract import Action, Answer, Verb
from connectors.zoho.acts import NO_CREDENTIAL
from connectors.zoho.blueprint import name_of, standing
from connectors.zoho.errors import ModuleUnknown
from connectors.zoho.layout import Fields, Layout, layout_of
from connectors.zoho.people import People
from connectors.zoho.reading import Reader, taken
from connectors.zoho.records import place_of
from connectors.zoho.schema import Schema
from connectors.zoho.settings import Kind
from connectors.zoho.users import user_of
from connectors.zoho.wire import Account

AGE = timedelta(minutes=1)
"""How long a person's view of a module's fields is used again."""


class Permissions:
    """Asks the org on behalf of people."""

    def __init__(self, people: People, page_size: int, now: Callable[[], datetime]) -> None:
        self._people = people
        self._page_size = page_size
        self._now = now
        self._layouts: dict[tuple[str, str], tuple[datetime, Layout]] = {}

    def may(self, actor: str, action: Action, kind: Kind) -> Answer:
        """Ask whether the source would let `actor` do this now."""
        own = self._people.own(actor)
        if own is None and not self._people.stand_in:
            return Answer(allowed=False, reason=NO_CREDENTIAL)
        if action.verb is not Verb.SET:
            return self._may_move(own or self._people.integration, action, kind)
        return self._may_set(own, action, kind) if own else self._profile_may_set(actor, action)

    def sees(self, actor: str, kind: str, ids: Sequence[str], chosen: Kind) -> Mapping[str, frozenset[str]]:
        """Give the fields that `actor` may read, for each of these records that they may read."""
        own = self._people.own(actor)
        if own is None or not ids:
            return {}
        try:
            layout = self._layout(own, actor, kind, chosen)
        except ModuleUnknown:
            return {}
        reader, wanted = Reader(own, self._page_size), list(dict.fromkeys(ids))
        layout, rows = taken(layout, lambda layout: reader.some(layout, wanted, chosen.reading))
        fields = frozenset(_paths(layout))
        return {place[1]: fields for place in map(place_of, rows) if place is not None}

    def _may_move(self, account: Account, action: Action, kind: Kind) -> Answer:
        name = name_of(action, kind)
        stands = standing(account, action.kind, action.id)
        if stands.find(name) is None:
            return Answer(allowed=False, reason=f"Zoho does not offer you {name or 'a transition'} for this record.")
        return Answer(allowed=True)

    def _may_set(self, own: Account, action: Action, kind: Kind) -> Answer:
        if action.id not in self.sees(action.actor, action.kind, [action.id], kind):
            return Answer(allowed=False, reason="Zoho does not show you this record.")
        return _writable(Schema(own).fields(action.kind), action, "")

    def _profile_may_set(self, actor: str, action: Action) -> Answer:
        """Judge by the profile: whether this person sees this very record cannot be asked for somebody else."""
        user = user_of(self._people.integration, actor)
        profile = user.get("profile") if user else None
        if user is None or user.get("status") != "active" or not isinstance(profile, dict):
            return Answer(allowed=False, reason="Zoho has no active user for you.")
        fields = Schema(self._people.integration).fields(action.kind)
        return _writable(fields, action, str(profile.get("id")))

    def _layout(self, own: Account, actor: str, kind: str, chosen: Kind) -> Layout:
        known = self._layouts.get((actor, kind))
        if known is None or self._now() - known[0] >= AGE:
            known = (self._now(), layout_of(kind, chosen, Schema(own).once()))
            self._layouts[actor, kind] = known
        return known[1]


def _paths(layout: Layout) -> Iterator[str]:
    yield from (column.path for column in layout.columns)
    for subform in layout.subforms:
        yield subform.name
        yield from (f"{subform.name}.{column.path}" for column in subform.columns)


def _writable(fields: Fields, action: Action, profile: str) -> Answer:
    """Look at each field: hidden, read-only for everybody, or read-only for a profile (empty: the asking user's)."""
    for name in action.fields:
        entry = fields.get(name)
        if entry is None or entry.get("visible") is False or not _allowed(entry, profile):
            return Answer(allowed=False, reason=f"Zoho does not let you change {name}.")
    return Answer(allowed=True)


def _allowed(entry: Mapping[str, Any], profile: str) -> bool:
    operations = entry.get("operation_type")
    if entry.get("read_only") is True or (isinstance(operations, dict) and operations.get("api_update") is False):
        return False
    if not profile:
        return True
    named: Sequence[Mapping[str, Any]] = entry.get("profiles") or ()
    return any(str(each.get("id")) == profile and each.get("permission_type") == "read_write" for each in named)
