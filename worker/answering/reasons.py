"""Why a route told of a record, in sentences that name no value which its readers were not shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

from connectors.contract import Value
from pipelines.expressions import named
from pipelines.language import Phrase, say
from pipelines.plan import Compare, Destination, Kind, Route, Threshold
from pipelines.texts import text
from worker.answering import phrases

LONGEST = 100
"""Characters of a value: it is told to recall what was shown, and not to repeat it."""

BOUNDS: Mapping[Compare, Phrase] = {
    Compare.AT_LEAST: phrases.AT_LEAST,
    Compare.ABOVE: phrases.ABOVE,
    Compare.AT_MOST: phrases.AT_MOST,
    Compare.BELOW: phrases.BELOW,
}


def listed(clauses: Iterable[str], locale: str) -> str:
    """Return clauses as one, each once; nothing where there is none."""
    several = dict.fromkeys(clauses)
    return (
        reduce(lambda first, second: say(phrases.BOTH, locale, first=first, second=second), several) if several else ""
    )


@dataclass(frozen=True, slots=True)
class Condition:
    """What made a route tell of one state of a record, for one destination.

    `values` are the fields that may be named, as they were told there; `changed` are the fields that this state changed;
    `kind` and `route` are those of then.
    """

    kind: Kind
    route: Route
    values: Mapping[str, Value]
    changed: Collection[str]
    new: bool
    deleted: bool
    reader: Destination

    def said(self) -> str:
        """Return the sentences in the reader's language."""
        reasons = list(self._reasons())
        unseen = len(self._fields() - self.values.keys())
        if unseen:
            reasons.append(self._say(phrases.UNSEEN, count=unseen))
        return listed(reasons, self.reader.locale) or self._say(phrases.EVERY)

    def _reasons(self) -> Iterator[str]:
        for name in self.route.equals:
            if name in self.values:
                yield self._seen(name)
        for path in named(self.route.when):
            if self._field(path) in self.values:
                yield self._of_field(path)
            elif path == "is_new":
                yield self._say(phrases.NEW if self.new else phrases.KNOWN)
            elif path == "deleted":
                yield self._say(phrases.DELETED if self.deleted else phrases.KEPT)

    def _fields(self) -> set[str]:
        """Name the fields that the condition looks at."""
        return {*self.route.equals, *filter(None, map(self._field, named(self.route.when)))}

    def _field(self, path: str) -> str:
        """Return the field that a name of the condition is about, nothing for a word of the language."""
        first, _, second = path.partition(".")
        name = second if first in {"was", "changed", "present"} else first
        limits = {limit.name: limit.field for limit in self.route.thresholds}
        name = limits.get(name, name)
        return name if name in self._labels() else ""

    def _of_field(self, path: str) -> str:
        first, _, _ = path.partition(".")
        name = self._field(path)
        label = self._labels()[name]
        limits = {limit.name: limit for limit in self.route.thresholds}
        match first:
            case "was":
                # what stood there before may never have been told here
                return self._say(phrases.BEFORE, label=label)
            case "changed":
                return self._say(phrases.CHANGED if name in self.changed else phrases.UNCHANGED, label=label)
            case "present":
                return self._say(phrases.EMPTY if self.values[name] is None else phrases.FILLED, label=label)
        return self._measured(limits[first]) if first in limits else self._seen(name)

    def _seen(self, name: str) -> str:
        return self._say(phrases.SEEN, label=self._labels()[name], value=self._text(self.values[name]))

    def _measured(self, limit: Threshold) -> str:
        bound = self._say(BOUNDS[limit.compare], bound=self._text(limit.bound))
        label, value = self._labels()[limit.field], self._text(self.values[limit.field])
        return self._say(phrases.MEASURED, label=label, value=value, name=limit.name, bound=bound)

    def _labels(self) -> Mapping[str, str]:
        return {spec.name: spec.label for spec in self.kind.fields}

    def _text(self, value: Value) -> str:
        shown = text(value, self.reader.zone, self.reader.locale)
        return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"

    def _say(self, phrase: Phrase, **given: str | int) -> str:
        return say(phrase, self.reader.locale, **given)
