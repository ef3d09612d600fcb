"""One org, as the rest of the product uses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache

from connectors.contract import (
    Acted,
    Action,
    Answer,
    Budget,
    Described,
    Finding,
    Page,
    RawRequest,
    Received,
    Record,
    Refusal,
    Reply,
    Services,
    Unread,
    Verb,
)
from connectors.salesforce import push
from connectors.salesforce.actions import Actions
from connectors.salesforce.approvals import Approvals
from connectors.salesforce.errors import long_key
from connectors.salesforce.history import Histories, History
from connectors.salesforce.identity import signer
from connectors.salesforce.people import NoUser, People
from connectors.salesforce.permissions import Permissions
from connectors.salesforce.probe import describe, probe
from connectors.salesforce.reading import Reading
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.wire import Calls


class Client:
    """Reads as the integration user, decides as the person who decides.

    Fulfils `Pulls`, `Reads`, `Lists`, `Receives`, `Acts`, `Authorises`, `Limited`, `Probes` and `Describes`.
    """

    max_body = push.MAX_BODY

    def __init__(self, name: str, settings: SalesforceSettings, services: Services, org: Calls) -> None:
        self._settings = settings
        self._services = services
        self._org = org
        self._reading = Reading(name, settings, services, org)
        self._people = People(settings, services, org)
        self._approvals = Approvals(org, settings, self._reading.one)
        self._actions = Actions(org, self._reading, self._people, self._approvals, services.now)
        self._name = name
        self._hooks = push.Hooks(settings.push, settings.kinds)

    def budgets(self) -> tuple[Budget, ...]:
        """Return what every call uses: the calls, which a used-up day stops, and the places for calls at once."""
        calls = self._settings.calls_key
        slots = self._settings.long_calls
        return Budget(key=calls, windows=()), Budget(key=long_key(calls), windows=(), slots=slots)

    def pull(self, kind: str, cursor: str | None) -> Page:
        """Read one page of what changed; what is younger than the vendor's own mark comes again in the next round.

        Raises the contract's errors; CursorLost for a cursor that this version did not write.
        """
        return self._reading.pull(kind, cursor)

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]:
        """Read the present state of `ids` (15 or 18 characters), each once, in their order.

        What is deleted, or no longer shared with the integration user, comes back with `deleted=True`: the vendor
        does not tell the two apart. Raises the contract's errors; Refused when one is no id.
        """
        return self._reading.read(kind, ids)

    def versions(self, kind: str, since: datetime, until: datetime) -> Iterator[tuple[str, str]]:
        """Give id and stamp of every record last stamped in [since, until), by stamp; one call for each page of rows.

        What is in the recycle bin is among them where the kind's deletions are told; what is older than its `start`
        is not. Raises the contract's errors.
        """
        return self._reading.versions(kind, since, until)

    def history(self, account: str, most: int = 5) -> History:
        """Return an account with its newest deals, cases, tasks and events, `most` of each: one call.

        Objects that the integration user may not see are named instead. Raises the contract's errors.
        """
        return Histories(self._name, self._org, self._settings, self._reading.known).of(account, most)

    def receive(self, request: RawRequest) -> Received:
        """Take an Outbound Message as hints; the reply is the Ack, due after the commit. Raises nothing."""
        return self._hooks.receive(request)

    def refuse(self, refusal: Refusal) -> Reply:
        """Return what makes the org send the message again."""
        return push.refuse(refusal)

    def act(self, action: Action) -> Acted:
        """Carry a decision out with the token of whoever made it, if the record still has the version that they saw.

        The condition has whole seconds, so what is there is read again before and after. An approval is decided by
        its work item, which can be decided once; its comment ends with a mark of the action's key. Raises the
        contract's errors.
        """
        return self._actions.act(action)

    def may(self, actor: str, action: Action) -> Answer:
        """Say whether the org lets `actor` do it now: access to record and fields, or the turn in the approval.

        Raises the contract's errors.
        """
        self._reading.kind(action.kind)
        if action.verb is Verb.TRANSITION:
            return Answer(allowed=False, reason="Salesforce has no transitions.")
        try:
            person = self._people.person(actor)
        except NoUser as error:
            return Answer(allowed=False, reason=str(error))
        if action.verb is Verb.SET:
            return self._permissions().may_set(replace(action, actor=actor), person)
        return self._approvals.may(actor, action, person)

    def sees(self, actor: str, kind: str, ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Give the mapped fields that `actor` may read, for each of these records that they may read.

        Asked as that person where the bridge may sign for them; else by the org's tables, in which View All Fields is
        not. Restriction rules are in neither. Raises the contract's errors.
        """
        chosen = self._reading.kind(kind)
        if signer(self._settings) is None:
            return self._permissions().sees(actor, None, kind, chosen, ids)
        try:
            person = self._people.person(actor)
        except NoUser:
            return {}
        return self._permissions().sees(actor, person, kind, chosen, ids)

    def probe(self) -> Sequence[Finding]:
        """Look whether sign-in, quota, clock, objects and fields are as the source needs them; writes nothing."""
        return probe(self._org, self._settings, cache(self._reading.describe), self._services.now)

    def describe(self, kind: str) -> Sequence[Described]:
        """Return the fields of an object that the integration user may read. Raises the contract's errors."""
        return describe(self._reading.describe(kind))

    def _permissions(self) -> Permissions:
        return Permissions(self._org, self._settings, self._reading.known)
