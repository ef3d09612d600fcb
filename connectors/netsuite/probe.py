"""Is everything granted that the source needs? Asked with a handful of calls that change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from connectors.contract import ConnectorError, Finding, Level, Misconfigured, Page, Record, Refused
from connectors.netsuite.acts import forbids
from connectors.netsuite.approval import path_of
from connectors.netsuite.deletions import deleted_page
from connectors.netsuite.errors import RecordLocked, RecordMissing
from connectors.netsuite.layout import layout_of
from connectors.netsuite.moments import wall
from connectors.netsuite.people import People
from connectors.netsuite.poll import Scan
from connectors.netsuite.queries import Queries
from connectors.netsuite.settings import Deletions, Kind, NetSuiteSettings, Reading
from connectors.netsuite.suiteql import Query
from connectors.netsuite.wire import Account, Call

SOME = 20
"""Rows that are read of a kind to look at it."""
SYSTEM = "/services/rest/system/v1/"
WORKBOOK = "SuiteAnalytics Workbook (Permissions > Reports, level Edit)"
DELETED = "the permission Deleted Records"
SOAP_RIGHTS = ", and SOAP Web Services and Log in using Access Tokens (Permissions > Setup, level Full)"
SIGN_IN = (
    "The role needs REST Web Services and, for client credentials, Log in using OAuth 2.0 Access Tokens, else Log in using "
    "Access Tokens (Permissions > Setup, level Full)."
)
_STEP = timedelta(minutes=15)
"""Zones differ by whole quarters of an hour."""

# Names of permissions as the role's page shows them; each is on its subtab.
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "customer": "Customers (Lists)",
        "employee": "Employees (Lists)",
        "estimate": "Estimate (Transactions)",
        "expensereport": "Expense Report (Transactions)",
        "inventoryitem": "Items (Lists)",
        "invoice": "Invoice (Transactions)",
        "item": "Items (Lists)",
        "itemfulfillment": "Item Fulfillment (Transactions)",
        "itemreceipt": "Item Receipt (Transactions)",
        "purchaseorder": "Purchase Order (Transactions)",
        "purchaserequisition": "Requisition (Transactions)",
        "salesorder": "Sales Order (Transactions)",
        "supportcase": "Cases (Lists)",
        "vendor": "Vendors (Lists)",
        "vendorbill": "Bills (Transactions)",
    }
)


@dataclass(frozen=True, slots=True)
class Sample:
    """Ways to read a little of a kind.

    `pull` gives the first few records, `hidden` the paths that NetSuite did not take in doing so, and `deleted_by_soap`
    what was deleted since an aware time.
    """

    pull: Callable[[str, str | None], Page]
    hidden: Callable[[str], Sequence[str]]
    deleted_by_soap: Callable[[str, datetime], object]


class Probe:
    """Looks at one source. Never raises for what the vendor or the network did."""

    def __init__(self, settings: NetSuiteSettings, people: People, sample: Sample, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._people = people
        self._account = people.integration
        self._queries = Queries(people.integration)
        self._sample = sample
        self._zone = ZoneInfo(settings.zone)
        self._now = now

    def findings(self) -> list[Finding]:
        """Sign in, then look at clock, quota, pushes, people, and each kind; last at the zone, by a record of one."""
        try:
            clock = _clock(self._account)
        except ConnectorError as error:
            return [_wrong("sign in", error, SIGN_IN)]
        found = [Finding("sign in", Level.FINE, "NetSuite takes the credentials of the integration.")]
        found += [*self._skew(clock), *self._quota(), *self._pushes(), *self._actors()]
        seen: list[tuple[str, Record]] = []
        for name, kind in self._settings.kinds.items():
            found += self._kind(name, kind, seen)
        return [*found, *self._deletions(), *self._compared(seen)]

    def _skew(self, clock: datetime | None) -> Iterator[Finding]:
        if clock is None:
            return
        ahead = self._now() - clock
        seconds = f"{abs(ahead).total_seconds():.0f} s"
        if abs(ahead) <= max(self._settings.settle, timedelta(seconds=5)):
            yield Finding("clock", Level.FINE, f"This machine's clock differs by {seconds}.")
            return
        way = "ahead of" if ahead > timedelta(0) else "behind"
        yield Finding("clock", Level.WRONG, f"This machine's clock is {seconds} {way} NetSuite's: set it right (NTP).")

    def _quota(self) -> Iterator[Finding]:
        """See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_0625010817.html."""
        ours = self._settings.concurrency
        try:
            body = self._account.call(Call("GET", SYSTEM + "governanceLimits")).body
            known = [body.get(name) for name in ("integrationConcurrencyLimit", "accountUnallocatedConcurrencyLimit")]
            limit = next(each for each in known if isinstance(each, int))
        except (ConnectorError, AttributeError, StopIteration):
            # Administrators only; the bridge should not be one.
            yield Finding(
                "quota",
                Level.DOUBT,
                f"The limit of calls at once cannot be asked for: compare `concurrency` ({ours}) with Setup > Integration > "
                "Integration Governance.",
            )
            return
        if ours > limit:
            yield Finding("quota", Level.WRONG, f"NetSuite allows {limit} calls at once: set `concurrency` to it.")
            return
        yield Finding("quota", Level.FINE, f"NetSuite allows {limit} calls at once; the bridge is told of {ours}.")

    def _pushes(self) -> Iterator[Finding]:
        if not self._settings.push_keys:
            yield Finding("pushes", Level.DOUBT, "There are no `push_keys`: changes come by polling alone.")

    def _actors(self) -> Iterator[Finding]:
        for actor in self._settings.actors:
            account = self._people.own(actor)
            try:
                if account is not None:
                    _clock(account)
            except ConnectorError as error:
                yield _wrong(f"actor {actor}", error, SIGN_IN)
                continue
            yield Finding(f"actor {actor}", Level.FINE, "NetSuite takes this person's credential.")

    def _kind(self, name: str, kind: Kind, seen: list[tuple[str, Record]]) -> Iterator[Finding]:
        try:
            page = self._sample.pull(name, None)
            hidden = self._sample.hidden(name)
        except ConnectorError as error:
            yield _wrong(name, error, _needed(name, kind))
            return
        for path in hidden:
            yield Finding(
                f"{name}.{path}",
                Level.WRONG,
                "There is no such field, or the role may not see it: check its id in the Records Catalog, or grant it.",
            )
        for sentence in dict.fromkeys(row.sentence for row in page.unread):
            yield Finding(name, Level.DOUBT, f"{sentence} Such records are set aside.")
        if not page.records and not page.unread:
            yield Finding(
                name,
                Level.DOUBT,
                f"No record is visible, unless there are none: {_needed(name, kind)} Look at the role's subsidiaries, too.",
            )
            return
        if not page.unread:
            yield Finding(name, Level.FINE, f"{len(kind.fields) - len(hidden)} fields of it are visible.")
        if kind.balance is None and kind.reading is Reading.QUERY:
            seen += [(name, record) for record in page.records[:1]]
            yield from self._statuses(name, kind)

    def _statuses(self, name: str, kind: Kind) -> Iterator[Finding]:
        """Name what the configured statuses mean in this account, as far as records have had them."""
        approval = kind.approval
        columns = [each for each in layout_of(name, kind).columns if each.name == approval.field]
        if not columns:
            return
        sql, layout = columns[0].sql, layout_of(name, kind)
        # Names are held to \w by the settings.
        text = f"SELECT DISTINCT {sql} AS status, BUILTIN.DF({sql}) AS label FROM {layout.table} t"  # noqa: S608
        query = Query(f"{text} WHERE t.type = ?", (layout.type,)) if layout.type else Query(text)
        try:
            rows = self._queries.ask(query, 100).rows
        except ConnectorError as error:
            yield Finding(f"{name}.approval", Level.DOUBT, f"Its statuses cannot be listed. {error}")
            return
        known = {str(row.get("status")): str(row.get("label") or "") for row in rows}
        wanted = {"waits": approval.pending, "approved": approval.approved, "rejected": approval.rejected}
        said = [f"{each} {code}: {known.get(code, 'not in use yet')}" for each, code in wanted.items() if code]
        level = Level.FINE if {code for code in wanted.values() if code} <= known.keys() else Level.DOUBT
        yield Finding(f"{name}.approval", level, f"Compare what the statuses mean here ({'; '.join(said)}).")

    def _deletions(self) -> Iterator[Finding]:
        """List what was deleted lately, once in each way that the kinds name."""
        wanted = {kind.deletions: name for name, kind in self._settings.kinds.items() if kind.balance is None}
        since = self._now() - timedelta(hours=1)
        for way, ask, more in (
            (Deletions.QUERY, self._deleted, ""),
            (Deletions.SOAP, self._sample.deleted_by_soap, SOAP_RIGHTS),
        ):
            if way not in wanted:
                continue
            about = "deletions" if way is Deletions.QUERY else "deletions by SOAP"
            try:
                ask(wanted[way], since)
            except ConnectorError as error:
                yield _wrong(about, error, f"Grant {DELETED}{more}, or set `deletions: none`.")
                continue
            yield Finding(about, Level.FINE, "The role may list what was deleted.")

    def _deleted(self, name: str, since: datetime) -> object:
        record = self._settings.kinds[name].record or name
        now = self._now()
        return deleted_page(self._queries, record, Scan(wall(since, self._zone), now), self._zone, now)

    def _compared(self, seen: Sequence[tuple[str, Record]]) -> Iterator[Finding]:
        """Compare a stamp in the account's time, as queries show it, with the same in UTC, as the record service does.

        That both are one moment is A-NETSUITE-303.
        """
        for name, record in seen:
            try:
                body = self._account.call(Call("GET", path_of(name, self._settings.kinds[name], record.id))).body
                exact = datetime.fromisoformat(body["lastModifiedDate"])
                shown = datetime.fromisoformat(record.version)
                apart = min((shown.replace(tzinfo=self._zone, fold=fold) - exact for fold in (0, 1)), key=abs)
            except (RecordLocked, RecordMissing, KeyError, TypeError, ValueError):
                continue
            except ConnectorError as error:
                yield _wrong(f"{name} by id", error, _needed(name, self._settings.kinds[name]))
                continue
            if apart and apart % _STEP == timedelta(0):
                hours = abs(apart) / timedelta(hours=1)
                way = "ahead of" if apart > timedelta(0) else "behind"
                yield Finding(
                    "zone",
                    Level.WRONG,
                    f"Times of queries are {hours:g} h {way} the moments they stand for: set `zone` to the time zone of "
                    "the account, or of the integration's user where that has one of its own.",
                )
                return
            if not apart:
                yield Finding("zone", Level.FINE, "Times of queries are in the configured zone.")
                return


def _clock(account: Account) -> datetime | None:
    """Ask for NetSuite's clock, which needs no permission but to sign in; None where it is not told.

    https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_0528010158.html
    """
    try:
        body = account.call(Call("GET", SYSTEM + "serverTime")).body
        return datetime.fromisoformat(body["serverTime"])
    except (RecordMissing, Refused, KeyError, TypeError, ValueError):
        # An address that an older release does not have is refused after the sign-in.
        return account.clock


def _needed(name: str, kind: Kind) -> str:
    label = LABELS.get((kind.record or name).lower(), "the permission of this type of record")
    if kind.balance is not None:
        label = LABELS["item"]
    if kind.reading is Reading.SOAP:
        return (
            f"Grant View on {label}, and SOAP Web Services and Log in using Access Tokens (Permissions > Setup, Full)."
        )
    return f"Grant View on {label}, and {WORKBOOK}."


def _wrong(about: str, error: ConnectorError, todo: str) -> Finding:
    """Say what failed; what a permission may mend is named to the letter."""
    sentence = f"{error} ({error.detail})" if error.detail else str(error)
    mend = isinstance(error, Refused) or (
        isinstance(error, Misconfigured) and (forbids(error) or "401" in error.detail)
    )
    return Finding(about, Level.WRONG, f"{sentence} {todo}" if mend else sentence)
