"""One environment: pulling, reading and listing records, pushes, decisions, and what may be mapped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

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
    Unread,
    Window,
)
from connectors.dynamics.dataverse.acts import Acts, Desk
from connectors.dynamics.dataverse.bindings import Bindings
from connectors.dynamics.dataverse.errors import DeltaLost, FieldUnknown
from connectors.dynamics.dataverse.layout import Layout, described, layout_of
from connectors.dynamics.dataverse.lookups import IDS_A_CALL, Lookups
from connectors.dynamics.dataverse.people import People
from connectors.dynamics.dataverse.permissions import Permissions
from connectors.dynamics.dataverse.poll import Cursor, Mode, Rhythm, after, first, lost, resumed
from connectors.dynamics.dataverse.probe import Probe
from connectors.dynamics.dataverse.push import MAX_BODY, Receiver
from connectors.dynamics.dataverse.reading import Reader
from connectors.dynamics.dataverse.records import Origin, bare, checked_id, gone, id_of, stamp_of, tombstone
from connectors.dynamics.dataverse.schema import Schema
from connectors.dynamics.dataverse.settings import DataverseSettings, Kind
from connectors.dynamics.dataverse.wire import CALLS, WINDOW_S, Environment
from connectors.odata import RawRow, Rows

Read = TypeVar("Read")

NEW = timedelta(minutes=1)
"""So long a description is believed although something speaks against it."""
BESIDES = 3
"""Calls of a turn beside those for each hundred rows: the page itself, currencies, units."""


class Client:
    """One Dataverse environment as its application user."""

    def __init__(self, name: str, settings: DataverseSettings, services: Services) -> None:
        self._name = name
        self._settings = settings
        self._services = services
        self._environment = Environment(settings, services)
        self._schema = Schema(self._environment, settings.describe_age, services.now)
        lookups = Lookups(self._environment, settings.describe_age, services.now)
        origin = Origin(name, settings.url, settings.app_id, ZoneInfo(settings.zone) if settings.zone else None)
        self._reader = Reader(self._environment, lookups, origin, settings.page_size)
        self._doubts: dict[str, datetime] = {}
        self._people = People(self._environment, settings.act_as, services.now)
        self._permissions = Permissions(self._environment, self._schema, self._people, services.now)
        self._bindings = Bindings(self._environment, self._schema)
        self._receiver = Receiver(settings.webhook, {kind: each.lines for kind, each in settings.kinds.items()})

    def budgets(self) -> tuple[Budget, ...]:
        """Return the quota that every turn uses: our share of the calls of five minutes, and turns at once.

        A turn makes several calls, one after the other, so the calls are divided by the most that one may need. The
        vendor counts for each user on each of its web servers, so this is its least:
        https://learn.microsoft.com/power-apps/developer/data-platform/api-limits
        """
        chosen = self._settings
        tables = 1 + max(len(kind.lines) for kind in chosen.kinds.values())
        most = BESIDES + tables * -(-chosen.page_size // IDS_A_CALL)
        window = Window(max(1, CALLS * chosen.share // 100 // most), WINDOW_S)
        return (Budget(chosen.calls_key, (window,), slots=chosen.concurrency),)

    def pull(self, kind: str, cursor: str | None) -> Page:
        """Read one page of what changed; what a round by stamps reads again it returns again.

        After a lapsed delta link some pages hold a list of ids instead of records. Raises the contract's errors; CursorLost for a cursor
        that this version did not write, and for a first scan that cannot go on.
        """
        chosen = self._kind(kind)
        return self._laid_out(kind, chosen, lambda layout: self._pulled(layout, chosen, cursor))

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]:
        """Read the present state of `ids`, each once, in their order.

        What is deleted, or what the application user may not see, comes back with `deleted=True`: a query does not tell
        the two apart. Raises the contract's errors; Refused when one is no id.
        """
        chosen = self._kind(kind)
        wanted = list(dict.fromkeys(checked_id(each) for each in ids))
        rows = self._laid_out(kind, chosen, lambda layout: self._some(layout, wanted))
        found = {each.id: each for each in rows}
        now = self._environment.now()
        return [found.get(each) or gone(each, kind, self._name, now) for each in wanted]

    def versions(self, kind: str, since: datetime, until: datetime) -> Iterator[tuple[str, str]]:
        """Give id and version of every living record last stamped in [since, until), by stamp.

        What is older than the kind's `start` is not among them. Raises the contract's errors.
        """
        chosen = self._kind(kind)
        begin = max(since, chosen.start) if chosen.start else since
        yield from self._reader.versions(layout_of(kind, chosen, self._schema), begin, until)

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

    def act(self, action: Action) -> Acted:
        """Carry out a decision as the person who made it. Raises the contract's errors."""
        chosen = self._kind(action.kind)
        checked_id(action.id)
        desk = Desk(
            kind=chosen,
            table=self._schema.table(action.kind),
            read=lambda record_id: self._one(action.kind, record_id),
            may=self.may,
            bind=lambda column, target: self._bindings.find(action.kind, column, target),
        )
        return Acts(self._environment, self._people, desk).act(action)

    def may(self, actor: str, action: Action) -> Answer:
        """Ask whether the source would let `actor` do this now. Raises the contract's errors."""
        checked_id(action.id)
        return self._permissions.may(actor, action, self._kind(action.kind))

    def sees(self, actor: str, kind: str, ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Give the fields that `actor` may read of each of these records that they may read."""
        wanted = [checked_id(each) for each in ids]
        return self._permissions.sees(actor, kind, wanted, self._kind(kind))

    def probe(self) -> Sequence[Finding]:
        """Look whether sign-in, clock, role, tables, columns and webhook are as the source needs them."""
        parts = (self._environment, self._schema, self._permissions)
        return Probe(self._name, self._settings, parts, self._services.now).findings()

    def describe(self, kind: str) -> Sequence[Described]:
        """Return the columns of a table that may be mapped. Raises the contract's errors."""
        return described(self._schema.table(kind))

    def _pulled(self, layout: Layout, chosen: Kind, cursor: str | None) -> Page:
        rhythm = Rhythm(self._settings.overlap, self._settings.settle, chosen.start)
        stored = first(layout.fingerprint, tracked=layout.tracked) if cursor is None else Cursor.read(cursor)
        place = resumed(stored, rhythm, self._environment.now(), tracked=layout.tracked)
        try:
            rows = self._reader.page(layout, place)
        except DeltaLost:
            place = resumed(lost(place), rhythm, self._environment.now(), tracked=layout.tracked)
            rows = self._reader.page(layout, place)
        return self._page(layout, place, rows, rhythm)

    def _page(self, layout: Layout, place: Cursor, rows: Rows, rhythm: Rhythm) -> Page:
        youngest = stamp_of(rows.rows[-1]) if rows.rows else None
        following, more = after(place, rows, youngest, rhythm)
        if place.mode is Mode.LISTING:
            ids = tuple(filter(None, (id_of(row, layout.table.key) for row in rows.rows)))
            part = Listing(ids, first=not place.listing, last=not rows.next_link)
            return Page((), following.text(), more, listing=part)
        if place.mode is Mode.DELTA and place.selects != layout.fingerprint:
            rows = self._reader.whole(layout, rows)
        wanted = [row for row in rows.rows if not _older(stamp_of(row), rhythm.start)]
        found = self._records(layout, wanted)
        found += [tombstone(each, layout.kind, self._name, self._environment.now()) for each in rows.removed]
        return Page(
            tuple(each for each in found if isinstance(each, Record)),
            following.text(),
            more,
            tuple(each for each in found if isinstance(each, Unread)),
        )

    def _some(self, layout: Layout, ids: Sequence[str]) -> Sequence[Record | Unread]:
        return self._records(layout, self._reader.some(layout, ids))

    def _records(self, layout: Layout, rows: Sequence[RawRow]) -> list[Record | Unread]:
        """Turn rows into records, by a new description where the known one seems to have grown old.

        A row that does not fit may tell of a column that has another type, an empty value of one that was secured
        meanwhile: its values come empty, without a word.
        https://learn.microsoft.com/power-apps/developer/data-platform/column-level-security
        """
        found = self._reader.records(layout, rows)
        odd = any(isinstance(each, Unread) for each in found) and self._doubted(layout.kind)
        empty = any(isinstance(each, Record) and bare(each, layout) for each in found)
        if not (odd or empty) or not self._schema.forget(timedelta(0) if odd else NEW):
            return found
        return self._reader.records(layout_of(layout.kind, self._kind(layout.kind), self._schema), rows)

    def _doubted(self, kind: str) -> bool:
        """Doubt a description for what does not fit, not more than once a minute: there is what never fits."""
        now = self._services.now()
        if kind in self._doubts and now - self._doubts[kind] < NEW:
            return False
        self._doubts[kind] = now
        return True

    def _laid_out(self, kind: str, chosen: Kind, read: Callable[[Layout], Read]) -> Read:
        """Read by the known description, then by a new one where a column is gone."""
        try:
            return read(layout_of(kind, chosen, self._schema))
        except FieldUnknown:
            self._schema.forget()
            return read(layout_of(kind, chosen, self._schema))

    def _one(self, kind: str, record_id: str) -> Record:
        """Read one record. Raises the contract's errors, Malformed for one that breaks its description."""
        (found,) = self.read(kind, [record_id])
        if isinstance(found, Unread):
            raise Malformed(found.sentence, body=found.body)
        return found

    def _kind(self, kind: str) -> Kind:
        try:
            return self._settings.kinds[kind]
        except KeyError:
            raise Misconfigured(f"{kind} is not among the kinds of this source: add it to `kinds`.") from None


def _older(stamp: datetime | None, start: datetime | None) -> bool:
    return stamp is not None and start is not None and stamp < start
