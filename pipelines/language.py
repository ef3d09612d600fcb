"""The program's own words in the reader's language: phrases, and gettext catalogues in `pipelines/locales`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.core import get_global

from pipelines.texts import number

FOLDER = Path(__file__).parent / "locales"
DOMAIN = "dingbridge"
ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text in English, by which its translations are found; `many` is for any other `count` than one.

    What is put in stands in it by name: `{who}`. Written with literals alone, `make texts` finds it.
    """

    one: str
    many: str = ""


def say(phrase: Phrase, locale: str, /, **given: str | int) -> str:
    """Return a phrase in the language of `locale` (a Babel name such as zh_Hant_HK), with what is given in its places.

    Whole numbers are written as the locale writes them; `count` chooses among plural forms. A language without a
    catalogue reads English. Raises KeyError where a place is not given.
    """
    language = _language(locale)
    words = language.wording(phrase, given.get("count"))
    shown = {k: number(Decimal(v), language.locale) if isinstance(v, int) else v for k, v in given.items()}
    return words.format_map(shown)


def wordings(phrase: Phrase) -> Iterator[str]:
    """Give every form of a phrase in every language, with its places left open."""
    for language in (ENGLISH, *languages()):
        for count in (1, 2):
            yield _language(language).wording(phrase, count)


def languages() -> list[str]:
    """Return the names of the catalogues; English needs none."""
    return sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


@dataclass(frozen=True, slots=True)
class _Language:
    """The words of a language, and the locale by which its numbers are written."""

    locale: str
    words: NullTranslations

    def wording(self, phrase: Phrase, count: str | int | None) -> str:
        if not phrase.many:
            return self.words.gettext(phrase.one)
        return self.words.ngettext(phrase.one, phrase.many, 0 if count is None else int(count))


@lru_cache(maxsize=256)
def _language(locale: str) -> _Language:
    """Return what a locale reads: zh_Hant_TW the catalogue zh_Hant, zh and zh_CN zh_Hans, what is unknown English."""
    try:
        # a name without a script means the one in which most people of the place write
        known = Locale.parse(get_global("likely_subtags").get(locale, locale))
    except (ValueError, UnknownLocaleError):
        return _Language(ENGLISH, NullTranslations())
    for name in (f"{known.language}_{known.script}", known.language):
        path = FOLDER / name / "LC_MESSAGES" / f"{DOMAIN}.mo"
        if path.exists():
            with path.open("rb") as file:
                return _Language(locale, GNUTranslations(file))
    return _Language(locale, NullTranslations())
