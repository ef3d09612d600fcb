"""Is everything granted that the source needs? Asked with a handful of calls that change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from connectors.contract import ConnectorError, Finding, Level
from connectors.dynamics.business_central.company import Company
from connectors.dynamics.business_central.layout import Form, Layout
from connectors.dynamics.business_central.people import People
from connectors.dynamics.business_central.push import pushed
from connectors.dynamics.business_central.reading import Reader
from connectors.dynamics.business_central.schema import Schema
from connectors.dynamics.business_central.settings import STANDARD, BusinessCentralSettings, Kind
from connectors.dynamics.business_central.wire import Call
from connectors.odata import address


class Probe:
    """Looks at one source. Never raises for what the vendor or the network did."""

    def __init__(
        self, settings: BusinessCentralSettings, people: People, company: Company, now: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._people = people
        self._account = people.application
        self._company = company
        self._schema = Schema(people.application, settings, now)
        self._reader = Reader(people.application, company, settings)
        self._now = now

    def findings(self) -> list[Finding]:
        """Sign in and find the company, then look at clock, currency, notifications, people, and each kind."""
        try:
            place = self._company.place
        except ConnectorError as error:
            return [_wrong("sign in", error)]
        found = [
            Finding("sign in", Level.FINE, f"Business Central takes the token and shows the company {place.name}.")
        ]
        found += [*self._clock(), *self._currency(), *self._notifications(), *self._actors()]
        for name, kind in self._settings.kinds.items():
            try:
                found += self._kind(name, kind)
            except ConnectorError as error:
                found.append(_wrong(name, error))
        return found

    def _clock(self) -> Iterator[Finding]:
        clock = self._account.clock
        if clock is None:
            return
        ahead = self._now() - clock
        seconds = f"{abs(ahead).total_seconds():.0f} s"
        if abs(ahead) <= max(self._settings.settle, timedelta(seconds=5)):
            yield Finding("clock", Level.FINE, f"This machine's clock differs by {seconds}.")
            return
        way = "ahead of" if ahead > timedelta(0) else "behind"
        yield Finding(
            "clock", Level.WRONG, f"This machine's clock is {seconds} {way} Business Central's: set it right (NTP)."
        )

    def _currency(self) -> Iterator[Finding]:
        try:
            code = self._company.currency()
        except ConnectorError as error:
            yield _wrong("currency", error)
            return
        yield Finding("currency", Level.FINE, f"Amounts without a currency's code are in {code}.")

    def _notifications(self) -> Iterator[Finding]:
        kinds = {name: pushed(name, kind) for name, kind in self._settings.kinds.items()}
        polled = sorted(name for name, told in kinds.items() if not told)
        if polled:
            yield Finding("notifications", Level.FINE, f"Found by polling alone: {', '.join(polled)}.")
        if not any(kinds.values()):
            return
        if self._settings.client_state is None:
            yield Finding("notifications", Level.DOUBT, "There are none without client_state: changes come by polling.")
            return
        try:
            self._account.call(Call("GET", address(f"{self._settings.api}/{STANDARD}", "subscriptions")))
        except ConnectorError as error:
            # Polling does without them.
            yield Finding("notifications", Level.DOUBT, f"{error} Until then changes come by polling alone.")
            return
        yield Finding("notifications", Level.FINE, "Business Central shows the application its subscriptions.")

    def _actors(self) -> Iterator[Finding]:
        for actor in self._settings.actors:
            account = self._people.own(actor)
            try:
                if account is not None:
                    account.call(Call("GET", address(f"{self._settings.api}/{STANDARD}", "companies")))
            except ConnectorError as error:
                yield _wrong(f"actor {actor}", error)

    def _kind(self, name: str, kind: Kind) -> Iterator[Finding]:
        layout = self._schema.layout(name, kind)
        for path in layout.hidden:
            yield Finding(f"{name}.{path}", Level.WRONG, "The API has no such property: check its name, and `api`.")
        for path in layout.unread:
            yield Finding(f"{name}.{path}", Level.WRONG, "This has no single value that can be mapped: take it out.")
        if not layout.number:
            yield Finding(
                f"{name}.{kind.number}", Level.WRONG, "The property of the number is not there: give `number`."
            )
        for action in kind.transitions:
            if action not in layout.actions:
                yield Finding(f"{name}.{action}", Level.DOUBT, "The API's description has no such bound action.")
        yield from _bare(name, layout)
        if not self._reader.few(layout, kind.api):
            yield Finding(name, Level.DOUBT, "No record is visible: grant Read on its tables, unless there are none.")
            return
        yield Finding(name, Level.FINE, f"The entity set and {len(layout.columns)} of its properties can be read.")


def _bare(name: str, layout: Layout) -> Iterator[Finding]:
    """Name numbers that are neither money nor a quantity as far as is known: a mapping may need more."""
    for column in layout.columns:
        if column.form is Form.NUMBER:
            yield Finding(
                f"{name}.{column.name}",
                Level.FINE,
                "This is read as a bare number: an amount or a quantity is named under `money` or `quantities`.",
            )


def _wrong(about: str, error: ConnectorError) -> Finding:
    return Finding(about, Level.WRONG, f"{error} ({error.detail})" if error.detail else str(error))
