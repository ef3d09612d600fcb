"""One company: pulling, reading and listing records, notifications, decisions, and what may be mapped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from connectors.contract import (
    Acted,
    Action,
    Answer,
    Budget,
    Described,
    Finding,
    Listing,
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
    Window,
)
from connectors.dynamics.business_central.acts import Acts, Seen
from connectors.dynamics.business_central.company import Company
from connectors.dynamics.business_central.errors import QueryRefused
from connectors.dynamics.business_central.layout import Layout
from connectors.dynamics.business_central.people import People
from connectors.dynamics.business_central.permissions import Permissions
from connectors.dynamics.business_central.poll import (
    Census,
    Cursor,
    Rhythm,
    Roll,
    after,
    after_roll,
    scan_of,
    with_roll,
)
from connectors.dynamics.business_central.probe import Probe
from connectors.dynamics.business_central.push import MAX_BODY, Receiver, pushed
from connectors.dynamics.business_central.reading import Reader
from connectors.dynamics.business_central.records import (
    Origin,
    RawRow,
    Readout,
    checked_id,
    gone,
    key_literal,
    readout,
    stamp_of,
    unread,
)
from connectors.dynamics.business_central.schema import Schema
from connectors.dynamics.business_central.settings import BusinessCentralSettings, Kind, Reading
from connectors.dynamics.business_central.vocabulary import PAGES
from connectors.dynamics.business_central.watch import Topic, Watch
from connectors.odata import etag, keyed

WINDOW_S = 300
"""https://learn.microsoft.com/dynamics365/business-central/dev-itpro/administration/operational-limits-online"""

Asked = TypeVar("Asked")


