"""The plan: a validated configuration as plain values, which is all that the stages know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from connectors.contract import Format, Money, Quantity, Verb
from pipelines.audience import Audience
from pipelines.clearances import Clearances
from pipelines.quiet import Personal, Quiet
from pipelines.silence import Weekday

PUBLIC = "public"
"""The data class that everybody may see; every other class is a free name of the configuration."""

OWN = "dingbridge"
"""The source of the records that the program writes about itself: faults, silence, signs of life."""


class FieldType(StrEnum):
    """What a mapped field is. Nothing is guessed: a value of another type holds the fact."""

    TEXT = "text"
    BOOL = "bool"
    NUMBER = "number"
    MONEY = "money"
    QUANTITY = "quantity"
    CHOICE = "choice"
    REF = "ref"
    DATE = "date"
    DATETIME = "datetime"
    LIST = "list"
    TABLE = "table"


class Style(StrEnum):
    """How a value is written where it is not written as usual. No digit is lost by any of them."""

    PLAIN = "plain"
    RATIO = "ratio"
    ISO = "iso"
    LONG = "long"
    FULL = "full"


class Drift(StrEnum):
    """What happens when a source's fields are no longer what they were: nothing but that operators are told, or more."""

    EVOLVE = "evolve"
    FREEZE = "freeze"
    HOLD = "hold"


class Compare(StrEnum):
    """How a threshold compares."""

    AT_LEAST = "at_least"
    ABOVE = "above"
    AT_MOST = "at_most"
    BELOW = "below"


class Lane(StrEnum):
    """Traffic classes, most important first; each has a guaranteed share of quota and of sender threads."""

    APPROVAL = "approval"
    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


class Mode(StrEnum):
    """`shadow` decides and records everything, and sends nothing."""

    LIVE = "live"
    SHADOW = "shadow"


class Policy(StrEnum):
    """What follows where not every reader may see every field.

    `withhold` shows what all of them may see, and says that the rest is withheld. `split` does so too, and tells the
    whole one to one to each member who may see more. `hold` leaves the message to a person, `refuse` tells nothing.
    `pointer` shows no field to anybody: number and link lead to the record, where the source itself decides who sees what.
    """

    WITHHOLD = "withhold"
    SPLIT = "split"
    HOLD = "hold"
    REFUSE = "refuse"
    POINTER = "pointer"


class Merge(StrEnum):
    """When several facts share a message: only when the quota cannot carry them apart, or never."""

    WHEN_FULL = "when_full"
    NEVER = "never"


class WhenUnknown(StrEnum):
    """What follows where nobody knows whether a message was shown, in a channel that would show it twice."""

    AGAIN = "again"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Conversion:
    """The unit that an amount is also told in, and how much of it one of the first is."""

    to: str
    factor: Decimal


@dataclass(frozen=True, slots=True)
class FieldMap:
    """One mapped field. `path` is its key in `Record.fields`; `currency` or `currency_path` belong to money.

    A table has `columns`, whose paths stand in its rows; all of it is of the table's own data class. `default` is what
    stands in for an empty value, as it was written. Of a quantity, `units` are the configuration's own with their
    names, `convert` is by the unit that comes. `decimals` is how many are written at least.
    """

    name: str
    path: str
    type: FieldType
    label: str
    data_class: str = PUBLIC
    required: bool = False
    currency: str = ""
    currency_path: str = ""
    unit: str = ""
    unit_path: str = ""
    columns: tuple[FieldMap, ...] = ()
    default: str | None = None
    style: Style | None = None
    decimals: int | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    convert: Mapping[str, Conversion] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """The mapping of one kind of record of one source. Only these fields are stored.

    What a first pull finds is told only when its stamp is not before `start`; None tells nobody.
    """

    source: str
    kind: str
    fields: tuple[FieldMap, ...]
    start: datetime | None = None
    drift: Drift = Drift.EVOLVE


@dataclass(frozen=True, slots=True)
class Threshold:
    """A named comparison in Decimal; the condition sees its name as a bool."""

    name: str
    field: str
    compare: Compare
    bound: Decimal | Money | Quantity


@dataclass(frozen=True, slots=True)
class Decide:
    """A decision that a route's messages ask for.

    `by` is the field that names the source's users who decide; `actions` are the buttons in their order; `compared` are
    the fields that must be as they were shown when one of them is pressed.
    """

    by: str
    actions: tuple[Verb, ...]
    compared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ByField:
    """Which of a route's destinations are told: the row of `table` that a field's text is in, else `otherwise`."""

    field: str
    table: Mapping[str, tuple[str, ...]]
    otherwise: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ByPerson:
    """The people whom a route tells one to one: those whom `field` names by the source's user ids, or their managers.

    `by` is the destination that reaches them; where one of them is nobody of its application, `otherwise` is told.
    """

    field: str
    by: str
    otherwise: tuple[str, ...]
    manager: bool = False


