"""One account, as the rest of the product uses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

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
    Unread,
)
from connectors.netsuite.acts import Acts
from connectors.netsuite.by_soap import BySoap
from connectors.netsuite.deletions import DeletedByQuery, Swept, deleted_page
from connectors.netsuite.people import People
from connectors.netsuite.permissions import Permissions
from connectors.netsuite.poll import DELETIONS_EVERY, Cursor, Rhythm, Scan, after, after_sweep, scan_of, with_sweep
from connectors.netsuite.probe import SOME, Probe, Sample
from connectors.netsuite.push import MAX_BODY, Receiver
from connectors.netsuite.reading import Reader
from connectors.netsuite.records import checked_id, gone
from connectors.netsuite.schema import Schema
from connectors.netsuite.settings import Deletions, Kind, NetSuiteSettings, Reading
from connectors.netsuite.stock import Stock
from connectors.netsuite.wire import Account


class Client:
    """One NetSuite account as one role."""

    def __init__(self, name: str, settings: NetSuiteSettings, services: Services) -> None:
        self._name = name
        self._settings = settings
        self._services = services
        self._zone = ZoneInfo(settings.zone)
        self._account = Account(settings, services)
        self._reader = Reader(name, settings, services, self._account)
        self._stocks = {
            kind: Stock(kind, chosen, chosen.balance, self._reader.queries, self._reader.origin)
            for kind, chosen in settings.kinds.items()
            if chosen.balance is not None
        }
        self._unswept: dict[str, datetime] = {}
        """Until when what was deleted is not asked for again, by kind."""
        self._people = People(settings, services, self._account)
        self._permissions = Permissions(self._people, self._read_as)
        self._schema = Schema(self._account, services.now)
        self._receiver = _receiver(settings)

    def budgets(self) -> tuple[Budget, ...]:
        """Return the quota that every call uses: the account's calls at once, shared by all sources of the account.

        https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/bridgehead_1500275603.html
        """
        return (Budget(key=self._settings.calls_key, windows=(), slots=self._settings.slots),)

    def pull(self, kind: str, cursor: str | None) -> Page:
        """Read one page of what changed; rows inside the overlap come again in every round.

        Of stock the whole is read, as often as the kind says. Raises the contract's errors; CursorLost for a cursor
        that this version did not write.
        """
        chosen = self._reader.kind(kind)
        if kind in self._stocks:
            return self._stocks[kind].pull(cursor, self._services.now())
        if chosen.reading is Reading.SOAP:
            return self._by_soap.pull(kind, cursor)
        place = Cursor.read(cursor)
        rhythm = Rhythm(self._settings.overlap, self._settings.settle, chosen.start, self._zone)
        if place.sweep is not None:
            return self._deleted(kind, chosen, place, place.sweep)
        scan = place.lines or scan_of(place, rhythm, self._services.now())
        if place.lines is not None:
            found = self._reader.changed_lines(kind, scan)
            following, more = replace(place, lines=None if found.done else found.scan), not found.done
        else:
            found = self._reader.page(kind, scan)
            following, more = after(place, found.scan, found.newest, rhythm, done=found.done)
            if not more and scan.since is not None and self._reader.lined(kind):
                following, more = replace(following, lines=Scan(scan.since, scan.began)), True
        told = chosen.deletions is not Deletions.NONE and not more
        sweeping = with_sweep(following, scan.began, rhythm) if told else None
        return Page(
            tuple(each for each in found.records if isinstance(each, Record)),
            (sweeping or following).text(),
            more or sweeping is not None,
            tuple(each for each in found.records if isinstance(each, Unread)),
        )

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]:
        """Read the present state of `ids`, each once, in their order; a call for two hundred, and those for their lines.

        By query, which also shows what a workflow has locked. What is deleted, or what the role may not see, comes
        back with `deleted=True`: the vendor does not tell the two apart. Raises the contract's errors; Refused when one
        is no id.
        """
        chosen = self._reader.kind(kind)
        if kind in self._stocks:
            return self._stocks[kind].read(ids, self._services.now())
        if chosen.reading is Reading.SOAP:
            return self._by_soap.read(kind, ids)
        return self._reader.some(kind, ids)

    def versions(self, kind: str, since: datetime, until: datetime) -> Iterator[tuple[str, str]]:
        """Give id and version of every record last stamped in [since, until), by stamp; none of stock, which has no stamp.

        What is older than the kind's `start` is not among them. Raises the contract's errors.
        """
        chosen = self._reader.kind(kind)
        if kind in self._stocks:
            return iter(())
        if chosen.reading is Reading.SOAP:
            return self._by_soap.versions(kind, since, until)
        return self._reader.versions(kind, since, until)

    @property
    def max_body(self) -> int:
        """Bytes of a push; more is refused while reading."""
        return MAX_BODY

    def receive(self, request: RawRequest) -> Received:
        """Verify one push and turn it into a hint, or refuse it; raises nothing whatever the bytes are."""
        return self._receiver.receive(request)

    def refuse(self, refusal: Refusal) -> Reply:
        """Return the reply to a push that is not taken."""
        return self._receiver.refuse(refusal)

    def act(self, action: Action) -> Acted:
        """Carry out a decision as the person who made it. Raises the contract's errors; Refused for what is no id."""
        checked_id(action.id)
        acts = Acts(self._people, self._reader.kind(action.kind), lambda record_id: self._one(action.kind, record_id))
        return acts.act(action)

    def may(self, actor: str, action: Action) -> Answer:
        """Ask whether NetSuite would let `actor` do this now. Raises the contract's errors; Refused for what is no id."""
        checked_id(action.id)
        return self._permissions.may(actor, action, self._reader.kind(action.kind))

    def sees(self, actor: str, kind: str, ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Give the fields that `actor` may read of each of these records that NetSuite shows to them.

        Nobody sees anything without a credential of their own. Raises the contract's errors.
        """
        return self._permissions.sees(actor, kind, ids)

    def probe(self) -> Sequence[Finding]:
        """Look whether sign-in, clock, quota, people, kinds, fields, deletions and zone are as the source needs them."""
        small = Client(self._name, self._settings.model_copy(update={"page_size": SOME}), self._services)
        sample = Sample(small.pull, small.hidden, self._deleted_by_soap)
        return Probe(self._settings, self._people, sample, self._services.now).findings()

    def describe(self, kind: str) -> Sequence[Described]:
        """Return the fields of a kind that the role may read; takes a minute and more. Raises the contract's errors."""
        return self._schema.described(self._reader.kind(kind).record or kind)

    def hidden(self, kind: str) -> Sequence[str]:
        """Return the configured paths of a kind that NetSuite does not take, as far as it was asked."""
        chosen = self._reader.kind(kind)
        return () if kind in self._stocks or chosen.reading is Reading.SOAP else self._reader.hidden(kind)

    def _one(self, kind: str, record_id: str) -> Record:
        """Read one record. Raises the contract's errors, Malformed for one that breaks its description."""
        (found,) = self.read(kind, [record_id])
        if isinstance(found, Unread):
            raise Malformed(found.sentence, body=found.body)
        return found

    def _read_as(self, actor: str, kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]:
        """Read records as a person, whose role decides which there are and what they show."""
        account = self._people.own(actor)
        if account is None:
            return []
        # By queries also where the kind is read by SOAP, whose credential may be the integration's.
        reader = Reader(self._name, self._settings, self._services, account)
        chosen = reader.kind(kind)
        if chosen.balance is None:
            return reader.some(kind, ids)
        stock = Stock(kind, chosen, chosen.balance, reader.queries, reader.origin)
        return stock.read(ids, self._services.now())

    def _deleted_by_soap(self, kind: str, since: datetime) -> Sequence[tuple[str, datetime]]:
        return self._by_soap.deleted(kind, since)

    @cached_property
    def _by_soap(self) -> BySoap:
        # Only a source that needs SOAP loads its library.
        from connectors.netsuite.soap import by_soap  # noqa: PLC0415

        records = {kind: chosen.record or kind for kind, chosen in self._settings.kinds.items()}
        queries = DeletedByQuery(self._reader.queries, records, self._zone, self._services.now)
        return by_soap(self._name, self._settings, self._services, self._account.pressure, queries)

    def _deleted(self, kind: str, chosen: Kind, place: Cursor, sweep: Scan) -> Page:
        """Tell a page of what was deleted. Where the role may not know, that is said now and then, and changes go on."""
        now = self._services.now()
        if now < self._unswept.get(kind, now):
            return Page((), replace(place, sweep=None).text(), more=False)
        try:
            swept = self._swept(kind, chosen, place, sweep)
        except Misconfigured:
            self._unswept[kind] = now + DELETIONS_EVERY
            raise
        records = tuple(gone(record_id, kind, self._name, at) for record_id, at in swept.deleted)
        return Page(records, after_sweep(place, swept.sweep, done=swept.done).text(), more=not swept.done)

    def _swept(self, kind: str, chosen: Kind, place: Cursor, sweep: Scan) -> Swept:
        now = self._services.now()
        if chosen.deletions is not Deletions.SOAP:
            return deleted_page(self._reader.queries, chosen.record or kind, sweep, self._zone, now)
        since = (place.swept or now) - self._settings.settle - self._settings.overlap
        return Swept(tuple(self._by_soap.deleted(kind, since)), sweep, done=True)


def _receiver(settings: NetSuiteSettings) -> Receiver:
    # Stock is nobody's record: it moves by the documents that are saved.
    kinds = {name: kind.record or name for name, kind in settings.kinds.items() if kind.balance is None}
    keys = [key.get_secret_value().encode() for key in settings.push_keys]
    return Receiver(settings.account, kinds, keys)
