"""What decide leaves behind: the last state of a record, and notices, which are facts for one recipient and no text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from connectors.contract import Value
from pipelines.codec import dump_fields, load_fields
from pipelines.plan import Lane
from pipelines.verdict import Reason

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class State:
    """The last known state of a record: only mapped fields, and the names of those that could not be read."""

    stamp: datetime
    fields: Mapping[str, Value]
    problems: Mapping[str, Reason] = field(default_factory=dict)
    deleted: bool = False
    number: str = ""
    url: str = ""

    def dump(self) -> bytes:
        """Return the state as bytes, for sealing."""
        fields, problems = dump_fields(self.fields), dict(self.problems)
        return _encode([self.stamp.isoformat(), fields, problems, self.deleted, self.number, self.url])

    @staticmethod
    def load(data: bytes) -> State:
        """Return what `dump` made."""
        stamp, fields, problems, deleted, number, url = _decode(data)
        named = {name: Reason(reason) for name, reason in problems.items()}
        return State(datetime.fromisoformat(stamp), load_fields(fields), named, deleted, number, url)


@dataclass(frozen=True, slots=True)
class Notice:
    """One fact for one recipient: a destination, or one person of it.

    `before` holds, of the changed fields, what the recipient knew; `stamp` orders the states of a record, with
    `seq` (the arrival) among equals; `occurred_at` is the source's clock. Datetimes are aware.
    """

    route: str
    destination: str
    source: str
    kind: str
    record_id: str
    seq: int
    stamp: datetime
    occurred_at: datetime
    number: str
    url: str
    fields: Mapping[str, Value]
    before: Mapping[str, Value] = field(default_factory=dict)
    new: bool = False
    deleted: bool = False
    lane: Lane = Lane.NORMAL
    due: datetime | None = None
    """For a fact that is told again: when it was first due."""
    by: str = ""
    """The source's user whose change it is, where the source tells."""

    @property
    def subject(self) -> tuple[str, str, str]:
        """The record that it tells of."""
        return (self.source, self.kind, self.record_id)

    @property
    def order(self) -> tuple[datetime, int]:
        """What is newer."""
        return (self.stamp, self.seq)

    def dump(self) -> bytes:
        """Return the notice as bytes, for sealing; who is told stands beside it, and may be another one by then."""
        return _encode(
            [
                self.route,
                self.source,
                self.kind,
                self.record_id,
                self.seq,
                self.stamp.isoformat(),
                self.occurred_at.isoformat(),
                self.number,
                self.url,
                dump_fields(self.fields),
                dump_fields(self.before),
                self.new,
                self.deleted,
                self.lane,
                self.due and self.due.isoformat(),
                self.by,
            ]
        )

    @staticmethod
    def load(data: bytes, recipient: str) -> Notice:
        """Return what `dump` made, for this recipient."""
        plain: list[Any] = _decode(data)
        plain.insert(1, recipient)
        plain[6:8] = map(datetime.fromisoformat, plain[6:8])
        plain[10:12] = map(load_fields, plain[10:12])
        plain[14] = Lane(plain[14])
        plain[15] = plain[15] and datetime.fromisoformat(plain[15])
        return Notice(*plain)
