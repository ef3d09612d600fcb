"""What is read by SOAP, as the rest of this connector sees it; only a source that needs it loads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from connectors.contract import Page, Record, Unread


class Deleted(Protocol):
    """A way to learn what was deleted."""

    def deleted(self, kind: str, since: datetime) -> Sequence[tuple[str, datetime]]:
        """Give (id, when), aware UTC, of the records of a kind deleted at or after `since` (aware).

        Raises the contract's errors.
        """
        ...


class BySoap(Deleted, Protocol):
    """Kinds that are read by SOAP searches; each method is what the contract says of it."""

    def pull(self, kind: str, cursor: str | None) -> Page:
        """See `connectors.contract.Pulls`."""
        ...

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Record | Unread]:
        """See `connectors.contract.Reads`."""
        ...

    def versions(self, kind: str, since: datetime, until: datetime) -> Iterator[tuple[str, str]]:
        """See `connectors.contract.Lists`."""
        ...
