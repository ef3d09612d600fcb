"""A sentence that is made now and said later, to readers of different languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from connectors.contract import Choice, Scalar
from pipelines.codec import dump_fields, load_row
from pipelines.language import Phrase, say
from pipelines.texts import text


@dataclass(frozen=True, slots=True)
class Sentence:
    """A phrase with what belongs in its places: values that each language writes in its own way, and other sentences."""

    phrase: Phrase
    values: Mapping[str, Scalar] = field(default_factory=dict)
    parts: Mapping[str, Sentence] = field(default_factory=dict)

    def said(self, zone: str, locale: str) -> str:
        """Return it in the language of `locale`; times are of `zone`, an IANA name."""
        given: dict[str, str | int] = {name: part.said(zone, locale) for name, part in self.parts.items()}
        for name, value in self.values.items():
            given[name] = int(value) if isinstance(value, Decimal) else text(value, zone, locale)
        return say(self.phrase, locale, **given)

    def dump(self) -> str:
        """Return it as text that `load` reads."""
        return msgspec.json.encode(_plain(self)).decode()

    @staticmethod
    def load(dumped: str) -> Sentence:
        """Return what was dumped."""
        return _loaded(msgspec.json.decode(dumped))

    def choice(self, zone: str) -> Choice:
        """Return it as the value of a record's field, in English for whoever does not translate it."""
        return Choice(self.dump(), self.said(zone, "en"))


def sentence(phrase: Phrase, /, **given: str | int | date | Sentence) -> Sentence:
    """Make a sentence of what stands in its places; a datetime is aware, and whole numbers choose plural forms."""
    values: dict[str, Scalar] = {}
    parts: dict[str, Sentence] = {}
    for name, value in given.items():
        match value:
            case Sentence():
                parts[name] = value
            case int():
                values[name] = Decimal(value)
            case _:
                values[name] = value
    return Sentence(phrase, values, parts)


def _plain(of: Sentence) -> list[Any]:
    parts = {name: _plain(part) for name, part in of.parts.items()}
    return [of.phrase.one, of.phrase.many, dump_fields(of.values), parts]


def _loaded(plain: list[Any]) -> Sentence:
    one, many, values, parts = plain
    return Sentence(Phrase(one, many), load_row(values), {name: _loaded(part) for name, part in parts.items()})
