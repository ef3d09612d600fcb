"""Who reads a destination, as far as it is known when a message is composed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Altered(StrEnum):
    """What made a group another than the one that somebody vouched for."""

    RENAMED = "renamed"
    OWNER = "owner"
    OUTSIDER = "outsider"
    LOST = "lost"
    """Its members could be listed, and cannot any more."""
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Audience:
    """The readers of a destination whose members can be asked for.

    `read`: whether they were asked for lately enough. `outsiders`: whether some of them are not of the organisation.
    `altered_at` is since when it is another group than before, and `altered` in which way; `attested_at` is when the
    configuration's word on it was given. Both aware.
    """

    read: bool
    outsiders: bool = False
    altered_at: datetime | None = None
    altered: Altered | None = None
    attested_at: datetime | None = None
    cleared: Mapping[str, frozenset[str]] | None = None
    """The data classes beside `public` that each reader may see, by user id; None: nobody can list the readers."""
    ruled: frozenset[str] = frozenset()
    """The data classes that are cleared person by person."""

    def outlives(self, given_at: datetime | None) -> bool:
        """Tell whether a word that was given then was given for the group as it is now."""
        return self.altered_at is None or (given_at is not None and given_at > self.altered_at)
