"""Cases run: what is expected beside what would be told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import ndiff

from config.casebook import Case, Message, Untold
from config.problem import Problem, problem
from connectors.contract import Delivers
from pipelines.plan import Plan, Route
from pipelines.verdict import HELD, Reason, Verdict
from worker.explain.values import labels
from worker.trial.rule import Ruled, Shown, rule, show, with_audience
from worker.trial.why import held, why


@dataclass(frozen=True, slots=True)
class Failure:
    """Something else than expected, where that was expected; `diff` are lines of `- expected` and `+ told`."""

    problem: Problem
    diff: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """A case that was run. Without failures it passed.

    `told` are the routes that told somebody, or would have if they were not on trial.
    """

    case: Case
    failures: tuple[Failure, ...]
    told: frozenset[str]


def run(case: Case, plan: Plan, channels: Mapping[str, Delivers]) -> Result:
    """Run a case. Silences are of a while, and what is asked is what the routes say: they are left out."""
    plan = with_audience(replace(plan, silences=()), case.situation)
    ruled = rule(plan, case.situation)
    bench = _Bench(case, plan, channels, ruled)
    failures = tuple(failure for each in ruled.of.routes for failure in bench.route(each.route))
    telling = {Reason.TOLD, Reason.SHADOW}
    told = frozenset(name for name, verdict in ruled.verdicts.items() if verdict.reason in telling)
    return Result(case, failures, told)


@dataclass(frozen=True, slots=True)
class _Bench:
    """One case with what its state comes to."""

    case: Case
    plan: Plan
    channels: Mapping[str, Delivers]
    ruled: Ruled

    def route(self, route: Route) -> Iterator[Failure]:
        verdict, expected = self.ruled.verdict(route.name), self.case.expected.get(route.name)
        if verdict.reason is Reason.TOLD:
            yield from self._told(route, expected)
        elif isinstance(expected, Untold):
            if not _as_expected(verdict.reason, verdict.detail, expected):
                yield Failure(problem(expected.place, f"expected {_named(expected)}; {self._verdict(route, verdict)}"))
        elif expected:
            place = next(iter(expected.values())).place
            yield Failure(problem(place, f"expected to be told; {self._verdict(route, verdict)}"))
        elif verdict.reason in HELD:
            yield Failure(problem(self.case.place, f"not expected: {self._verdict(route, verdict)}"))

    def _told(self, route: Route, expected: Untold | Mapping[str, Untold | Message] | None) -> Iterator[Failure]:
        for name, notice in self.ruled.notices(route.name).items():
            shown = show(self.plan, self.channels[name], notice, self.ruled.at)
            told = self._shown(route, name, shown)
            wanted = expected if isinstance(expected, Untold) else (expected or {}).get(name)
            match wanted:
                case None:
                    yield Failure(problem(self.case.place, f"not expected: {told}"), _added(shown))
                case Untold():
                    if not _as_expected(shown.reason, shown.detail, wanted):
                        yield Failure(problem(wanted.place, f"expected {_named(wanted)}; {told}"), _added(shown))
                case Message() if shown.reason is not Reason.TOLD:
                    yield Failure(problem(wanted.place, f"expected a message; {told}"))
                case Message():
                    yield from _compared(wanted, shown)

    def _verdict(self, route: Route, verdict: Verdict) -> str:
        said = "holds it" if verdict.reason in HELD else "does not tell it"
        detail = f" {verdict.detail}" if verdict.detail else ""
        return f"{route.name} {said} ({verdict.reason}{detail}): {why(self.ruled, route, verdict)}"

    def _shown(self, route: Route, destination: str, shown: Shown) -> str:
        if shown.reason is Reason.TOLD:
            return f"{route.name} tells {destination}"
        label = labels(self.ruled.of).get(shown.detail, shown.detail)
        return f"{route.name} holds it for {destination} ({shown.reason} {shown.detail}): " + held(
            shown.reason, label, destination
        )


def _named(expected: Untold) -> str:
    return f"{expected.reason} {expected.detail}".strip()


def _as_expected(reason: Reason, detail: str, expected: Untold) -> bool:
    return reason is expected.reason and expected.detail in {"", detail}


def _compared(expected: Message, shown: Shown) -> Iterator[Failure]:
    title = _blank(shown.parts[0].title) if shown.parts else ""
    lines = _lines("\n\n".join(part.text for part in shown.parts))
    if expected.title is not None and _blank(expected.title) != title:
        yield _differs(expected, "the title is another", [expected.title], [title])
    if expected.text is not None and (wanted := _lines(expected.text)) != lines:
        yield _differs(expected, "the text is another", wanted, lines)
    for text in expected.contains:
        if not any(_blank(text) in line for line in lines):
            yield Failure(problem(expected.place, f"no line contains '{text}'"), _added(shown))
    for text in expected.lacks:
        for line in (each for each in (title, *lines) if _blank(text) in each):
            yield Failure(problem(expected.place, f"'{text}' was not to be told"), (f"+ {line}",))
    if expected.withheld is not None and set(expected.withheld) != set(shown.withheld):
        yield _differs(expected, "other fields are withheld", sorted(expected.withheld), sorted(shown.withheld))


def _lines(text: str) -> list[str]:
    """Return the lines without the blanks at their ends and around them, which nobody sees."""
    return [line.rstrip() for line in _blank(text).strip().splitlines()]


def _blank(text: str) -> str:
    """Return a text with usual spaces, which is what people type: a locale writes 12:00 PM with a narrow one."""
    return text.translate(dict.fromkeys(map(ord, "\u00a0\u2009\u202f"), " "))


def _differs(expected: Message, sentence: str, wanted: Iterable[str], told: Iterable[str]) -> Failure:
    return Failure(problem(expected.place, sentence), diff(wanted, told))


def diff(before: Iterable[str], after: Iterable[str]) -> tuple[str, ...]:
    """Return lines of two texts: `  ` in both, `- ` in the first, `+ ` in the second."""
    return tuple(line.rstrip() for line in ndiff(list(before), list(after)) if not line.startswith("?"))


def _added(shown: Shown) -> tuple[str, ...]:
    return tuple(f"+ {line}".rstrip() for part in shown.parts for line in part.text.splitlines())