@dataclass(frozen=True, slots=True)
class Deadline:
    """A time of the day on certain days of the week, in a zone (an IANA name)."""

    at: time
    zone: str
    days: frozenset[Weekday]


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a route's condition must have held without interruption: `after`, or each time until the deadline `by`.

    `escalates` names the route that must have told it first, after which nobody did anything for so long.
    """

    after: timedelta = timedelta(0)
    by: Deadline | None = None
    escalates: str = ""


@dataclass(frozen=True, slots=True)
class Expects:
    """What must be there when a wait is over: a record of another kind whose field `key` has the text of the route's `of`.

    `asks` is a route of that kind which tells nobody: its condition is what must hold of the record.
    """

    key: str
    of: str
    asks: Route


@dataclass(frozen=True, slots=True)
class Route:
    """Who is told of what. `equals` narrows before `when` (CEL) is evaluated.

    `to` are all destinations that it may tell, `by` chooses among them. What it tells goes to the routes after it as
    well, unless it `ends`; a `fallback` tells only what no other route told.
    """

    name: str
    source: str
    kind: str
    to: tuple[str, ...]
    title: str
    fields: tuple[str, ...]
    when: str = "true"
    equals: Mapping[str, str] = field(default_factory=dict)
    thresholds: tuple[Threshold, ...] = ()
    format: Format = Format.MARKDOWN
    lane: Lane = Lane.NORMAL
    mode: Mode = Mode.LIVE
    merge: Merge = Merge.WHEN_FULL
    mentions: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    """Fields without which the message must not go: withheld, it is held."""
    policy: Policy = Policy.WITHHOLD
    details: str = ""
    """Of a policy `split`: the destination that reaches single people."""
    decide: Decide | None = None
    when_unknown: WhenUnknown = WhenUnknown.HOLD
    by: ByField | ByPerson | None = None
    ends: bool = False
    fallback: bool = False
    wait: Wait | None = None
    expects: Expects | None = None

    def tells(self, recipient: str) -> bool:
        """Tell whether what waits for a recipient, a destination or one of its people, is still told by this route."""
        name = destination_of(recipient)
        return name in self.to or bool(name and name == self.details)

    @property
    def of_kind(self) -> tuple[str, str]:
        """The source and the kind that it is about."""
        return (self.source, self.kind)


@dataclass(frozen=True, slots=True)
class Summary:
    """A list of all records of which a condition holds, told at set times.

    `asks` is a route that tells nobody: its condition is what must hold of a record, its fields are what is shown of it.
    `silent`: without such a record nothing is told.
    """

    name: str
    asks: Route
    silent: bool = True


@dataclass(frozen=True, slots=True)
class Attestation:
    """A named person's dated word on who sits in a group: which classes its members may see. Days are inclusive.

    `at` is when it was given in the group itself, aware; None: it stands in the configuration.
    """

    by: str
    on: date
    until: date
    classes: frozenset[str]
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """A group as the stages see it. `zone` is an IANA name, `locale` a Babel name such as zh_Hant_HK.

    `attestation` is the configuration's word on its members, `verified` one that was given in the group itself.
    `audience` is what is known of its readers at this moment; None: nobody can be asked. `application` is whose people
    read it; empty: of none that is known. `quiet` is when it is left in peace; None: never.
    """

    name: str
    zone: str
    locale: str
    attestation: Attestation | None = None
    verified: Attestation | None = None
    audience: Audience | None = None
    application: str = ""
    quiet: Quiet | None = None


WITHIN, ASKED = "/", "?"
"""What stands between a destination and one of its people: a user id of the channel, or one of the source.

A recipient is a destination or one person of it, and is written like this wherever something waits or went out. Neither
sign stands in a destination's name.
"""


def person_of(recipient: str) -> str:
    """Return the user id of a recipient who is one person of a destination; empty for another one."""
    name, _, user = recipient.partition(WITHIN)
    return "" if ASKED in name else user


def asked_of(recipient: str) -> str:
    """Return the source's user id of a recipient of whom it is not known yet who that is; empty for another one."""
    name, _, user = recipient.partition(ASKED)
    return "" if WITHIN in name else user


def destination_of(recipient: str) -> str:
    """Return the destination of a recipient."""
    return recipient.partition(WITHIN)[0].partition(ASKED)[0]


@dataclass(frozen=True, slots=True)
class Silence:
    """An order not to tell: what these routes tell these destinations, until `until` (aware). Empty: all of them."""

    name: str
    until: datetime
    owner: str
    reason: str
    routes: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decide and dispatch need of the configuration. `fingerprint` names exactly this content.

    `personal` is what each person of an application is spared over all its destinations, by its name.
    """

    fingerprint: str
    kinds: Mapping[tuple[str, str], Kind]
    routes: tuple[Route, ...]
    destinations: Mapping[str, Destination]
    silences: tuple[Silence, ...] = ()
    summaries: tuple[Summary, ...] = ()
    clearances: Clearances = field(default_factory=Clearances)
    personal: Mapping[str, Personal] = field(default_factory=dict)

    @property
    def personal_destinations(self) -> frozenset[str]:
        """The destinations by which routes tell single people."""
        by = {route.by.by for route in self.routes if isinstance(route.by, ByPerson)}
        return frozenset(by | {route.details for route in self.routes if route.details})

    def reader(self, recipient: str) -> Destination:
        """Return the destination of a recipient under the recipient's own name. Raises KeyError where there is none."""
        found = self.destinations[destination_of(recipient)]
        return found if found.name == recipient else replace(found, name=recipient)
