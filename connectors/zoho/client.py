"""One org: pulling, reading and listing records, pushes, decisions, and what may be mapped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from connectors.contract import (
    Acted,
    Action,
    Answer,
    Budget,
    Described,
    Finding,
    Misconfigured,
    Page,
    RawRequest,
    Received,
    Record,
    Refusal,
    Reply,
    Services,
    Subscription,
)
from connectors.zoho.acts import Acts
from connectors.zoho.errors import FieldUnknown
from connectors.zoho.layout import Layout, layout_of
from connectors.zoho.people import People
from connectors.zoho.permissions import Permissions
from connectors.zoho.poll import Cursor, Rhythm, Scan, Sweep, after, after_sweep, scan_of, with_sweep
from connectors.zoho.probe import Probe
from connectors.zoho.push import MAX_BODY, Channel, Receiver
from connectors.zoho.reading import Asked, Reader, Rows, taken
from connectors.zoho.records import Origin, RawRow, checked_id, gone, place_of, readout
from connectors.zoho.schema import Schema
from connectors.zoho.settings import Kind, ZohoSettings
from connectors.zoho.users import Names
from connectors.zoho.watch import Watch

HEAVY_SLOTS = 10
"""Large queries and updates at once, in every edition: https://www.zoho.com/crm/developer/docs/api/v8/api-limits.html."""

NEW = timedelta(minutes=1)


