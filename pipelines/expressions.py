"""Conditions in CEL, checked against the mapping's types before anything runs.

Decimal, Money and Quantity never enter: CEL would turn them into binary floats without a word, and then
12345678901234567.89 equals 12345678901234568.00. They are compared by thresholds, which a condition sees as bools.

A condition sees: each mapped field by name (text, the code of a choice, the id of a reference and the ISO form of a
date as string; bool; timestamp; list of strings), `was.NAME` (its previous value), `changed.NAME`, `present.NAME`,
each threshold's name and `was.THRESHOLD` (whether the previous value was known to be beyond it), `is_new`, `deleted` and
`now`.

The language: https://github.com/google/cel-spec/blob/master/doc/langdef.md
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cel_expr_python import cel

from connectors.contract import Choice, Ref, Value
from pipelines.plan import FieldType, Kind, Route

_TEXTS = frozenset({FieldType.TEXT, FieldType.CHOICE, FieldType.REF, FieldType.DATE})
_TYPES = {
    **dict.fromkeys(_TEXTS, cel.Type.STRING),
    FieldType.BOOL: cel.Type.BOOL,
    FieldType.DATETIME: cel.Type.TIMESTAMP,
    FieldType.LIST: cel.Type.List(cel.Type.STRING),
}
_OPAQUE = re.compile(
    r"//[^\n]*"
    r"|(?:\b[rRbB]{1,2})?"
    r"(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')",
    re.DOTALL,
)
"""Comments and literals, whose content names nothing."""
_DECIMALS = re.compile(r"\bdouble\s*\(|\b\d+\.\d|(?<![\w)\]])\.\d|\b\d+[eE]")
_NAMES = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PATHS = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?")
_WHERE = re.compile(r"<input>:(\d+):(\d+): (.*)")
_UNBOUND = re.compile(r'UNKNOWN: No value with name "([\w.]+)" found in Activation')


def bare(text: str) -> str:
    """Return a condition with its comments and literals blanked, so that what is left are names and operators."""
    return _OPAQUE.sub(lambda m: " " * len(m[0]), text)


def named(text: str) -> tuple[str, ...]:
    """Return what a condition names, each once and in its order: `Stage`, `changed.Stage`, and the language's words."""
    return tuple(dict.fromkeys(_PATHS.findall(bare(text))))


class ConditionInvalid(Exception):
    """The condition does not compile. `str(error)` says why; `column` counts from 1 within the expression."""

    def __init__(self, sentence: str, column: int = 1) -> None:
        super().__init__(sentence)
        self.column = column


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. `uses` are the mapped fields and thresholds that it names."""

    text: str
    uses: frozenset[str]
    expression: Any

    def holds(self, activation: Any) -> bool | str:
        """Evaluate; a text says why it could not (an empty timestamp was compared, say) and holds no field's value."""
        value = self.expression.eval(activation).value()
        if isinstance(value, bool):
            return value
        # the engine's sentences quote values, so only names and codes are passed on
        if found := _UNBOUND.fullmatch(str(value)):
            return f"no usable value for {found[1]}"
        return f"the engine answered {str(value).partition(':')[0]}"


class Vocabulary:
    """What the conditions of one kind of record may name; thresholds are declared per kind, so names are shared."""

    def __init__(self, kind: Kind, thresholds: frozenset[str]) -> None:
        self._kind = kind
        variables = {"is_new": cel.Type.BOOL, "deleted": cel.Type.BOOL, "now": cel.Type.TIMESTAMP}
        for spec in kind.fields:
            variables[f"changed.{spec.name}"] = cel.Type.BOOL
            variables[f"present.{spec.name}"] = cel.Type.BOOL
            if spec.type in _TYPES:
                variables[spec.name] = variables[f"was.{spec.name}"] = _TYPES[spec.type]
        variables |= dict.fromkeys((*thresholds, *(f"was.{name}" for name in thresholds)), cel.Type.BOOL)
        self._env = cel.NewEnv(variables=variables)
        self._text = frozenset(s.name for s in kind.fields if s.type in _TEXTS)
        self._unseen = frozenset(s.name for s in kind.fields if s.type not in _TYPES)
        self._numbers = frozenset(
            s.name for s in kind.fields if s.name in self._unseen and s.type is not FieldType.TABLE
        )

    def compile(self, text: str) -> Condition:
        """Compile and type-check; raises `ConditionInvalid`."""
        words = bare(text)
        if found := _DECIMALS.search(words):
            raise ConditionInvalid(
                "numbers with decimals are not compared here: name a threshold instead", found.start() + 1
            )
        names = frozenset(_NAMES.findall(words))
        try:
            expression = self._env.compile(text)
        except RuntimeError as error:
            raise self._invalid(text, str(error), names) from None
        if expression.return_type() != cel.Type.BOOL:
            raise ConditionInvalid(f"is a {expression.return_type().name().lower()}, and must be true or false")
        return Condition(text, names, expression)

    def _invalid(self, text: str, said: str, names: frozenset[str]) -> ConditionInvalid:
        column, sentence = 1, said.splitlines()[0]
        if found := _WHERE.search(said):
            lines_before = text.split("\n")[: int(found[1]) - 1]
            column, sentence = sum(len(line) + 1 for line in lines_before) + int(found[2]), found[3]
        sentence = sentence.replace(" (in container '')", "").removeprefix("ERROR: ")
        if numbers := sorted(names & self._numbers):
            sentence += f"; {', '.join(numbers)} holds a number: compare it by a threshold"
        if tables := sorted(names & (self._unseen - self._numbers)):
            sentence += f"; {', '.join(tables)} is a table: ask changed.{tables[0]} or present.{tables[0]}"
        return ConditionInvalid(sentence, column)

    def activation(self, now: datetime, view: Mapping[str, Value], flags: Mapping[str, bool]) -> Any:
        """Bind one event for all routes.

        `view` holds field values by name and previous ones by `was.NAME`; `flags` every bool (changed, present,
        thresholds, is_new, deleted). An empty text reads as ""; an empty bool or timestamp stays unbound, so that
        a condition that relies on it without `present.NAME` is an error and not a guess. So does a text that holds
        a NUL, which the engine would cut short.
        """
        bound: dict[str, Any] = {"now": now, **flags}
        for name, value in view.items():
            field_name = name.removeprefix("was.")
            if field_name in self._unseen:
                continue
            plain = _plain(value)
            if plain is None and field_name in self._text:
                plain = ""
            if plain is not None and not _is_cut(plain):
                bound[name] = plain
        return self._env.Activation(bound)


def _plain(value: Value) -> Any:
    match value:
        case Choice():
            return value.code
        case Ref():
            return value.id
        case datetime():
            return value
        case date():
            return value.isoformat()
        case tuple():
            return list(value)
        case _:
            return value


def _is_cut(plain: Any) -> bool:
    if isinstance(plain, list):
        return any("\0" in each for each in plain)
    return isinstance(plain, str) and "\0" in plain


def compile_condition(route: Route, kind: Kind) -> Condition:
    """Compile one route's condition on its own, as the configuration check does; raises `ConditionInvalid`."""
    return Vocabulary(kind, frozenset(t.name for t in route.thresholds)).compile(route.when)
