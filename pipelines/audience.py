"""Who reads a destination, as far as it is known when a message is composed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

MOST_ASKED = 20
"""People of whom a source is asked what each may read, at most: it is one call for each."""

Sight = Mapping[str, frozenset[str]]
"""The fields of one record that a source lets people read, as paths, by the channel's user id."""


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
    configuration's word on it was given. Both aware. `ruled` are the data classes that clearances decide wherever the
    readers can be listed; `cleared` is what each of those who are there now may see of them, by user id; None: nobody
    can list them. `by_source` are those of the ruled classes that the source itself may clear somebody for; `sees` is what
    it answered, by record.
    """

    read: bool
    outsiders: bool = False
    altered_at: datetime | None = None
    altered: Altered | None = None
    attested_at: datetime | None = None
    read_at: datetime | None = None
    """When they were asked for, aware; None where nobody had to be asked."""
    cleared: Mapping[str, frozenset[str]] | None = None
    ruled: frozenset[str] = frozenset()
    by_source: frozenset[str] = frozenset()
    sees: Mapping[tuple[str, str, str], Sight] = field(default_factory=dict)

    @property
    def decided(self) -> frozenset[str]:
        """The classes of which each reader's own clearance decides, and no word on all of them."""
        return frozenset() if self.cleared is None else self.ruled

    @property
    def shared(self) -> frozenset[str]:
        """The decided classes that every reader may see; none of a place of which nobody is known to read it."""
        if not self.cleared or self.outsiders:
            return frozenset()
        return self.ruled.intersection(*self.cleared.values())

    @property
    def asked(self) -> frozenset[str]:
        """The classes for which the source is asked about each reader; none where these are too many, or from outside."""
        few = self.cleared is not None and 0 < len(self.cleared) <= MOST_ASKED
        return self.by_source if few and not self.outsiders else frozenset()

    def of_record(self, sight: Sight, needed: Mapping[str, frozenset[str]]) -> Audience:
        """Return the same readers, each cleared as well for the classes of which they may read all `needed` fields."""
        cleared = {
            user: classes | {name for name, paths in needed.items() if paths <= sight.get(user, frozenset())}
            for user, classes in (self.cleared or {}).items()
        }
        return replace(self, cleared=cleared)

    def outlives(self, given_at: datetime | None) -> bool:
        """Tell whether a word that was given then was given for the group as it is now."""
        return self.altered_at is None or (given_at is not None and given_at > self.altered_at)
