"""A source that holds one deal, and a channel that cannot tell how it lays a message out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from connectors.contract import (
    Budget,
    Connector,
    Delivers,
    Delivery,
    Draft,
    Money,
    Page,
    Pulls,
    Reads,
    Record,
    Resend,
    Services,
    Value,
)


class Nothing(BaseModel):
    """No settings."""

    model_config = ConfigDict(extra="forbid")


class Shelf:
    """Both in one."""

    resend = Resend.IDEMPOTENT

    def __init__(self, name: str) -> None:
        self._name = name

    def pull(self, kind: str, cursor: str | None) -> Page:
        """Have no news."""
        return Page((), f"{kind} {cursor}", more=False)

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record]:
        """Give the deal, whose amount is what the vendor has now."""
        stamp = datetime(2026, 11, 20, tzinfo=UTC)
        fields: dict[str, Value] = {"Name": "Desks", "Amount": Money(Decimal(7000), "HKD"), "Stage": "Won"}
        return [Record(self._name, kind, id_, "9", stamp, fields, "D-1") for id_ in ids if id_ == "d1"]

    def budgets(self) -> Sequence[Budget]:
        """Have no quota."""
        return (Budget("shelf", ()),)

    def pack(self, draft: Draft) -> Sequence[tuple[Draft, Sequence[int]]]:
        """Split nothing."""
        return [(draft, range(len(draft.facts)))]

    def freeze(self, draft: Draft, key: str) -> bytes:
        """Make bytes of it."""
        return f"{key}{draft!r}".encode()

    def send(self, frozen: bytes) -> Delivery:
        """Refuse: nothing is sent by what only looks."""
        raise AssertionError(f"{len(frozen)} bytes were sent")


def _build(name: str, _settings: Any, _services: Services) -> Shelf:
    return Shelf(name)


CONNECTOR = Connector("shelf", "Shelf", Nothing, _build, frozenset({Pulls, Reads, Delivers}))
