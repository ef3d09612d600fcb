"""The values that a route's checks looked at, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.contract import Choice, Ref, Value
from pipelines.case import Case, KindProgram
from pipelines.expressions import named
from pipelines.plan import Route, Threshold
from worker.explain.sentences import COMPARES, Tale, sentence
from worker.explain.story import Voice


def labels(of: KindProgram | None) -> Mapping[str, str]:
    """Return what people call each mapped field."""
    return {} if of is None else {spec.name: spec.label for spec in of.kind.fields}


def coded(value: Value, voice: Voice) -> str:
    """Return a value as people read it, with the code or id that a rule compares where that is another text."""
    shown = voice.value(value)
    code = value.code if isinstance(value, Choice) else value.id if isinstance(value, Ref) else shown
    return shown if code == shown else f"{shown} ({code})"


@dataclass(frozen=True, slots=True)
class Seen:
    """What one route saw of one event."""

    of: KindProgram
    route: Route
    case: Case
    voice: Voice

    def rule(self) -> str:
        """Return what each field, limit and flag that the route's condition names was at that moment."""
        words = [self._words(name) for name in named(self.route.when)]
        return "; ".join(dict.fromkeys(filter(None, words))) or "it names no field"

    def field(self, name: str) -> str:
        """Return the value of a field that had to equal something."""
        return coded(self.case.shown.get(name), self.voice)

    def _words(self, name: str) -> str:
        first, _, second = name.partition(".")
        limits = {threshold.name: threshold for threshold in self.route.thresholds}
        label = labels(self.of)
        if first == "was" and second in limits:
            second = limits[second].field
        if first in {"changed", "present", "was"} and second in label:
            return self._flag(first, second, label[second])
        if first in {"is_new", "deleted"}:
            return self._of_record(first)
        if first in limits:
            return self._limit(limits[first], label[limits[first].field])
        if first in self.case.mapped.problems:
            return sentence(Tale.UNSEEN, label=label[first])
        if first in label:
            return sentence(Tale.SEEN, label=label[first], value=coded(self.case.mapped.fields.get(first), self.voice))
        return ""

    def _flag(self, flag: str, name: str, label: str) -> str:
        known = self.case.event.known
        if flag == "changed":
            return sentence(Tale.HAD_CHANGED if name in self.case.changed else Tale.HAD_NOT_CHANGED, label=label)
        if flag == "present":
            filled = self.case.mapped.fields.get(name) is not None
            return sentence(Tale.FILLED if filled else Tale.EMPTY, label=label)
        before = known.fields.get(name) if known else None
        return sentence(Tale.SEEN_BEFORE, label=label, value=coded(before, self.voice))

    def _of_record(self, flag: str) -> str:
        event = self.case.event
        if flag == "is_new":
            return sentence(Tale.IS_NEW if event.known is None else Tale.IS_KNOWN)
        return sentence(Tale.DELETED if event.record.deleted else Tale.NOT_DELETED)

    def _limit(self, threshold: Threshold, label: str) -> str:
        return sentence(
            Tale.MEASURED,
            label=label,
            value=coded(self.case.mapped.fields.get(threshold.field), self.voice),
            name=threshold.name,
            compare=COMPARES[threshold.compare],
            bound=self.voice.value(threshold.bound),
        )
