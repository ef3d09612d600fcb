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
    Malformed,
    Misconfigured,
    Page,
    RawRequest,
    Received,
    Record,
    Refusal,
    Reply,
    Services,
    Subscription,
    Unread,
)
from connectors.rounds import Rhythm
from connectors.zoho.acts import Acts
from connectors.zoho.errors import FieldUnknown
from connectors.zoho.layout import Layout, layout_of
from connectors.zoho.people import People
from connectors.zoho.permissions import Permissions
from connectors.zoho.poll import Cursor, Sweep, after, after_sweep, scan_of, with_sweep
from connectors.zoho.probe import Probe
from connectors.zoho.push import MAX_BODY, Channel, Receiver
from connectors.zoho.reading import Asked, Reader, taken
from connectors.zoho.records import Origin, RawRow, Readout, checked_id, gone, place_of, readout, unread
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
        self._odd: dict[str, frozenset[str]] = {}
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
        rows = self._described(kind, chosen, lambda layout: self._reader.page(layout, scan, chosen.reading))
        found = self._read(kind, chosen, rows.rows)
        following, more = after(place, rows.scan, rhythm, done=rows.done)
        sweeping = with_sweep(following, scan.began, rhythm) if chosen.deletions and not more else None
        return Page(
            tuple(each for each in found if isinstance(each, Record)),
            (sweeping or following).text(),
            more or sweeping is not None,
            tuple(each for each in found if isinstance(each, Unread)),
        )

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]:
        """Read the present state of `ids`, each once, in their order.

        What is deleted, or what the integration user may not see, comes back with `deleted=True`: the vendor does not
        tell the two apart. Raises the contract's errors; Refused when one is no id.
        """
        chosen = self._kind(kind)
        wanted = list(dict.fromkeys(checked_id(each) for each in ids))
        if not wanted:
            return []
        rows = self._described(kind, chosen, lambda layout: self._reader.some(layout, wanted, chosen.reading))
        found = {each.id: each for each in self._read(kind, chosen, rows)}
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
        return Acts(self._people, chosen, lambda record_id: self._one(kind, record_id))

    def _deleted(self, kind: str, place: Cursor, sweep: Sweep) -> Page:
        records, onward = self._reader.deleted(kind, self._name, sweep)
        return Page(records, after_sweep(place, sweep, onward).text(), more=onward is not None)

    def _one(self, kind: str, record_id: str) -> Record:
        """Read one record. Raises the contract's errors, Malformed for one that breaks its description."""
        (found,) = self.read(kind, [record_id])
        if isinstance(found, Unread):
            raise Malformed(found.sentence, body=found.body)
        return found

    def _read(self, kind: str, chosen: Kind, rows: Sequence[RawRow]) -> Sequence[Record | Unread]:
        """Turn rows into records and set aside what breaks the description.

        A field may have been retyped since the module was described, so what does not fit is tried with a fresh one.
        """
        inner = self._reader.subforms(self._layout(kind, chosen), rows)
        made = self._made(kind, chosen, rows, inner)
        odd = frozenset(name for each in made if each for name in (*each.unreadable, *each.missing))
        if odd and self._grown_old(kind, odd):
            made = self._made(kind, chosen, rows, inner)
        return [
            unread(row, kind, self._name, each.unreadable if each else ())
            if each is None or each.unreadable
            else self._names.told(each.record)
            for row, each in zip(rows, made, strict=True)
        ]

    def _made(
        self, kind: str, chosen: Kind, rows: Sequence[RawRow], inner: Mapping[str, Mapping[str, Sequence[RawRow]]]
    ) -> Sequence[Readout | None]:
        """Read each row by the present description; None for one without id or stamp."""
        layout, origin = self._layout(kind, chosen), Origin(self._name, self._settings.web, chosen.tab)
        return [readout(row, layout, origin, inner.get(str(row["id"]), {})) if place_of(row) else None for row in rows]

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

    def _grown_old(self, kind: str, odd: frozenset[str]) -> bool:
        """Forget a description that these fields do not fit.

        One that is quite new stays where the last new one did not help: a value that never fits must not cost a call
        in each page.
        """
        known = self._layouts.get(kind)
        if known is None or (odd <= self._odd.get(kind, frozenset()) and self._services.now() - known[0] < NEW):
            return False
        self._layouts.pop(kind, None)
        self._odd[kind] = odd
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
