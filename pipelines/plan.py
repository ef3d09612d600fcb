"""The plan: a validated configuration as plain values, which is all that the stages know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from connectors.contract import Format, Money, Quantity, Verb
from pipelines.audience import Audience
from pipelines.quiet import Quiet

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


class Merge(StrEnum):
    """When several facts share a message: only when the quota cannot carry them apart, or never."""

    WHEN_FULL = "when_full"
    NEVER = "never"


class WhenUnknown(StrEnum):
    """What follows where nobody knows whether a message was shown, in a channel that would show it twice."""

    AGAIN = "again"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class FieldMap:
    """One mapped field. `path` is its key in `Record.fields`; `currency` or `currency_path` belong to money.

    A table has `columns`, whose paths stand in its rows; all of it is of the table's own data class.
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


@dataclass(frozen=True, slots=True)
class Kind:
    """The mapping of one kind of record of one source. Only these fields are stored.

    What a first pull finds is told only when its stamp is not before `start`; None tells nobody.
    """

    source: str
    kind: str
    fields: tuple[FieldMap, ...]
    start: datetime | None = None


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
class Route:
    """Who is told of what. `equals` narrows before `when` (CEL) is evaluated."""

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
    decide: Decide | None = None
    when_unknown: WhenUnknown = WhenUnknown.HOLD


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
    `audience` is what is known of its readers at this moment; None: nobody can be asked.
    """

    name: str
    zone: str
    locale: str
    attestation: Attestation | None = None
    verified: Attestation | None = None
    audience: Audience | None = None
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decide and dispatch need of the configuration. `fingerprint` names exactly this content."""

    fingerprint: str
    kinds: Mapping[tuple[str, str], Kind]
    routes: tuple[Route, ...]
    destinations: Mapping[str, Destination]
