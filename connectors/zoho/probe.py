"""Is everything granted that the source needs? Asked with a handful of calls that change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.contract import ConnectorError, Finding, Level
from connectors.zoho.coql import page_query
from connectors.zoho.layout import Form, Layout, layout_of
from connectors.zoho.people import People
from connectors.zoho.reading import LIST_PAGE, QUERY_SCOPE, scope_of, taken
from connectors.zoho.records import Origin, place_of, readout, written
from connectors.zoho.schema import Schema
from connectors.zoho.settings import Kind, Reading, ZohoSettings
from connectors.zoho.users import user_of
from connectors.zoho.watch import PATH as WATCH
from connectors.zoho.watch import SCOPE as WATCH_SCOPE
from connectors.zoho.wire import Call, rows_of

FEW_LEFT = 0.1
SOME = 20


class Probe:
    """Looks at one source. Never raises for what the vendor or the network did."""

    def __init__(self, settings: ZohoSettings, people: People, schema: Schema, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._people = people
        self._account = people.integration
        self._describe = schema.once()
        self._now = now

    def findings(self) -> list[Finding]:
        """Sign in, then look at quota, clock, notifications, people, and each kind."""
        try:
            user_of(self._account, "CurrentUser")
        except ConnectorError as error:
            return [_wrong("sign in", error)]
        found = [Finding("sign in", Level.FINE, "Zoho gave a token, and takes it.")]
        found += [*self._quota(), *self._clock(), *self._notifications(), *self._actors()]
        for name, kind in self._settings.kinds.items():
            try:
                found += self._kind(name, kind)
            except ConnectorError as error:
                found.append(_wrong(name, error))
        return found

    def _quota(self) -> Iterator[Finding]:
        left = self._account.said.credits_left
        if left is None:
            yield Finding("credits", Level.FINE, "Zoho tells no remaining credits: less than half of them are used.")
            return
        level = Level.FINE if left > self._settings.credits * FEW_LEFT else Level.DOUBT
        todo = "" if level is Level.FINE else ": poll less often, or ask for more"
        yield Finding("credits", level, f"{left} credits of 24 hours are left{todo}.")

    def _clock(self) -> Iterator[Finding]:
        clock = self._account.said.clock
        if clock is None:
            return
        ahead = self._now() - clock
        seconds = f"{abs(ahead).total_seconds():.0f} s"
        if abs(ahead) <= max(self._settings.settle, timedelta(seconds=5)):
            yield Finding("clock", Level.FINE, f"This machine's clock differs by {seconds}.")
            return
        way = "ahead of" if ahead > timedelta(0) else "behind"
        yield Finding("clock", Level.WRONG, f"This machine's clock is {seconds} {way} Zoho's: set it right (NTP).")

    def _notifications(self) -> Iterator[Finding]:
        try:
            self._account.call(Call("GET", WATCH, WATCH_SCOPE))
        except ConnectorError as error:
            # Polling does without them.
            yield Finding("notifications", Level.DOUBT, f"{error} Until then changes come by polling alone.")
            return
        yield Finding("notifications", Level.FINE, "Zoho lets the app subscribe to notifications.")

    def _actors(self) -> Iterator[Finding]:
        for actor in self._settings.actors:
            account = self._people.own(actor)
            try:
                user = user_of(account, "CurrentUser") if account else None
            except ConnectorError as error:
                yield _wrong(f"actor {actor}", error)
                continue
            if user is None or str(user.get("id")) != actor:
                yield Finding(
                    f"actor {actor}", Level.WRONG, "The refresh token is another person's: make one as this person."
                )

    def _kind(self, name: str, kind: Kind) -> Iterator[Finding]:
        layout = layout_of(name, kind, self._describe)
        for path in layout.hidden:
            yield Finding(
                f"{name}.{path}",
                Level.WRONG,
                "The integration user may not see this field, or there is none: check its API name, and grant it in "
                "the profile (Setup, Profiles, Field-level security).",
            )
        for path in layout.unread:
            yield Finding(
                f"{name}.{path}", Level.WRONG, "This field's type has no value that can be mapped: take it out."
            )
        if not layout.number:
            yield Finding(f"{name}.{kind.number}", Level.WRONG, "The field of the number is hidden or missing.")
        yield from self._transitions(name, kind)
        read, rows = taken(layout, lambda layout: self._rows(layout, kind))
        for path in set(read.hidden) - set(layout.hidden):
            yield Finding(f"{name}.{path}", Level.WRONG, "Zoho does not take this field in a query: take it out.")
        if kind.deletions:
            headers = {"If-Modified-Since": written(self._now().replace(microsecond=0) - timedelta(days=1))}
            self._account.call(Call("GET", f"{name}/deleted", scope_of(name), {"per_page": "1"}, headers=headers))
        if not rows:
            yield Finding(
                name, Level.DOUBT, "No record is visible: share them with the integration user, unless there are none."
            )
            return
        yield Finding(name, Level.FINE, f"The module and {len(read.columns)} fields of it are visible.")
        yield from _judged(read, rows)

    def _transitions(self, name: str, kind: Kind) -> Iterator[Finding]:
        for setting, transition in (("approve", kind.approve), ("reject", kind.reject)):
            if transition and transition not in kind.transitions:
                yield Finding(
                    f"{name}.{setting}",
                    Level.DOUBT,
                    f"Name the state after {transition} in `transitions`: without it a decision that was already made "
                    "looks like a changed record.",
                )

    def _rows(self, layout: Layout, kind: Kind) -> Sequence[Mapping[str, Any]]:
        """Read some rows the way that the kind is read, so that its scope and its columns are tried."""
        if kind.reading is Reading.QUERY:
            query = page_query(layout, None, None, SOME)
            rows = rows_of(self._account.call(Call("POST", "coql", QUERY_SCOPE, body={"select_query": query})))
        else:
            params = {"fields": ",".join(layout.select), "per_page": str(min(SOME, LIST_PAGE))}
            rows = rows_of(self._account.call(Call("GET", layout.kind, scope_of(layout.kind), params)))
        return [row for row in rows if place_of(row) is not None]


def _judged(layout: Layout, rows: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Look for values that are not as the fields are described."""
    origin = Origin("probe", "")
    made = [readout(row, layout, origin, {}) for row in rows]
    for path in sorted({path for each in made for path in each.unreadable}):
        yield Finding(
            f"{layout.kind}.{path}",
            Level.DOUBT,
            "Some records hold a value that does not fit the field's type; it is left out. Was the type changed?",
        )
    for column in layout.columns:
        if column.form is Form.CHOICE and column.labels:
            codes = {getattr(each.record.fields.get(column.path), "code", None) for each in made} - {None}
            if codes - column.labels.keys():
                yield Finding(
                    f"{layout.kind}.{column.path}",
                    Level.DOUBT,
                    "Some records hold a value that is no longer in the pick list; it is shown as it is stored.",
                )


def _wrong(about: str, error: ConnectorError) -> Finding:
    return Finding(about, Level.WRONG, f"{error} ({error.detail})" if error.detail else str(error))
