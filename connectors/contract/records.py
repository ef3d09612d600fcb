"""Records and the values of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit: "100 units" is never just 100. `unit` is the vendor's code until mapped.

    `base` is the same amount in the vendor's base unit where the vendor gives the factor: 100 Case and 1200 Each.
    """

    value: Decimal
    unit: str
    base: Quantity | None = None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with its ISO 4217 code."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a closed list: the code that the vendor stores, the label that people read."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Ref:
    """A link to another record or a person of the same system."""

    kind: str
    id: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Hidden:
    """The field exists and our credential may not read it."""


HIDDEN = Hidden()

Scalar: TypeAlias = (
    str | bool | date | datetime | Decimal | Quantity | Money | Choice | Ref | tuple[str, ...] | Hidden | None
)

Row: TypeAlias = Mapping[str, Scalar]

Value: TypeAlias = Scalar | tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """The state of one business object as a source showed it.

    No float crosses this border (numbers are Decimal); every datetime is aware; a field that was not read is absent,
    an empty one is None, one that we may not read is `HIDDEN`.
    """

    source: str
    kind: str
    id: str
    version: str
    """The vendor's own stamp, opaque; the vendor's event id or the time of the read where it has none."""
    stamp: datetime
    """The source's stamp of this state, for telling newer from older. Ties are broken by arrival."""
    fields: Mapping[str, Value]
    number: str = ""
    """What people call it: SO-1042."""
    url: str = ""
    """Where it opens in the source."""
    changed_by: Ref | None = None
    origin: str = ""
    """Who wrote it, as the vendor tells it: to recognise our own writes."""
    occurred_at: datetime | None = None
    """When it happened by the source's clock; None where the source only gives `stamp`."""
    deleted: bool = False
    context: Mapping[str, Value] = field(default_factory=dict)
    """What lies around the record, mapped like `fields`, under names of its own.

    It is told with the first state of a record that is new to us, and is no part of that state: not in the digest, not
    compared, not remembered.
    """


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that came and is not what the vendor describes. It is set aside, and the rows beside it go on.

    `id` is empty where the row has none; `sentence` tells the operator what to do and holds no field's value; `body`
    is what came, kept sealed.
    """

    source: str
    kind: str
    id: str
    sentence: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Listing:
    """A part of a list of the ids of all that a source has of a kind now, in any order.

    After the last part what is known and stands in none is read by its id: it may be gone.
    """

    ids: tuple[str, ...]
    first: bool
    last: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a pull: `cursor` is stored in one transaction with the rows; `more` asks for the next at once.

    `snapshot`: the source keeps no stamp of what changed, such as stock levels. Then `version` and `stamp` of each record
    are the time of the read, and what equals the newest state that is known is left out. `listing` comes from a source
    that forgot a cursor which told of deletions: it must fulfil `Reads`.
    """

    records: tuple[Record, ...]
    cursor: str
    more: bool
    unread: tuple[Unread, ...] = ()
    snapshot: bool = False
    listing: Listing | None = None