class Client:
    """One Zoho CRM org as its integration user, and as the people who decide."""

    def __init__(self, name: str, settings: ZohoSettings, services: Services) -> None:
        self._name = name
        self._settings = settings
        self._services = services
        self._people = People(settings, services)
        self._schema = Schema(self._people.integration)
        self._reader = Reader(self._people.integration, settings.page_size)
        self._permissions = Permissions(self._people, settings.page_size, services.now)
        self._names = Names(self._people.integration, settings.describe_age, services.now)
        self._layouts: dict[str, tuple[datetime, Layout]] = {}
        channels = tuple(Channel.of(name, kind, settings) for kind in settings.kinds)
        self._receiver = Receiver(channels)
        self._watch = Watch(self._people.integration, channels, settings.channel_life, services.now)

    def budgets(self) -> tuple[Budget, ...]:
        """Return the quotas that every call uses: calls at once, heavy calls at once, and the right to a token.

        Credits are observed, not counted: a call costs one to three of them, and only the vendor knows the rest.
        """
        account = self._people.integration
        return (
            Budget(key=account.calls_key, windows=(), slots=self._settings.concurrency),
            Budget(key=f"{account.calls_key}:heavy", windows=(), slots=HEAVY_SLOTS),
            Budget(key=account.token_key, windows=()),
        )

    def pull(self, kind: str, cursor: str | None) -> Page:
        """Read one page of what changed; rows inside the overlap come again in every round.

        Raises the contract's errors; CursorLost for a cursor that this version did not write.
        """
        chosen = self._kind(kind)
        place = Cursor.read(cursor)
        if place.sweep is not None:
            return self._deleted(kind, place, place.sweep)
        rhythm = Rhythm(self._settings.overlap, self._settings.settle, chosen.start)
        scan = scan_of(place, rhythm, self._services.now())
        records, rows = self._page(kind, chosen, scan)
        following, more = after(place, rows.scan, rhythm, done=rows.done)
        sweeping = with_sweep(following, scan.began, rhythm) if chosen.deletions and not more else None
        return Page(records, (sweeping or following).text(), more or sweeping is not None)

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record]:
        """Read the present state of `ids`, each once, in their order.

        What is deleted, or what the integration user may not see, comes back with `deleted=True`: the vendor does not
        tell the two apart. Raises the contract's errors; Refused when one is no id.
        """
        chosen = self._kind(kind)
        wanted = list(dict.fromkeys(checked_id(each) for each in ids))
        if not wanted:
            return []
        rows = self._described(kind, chosen, lambda layout: self._reader.some(layout, wanted, chosen.reading))
        found = {record.id: record for record in self._records(kind, chosen, rows)}
        now = self._services.now()
        return [found.get(each) or gone(each, kind, self._name, now) for each in wanted]

    def versions(self, kind: str, since: datetime, until: datetime) -> Iterator[tuple[str, str]]:
        """Give id and version of every living record last stamped in [since, until), by stamp.

        What is older than the kind's `start` is not among them. Raises the contract's errors.
        """
        chosen = self._kind(kind)
        yield from self._reader.versions(kind, max(since, chosen.start) if chosen.start else since, until)

    @property
    def max_body(self) -> int:
        """Bytes of a push; more is refused while reading."""
        return MAX_BODY

    def receive(self, request: RawRequest) -> Received:
        """Verify one push and turn it into hints, or refuse it; raises nothing whatever the bytes are."""
        return self._receiver.receive(request)

    def refuse(self, refusal: Refusal) -> Reply:
        """Return the reply to a push that is not taken."""
        return self._receiver.refuse(refusal)

    def subscribe(self, address: str, state: str | None) -> Subscription:
        """Make, prove or renew the channels that call `address`. Raises the contract's errors."""
        return self._watch.subscribe(address, state)

    def act(self, action: Action) -> Acted:
        """Carry out a decision as the person who made it. Raises the contract's errors."""
        return self._acts(action.kind).act(action)

    def may(self, actor: str, action: Action) -> Answer:
        """Ask whether the source would let `actor` do this now. Raises the contract's errors."""
        checked_id(action.id)
        return self._permissions.may(checked_id(actor), action, self._kind(action.kind))

    def sees(self, actor: str, kind: str, ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Give the fields that `actor` may read of each of these records that they may read.

        Nobody sees anything without a refresh token of their own: only the vendor's answer to them counts.
        """
        wanted = [checked_id(each) for each in ids]
        return self._permissions.sees(checked_id(actor), kind, wanted, self._kind(kind))

    def probe(self) -> Sequence[Finding]:
        """Look whether sign-in, quota, clock, scopes, modules, fields and people are as the source needs them."""
        return Probe(self._settings, self._people, self._schema, self._services.now).findings()

    def describe(self, kind: str) -> Sequence[Described]:
        """Return the fields of a module that the integration user may read. Raises the contract's errors."""
        return self._schema.described(kind)

    def _acts(self, kind: str) -> Acts:
        chosen = self._kind(kind)
        return Acts(self._people, chosen, lambda record_id: self.read(kind, [record_id])[0])

    def _deleted(self, kind: str, place: Cursor, sweep: Sweep) -> Page:
        records, onward = self._reader.deleted(kind, self._name, sweep)
        return Page(records, after_sweep(place, sweep, onward).text(), more=onward is not None)

    def _page(self, kind: str, chosen: Kind, scan: Scan) -> tuple[tuple[Record, ...], Rows]:
        rows = self._described(kind, chosen, lambda layout: self._reader.page(layout, scan, chosen.reading))
        return self._records(kind, chosen, rows.rows), rows

    def _records(self, kind: str, chosen: Kind, rows: Sequence[RawRow]) -> tuple[Record, ...]:
        """Make the records. Where a value is not as described, the description is read anew once.

        A value that still is not is left out, and its record comes without it; a row without id and stamp is left out
        whole, and the comparison with `versions` does not miss it either: the vendor does not list such a one.
        """
        placed = [row for row in rows if place_of(row) is not None]
        layout = self._layout(kind, chosen)
        origin = Origin(self._name, self._settings.web, chosen.tab)
        inner = self._reader.subforms(layout, placed)
        made = [readout(row, layout, origin, inner.get(str(row["id"]), {})) for row in placed]
        if any(each.unreadable for each in made) and self._grown_old(kind):
            layout = self._layout(kind, chosen)
            made = [readout(row, layout, origin, inner.get(str(row["id"]), {})) for row in placed]
        return tuple(self._names.told(each.record) for each in made)

    def _described(self, kind: str, chosen: Kind, ask: Callable[[Layout], Asked]) -> Asked:
        """Ask by the known description, then by a new one, then without the fields that this call does not take."""
        if kind in self._layouts:
            try:
                return ask(self._layout(kind, chosen))
            except FieldUnknown:
                self._layouts.pop(kind, None)
        layout, answer = taken(self._layout(kind, chosen), ask)
        self._layouts[kind] = (self._services.now(), layout)
        return answer

    def _grown_old(self, kind: str) -> bool:
        """Forget a description unless it is quite new: a value that never fits must not cost a call in each page."""
        known = self._layouts.get(kind)
        if known is None or self._services.now() - known[0] < NEW:
            return False
        self._layouts.pop(kind, None)
        return True

    def _layout(self, kind: str, chosen: Kind) -> Layout:
        now = self._services.now()
        known = self._layouts.get(kind)
        if known is None or now - known[0] >= self._settings.describe_age:
            known = (now, layout_of(kind, chosen, self._schema.once()))
            self._layouts[kind] = known
        return known[1]

    def _kind(self, kind: str) -> Kind:
        try:
            return self._settings.kinds[kind]
        except KeyError:
            raise Misconfigured(f"{kind} is not among the kinds of this source: add it to `kinds`.") from None