class Client:
    """One company as one application, and as the people who decide."""

    def __init__(self, name: str, settings: BusinessCentralSettings, services: Services) -> None:
        self._name = name
        self._settings = settings
        self._services = services
        self._people = People(settings, services)
        account = self._people.application
        self._schema = Schema(account, settings, services.now)
        self._company = Company(account, settings, services.now)
        self._reader = Reader(account, self._company, settings)
        self._permissions = Permissions(self._people, self._company, settings)
        self._receiver = Receiver.of(name, settings)
        self._odd: dict[str, frozenset[str]] = {}
        places = dict.fromkeys(settings.entity_set(kind) for kind, each in settings.kinds.items() if pushed(kind, each))
        self._topics = tuple(Topic(*place) for place in places)

    def budgets(self) -> tuple[Budget, ...]:
        """Return the quotas that every call uses: calls in five minutes and at once, and the right to a token."""
        account = self._people.application
        calls = Window(self._settings.calls, WINDOW_S)
        return (
            Budget(key=account.calls_key, windows=(calls,), slots=self._settings.calls_at_once),
            Budget(key=account.token_key, windows=()),
        )

    def pull(self, kind: str, cursor: str | None) -> Page:
        """Read one page of what changed, of all ids, or of a snapshot; rows inside the overlap come in every round.

        Raises the contract's errors; CursorLost for a cursor that this version did not write.
        """
        chosen = self._kind(kind)
        if chosen.reading is Reading.SNAPSHOT:
            return self._census(kind, chosen, Census.read(cursor))
        place = Cursor.read(cursor)
        if place.roll is not None:
            return self._listed(kind, chosen, place, place.roll)
        rhythm = Rhythm(self._settings.overlap, self._settings.settle, chosen.start)
        scan = scan_of(place, rhythm, self._services.now())
        layout, turned = self._described(kind, chosen, lambda layout: self._reader.turn(layout, chosen.api, scan))
        found = self._read(layout, chosen, turned.rows)
        following, more = after(place, turned.scan, rhythm, done=turned.done)
        listing = None if more else with_roll(following, self._services.now(), chosen.deletions)
        return _page(found, (listing or following).text(), more=more or listing is not None)

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]:
        """Read the present state of `ids`, each once, in their order.

        What is deleted, or what the application may not see, comes back with `deleted=True`: the vendor does not tell
        the two apart. Raises the contract's errors; Refused when one is no id.
        """
        chosen = self._kind(kind)
        if not ids:
            return []
        layout, rows = self._described(kind, chosen, lambda layout: self._some(layout, chosen, ids))
        found = {each.id: each for each in self._read(layout, chosen, rows)}
        now = self._services.now()
        return [found.get(each) or gone(each, kind, self._name, now) for each in _checked(layout, ids)]

    def versions(self, kind: str, since: datetime, until: datetime) -> Iterator[tuple[str, str]]:
        """Give id and version of every living record last stamped in [since, until), by stamp.

        What is older than the kind's `start` is not among them; a snapshot has no stamps and lists nothing. Raises the
        contract's errors.
        """
        chosen = self._kind(kind)
        if chosen.reading is Reading.CHANGES:
            begin = max(since, chosen.start) if chosen.start else since
            yield from self._reader.versions(self._schema.layout(kind, chosen), chosen.api, begin, until)

    @property
    def max_body(self) -> int:
        """Bytes of a post; more is refused while reading."""
        return MAX_BODY

    def receive(self, request: RawRequest) -> Received:
        """Verify one post and turn it into hints, or refuse it; raises nothing whatever the bytes are."""
        return self._receiver.receive(request)

    def refuse(self, refusal: Refusal) -> Reply:
        """Return the reply to a post that is not taken."""
        return self._receiver.refuse(refusal)

    def subscribe(self, address: str, state: str | None) -> Subscription:
        """Make, prove or renew the subscriptions that call `address`. Raises the contract's errors."""
        account, client_state = self._people.application, self._receiver.state
        watch = Watch(account, self._company, self._settings, self._topics, client_state)
        return watch.subscribe(address, state, self._services.now)

    def act(self, action: Action) -> Acted:
        """Carry out a decision as the person who made it. Raises the contract's errors."""
        chosen = self._kind(action.kind)
        return Acts(self._people, chosen, _Desk(self, action.kind, chosen)).act(action)

    def may(self, actor: str, action: Action) -> Answer:
        """Ask whether the source would let `actor` do this now, as far as it tells. Raises the contract's errors."""
        chosen = self._kind(action.kind)
        layout = self._schema.layout(action.kind, chosen)
        return self._permissions.may(actor, action, chosen, layout, self.seen(action.kind, action.id).record)

    def sees(self, actor: str, kind: str, ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Give the fields that `actor` may read of each of these records that they may read.

        Nobody sees anything without a refresh token of their own: only the vendor's answer to them counts.
        """
        chosen = self._kind(kind)
        return self._permissions.sees(actor, self._schema.layout(kind, chosen), chosen.api, ids) if ids else {}

    def probe(self) -> Sequence[Finding]:
        """Look whether sign-in, clock, company, currency, entity sets and fields are as the source needs them."""
        return Probe(self._settings, self._people, self._company, self._services.now).findings()

    def describe(self, kind: str) -> Sequence[Described]:
        """Return the properties that may be mapped. Raises the contract's errors."""
        return self._schema.described(kind, self._kind(kind))

    def seen(self, kind: str, record_id: str) -> Seen:
        """Read one record with the tag of its state.

        Raises the contract's errors, Malformed for a record that breaks its description.
        """
        chosen = self._kind(kind)
        layout, rows = self._described(kind, chosen, lambda layout: self._some(layout, chosen, [record_id]))
        found = self._read(layout, chosen, rows)
        if not found:
            (known,) = _checked(layout, [record_id])
            return Seen(gone(known, kind, self._name, self._services.now()), "")
        if isinstance(found[0], Unread):
            raise Malformed(found[0].sentence, body=found[0].body)
        return Seen(found[0], etag(rows[0]))

    def url(self, kind: str, record_id: str, action: str = "") -> str:
        """Return the address of a record, or of a bound action of it. Raises the contract's errors."""
        chosen = self._kind(kind)
        layout = self._schema.layout(kind, chosen)
        (known,) = _checked(layout, [record_id])
        path = keyed(layout.entity_set, key_literal(known, layout.key_type))
        return self._company.url(chosen.api, f"{path}/{action}" if action else path)

    def layout(self, kind: str) -> Layout:
        """Return how a kind is read. Raises the contract's errors."""
        return self._schema.layout(kind, self._kind(kind))

    def _census(self, kind: str, chosen: Kind, census: Census) -> Page:
        now = self._services.now()
        if not census.due(now, chosen.every):
            return Page((), census.text(), more=False, snapshot=True)
        layout, part = self._described(
            kind, chosen, lambda layout: self._reader.census(layout, chosen.api, census.link)
        )
        found = self._read(layout, chosen, part.rows)
        began = now if part.first or census.began is None else census.began
        page = _page(found, Census(began, part.link).text(), more=bool(part.link))
        ids = tuple(each.id for each in found if each.id)
        return replace(page, snapshot=True, listing=Listing(ids, first=part.first, last=not part.link))

    def _listed(self, kind: str, chosen: Kind, place: Cursor, roll: Roll) -> Page:
        """Read a page of all ids: what is known and not among them may be gone."""
        layout = self._schema.layout(kind, chosen)
        listing, link = self._reader.ids(layout, chosen.api, roll.link)
        return Page((), after_roll(place, roll, link).text(), more=bool(link), listing=listing)

    def _some(self, layout: Layout, chosen: Kind, ids: Sequence[str]) -> Sequence[RawRow]:
        return self._reader.some(layout, chosen.api, _checked(layout, ids))

    def _read(self, layout: Layout, chosen: Kind, rows: Sequence[RawRow]) -> Sequence[Record | Unread]:
        """Turn rows into records and set aside what breaks the description, which may have grown old."""
        made = [self._made(layout, chosen, row) for row in rows]
        odd = frozenset(name for each in made for name in (each.odd if each else ("",)))
        if odd and self._grown_old(layout.kind, chosen, odd):
            layout = self._schema.layout(layout.kind, chosen)
            made = [self._made(layout, chosen, row) for row in rows]
        return [
            unread(row, layout, self._name, each.unreadable if each else ())
            if each is None or each.unreadable
            else each.record
            for row, each in zip(rows, made, strict=True)
        ]

    def _grown_old(self, kind: str, chosen: Kind, odd: frozenset[str]) -> bool:
        """Forget a description that these properties do not fit, once for each: what never fits costs one reading."""
        if odd <= self._odd.get(kind, frozenset()) or not self._schema.forget(chosen.api):
            return False
        self._odd[kind] = odd
        return True

    def _made(self, layout: Layout, chosen: Kind, row: RawRow) -> Readout | None:
        """Read a row; None for one without id or stamp."""
        at = stamp_of(row, layout, self._services.now())
        if at is None:
            return None
        page = chosen.page or PAGES.get(layout.entity_set, 0)
        company = self._company
        origin = Origin(self._name, company.web, company.place.name, page, company.currency)
        return readout(row, layout, origin, at)

    def _described(self, kind: str, chosen: Kind, ask: Callable[[Layout], Asked]) -> tuple[Layout, Asked]:
        """Ask by the known description, and by a new one where the vendor does not take the query."""
        layout = self._schema.layout(kind, chosen)
        try:
            return layout, ask(layout)
        except QueryRefused:
            if not self._schema.forget(chosen.api):
                raise
        layout = self._schema.layout(kind, chosen)
        return layout, ask(layout)

    def _kind(self, kind: str) -> Kind:
        try:
            return self._settings.kinds[kind]
        except KeyError:
            raise Misconfigured(f"{kind} is not among the kinds of this source: add it to `kinds`.") from None


@dataclass(frozen=True, slots=True)
class _Desk:
    """One kind of a client, for carrying out decisions."""

    client: Client
    kind: str
    chosen: Kind

    @property
    def layout(self) -> Layout:
        return self.client.layout(self.kind)

    def read(self, record_id: str) -> Seen:
        return self.client.seen(self.kind, record_id)

    def url(self, record_id: str, action: str = "") -> str:
        return self.client.url(self.kind, record_id, action)


def _checked(layout: Layout, ids: Sequence[str]) -> Sequence[str]:
    return list(dict.fromkeys(checked_id(each, layout.key_type) for each in ids))


def _page(found: Sequence[Record | Unread], cursor: str, *, more: bool) -> Page:
    return Page(
        tuple(each for each in found if isinstance(each, Record)),
        cursor,
        more,
        tuple(each for each in found if isinstance(each, Unread)),
    )
