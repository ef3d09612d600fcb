"""Every phrase is in every language with the same places, and every reader finds the language of the locale."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from gettext import GNUTranslations
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.frontend import parse_keywords
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from pipelines import decisions
from pipelines.language import DOMAIN, FOLDER, Phrase, languages, say, wordings
from pipelines.stages.render import WITHHELD

ROOT = Path(__file__).parents[2]
FIELDS = Phrase("{count} field withheld of {of}", "{count} fields withheld of {of}")


def sources() -> Iterator[Path]:
    for package in ("config", "pipelines", "worker"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "Phrase(" in path.read_text("utf-8"):
                yield path


def written() -> set[Phrase]:
    """Every phrase that the code writes out."""
    calls = [
        node
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Phrase"
    ]
    texts = [
        [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        for call in calls
    ]
    return {Phrase(*each) for each in texts if each}


PHRASES = sorted(written(), key=lambda phrase: phrase.one)


def places(text: str) -> set[str]:
    found = set()
    for _, name, form, conversion in Formatter().parse(text):
        assert name is None or (name.isidentifier() and not form and not conversion), text
        found |= {name} if name else set()
    return found


def forms(phrase: Phrase) -> tuple[str, ...]:
    return (phrase.one, phrase.many) if phrase.many else (phrase.one,)


def catalogue(language: str, suffix: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.{suffix}"


def translated(language: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    """A catalogue's translations by the forms of their phrases; what is only guessed counts as none."""
    with catalogue(language, "po").open("rb") as file:
        entries = list(read_po(file, locale=language))
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for entry in entries:
        if entry.id:
            id_ = (entry.id,) if isinstance(entry.id, str) else tuple(entry.id)
            said = tuple(entry.string) if isinstance(entry.string, tuple | list) else (entry.string or "",)
            found[id_] = ("",) if entry.fuzzy else said
    return found


def test_the_languages_are_those_of_the_readers() -> None:
    assert languages() == ["id", "zh_Hans", "zh_Hant"]


@pytest.mark.parametrize("language", languages())
def test_each_phrase_is_translated_and_nothing_else_is(language: str) -> None:
    said = translated(language)
    assert set(said) == {forms(phrase) for phrase in PHRASES}, "make texts"
    assert [id_ for id_, texts in said.items() if not all(text.strip() for text in texts)] == []


@pytest.mark.parametrize("language", languages())
def test_each_translation_has_the_places_of_its_phrase(language: str) -> None:
    for id_, texts in translated(language).items():
        assert [places(text) for text in texts] == [places(id_[-1])] * len(texts), id_


def test_both_forms_of_a_phrase_have_the_same_places_and_count() -> None:
    for phrase in PHRASES:
        assert places(phrase.one) == places(phrase.many or phrase.one)
        assert not phrase.many or "count" in places(phrase.many)


@pytest.mark.parametrize("language", languages())
def test_what_is_read_was_compiled_from_what_is_written(language: str) -> None:
    with catalogue(language, "mo").open("rb") as file:
        compiled = GNUTranslations(file)
    for id_, texts in translated(language).items():
        said = (
            {compiled.ngettext(id_[0], id_[1], n) for n in range(200)} if len(id_) > 1 else {compiled.gettext(id_[0])}
        )
        assert said == set(texts), "make texts"


def test_what_makes_the_catalogues_finds_every_phrase() -> None:
    keywords = parse_keywords(re.findall(r"--keyword=(\S+)", (ROOT / "Makefile").read_text("utf-8")))
    found = {
        message if isinstance(message, tuple) else (message,)
        for path in sources()
        for _, message, _, _ in extract_from_file("python", path, keywords=keywords)
    }
    assert found == {forms(phrase) for phrase in PHRASES}


@pytest.mark.parametrize(("language", "charset"), [("zh_Hans", "gb2312"), ("zh_Hant", "big5hkscs")])
def test_each_script_keeps_to_its_characters(language: str, charset: str) -> None:
    said = "".join(text for texts in translated(language).values() for text in texts)
    assert said.encode(charset).decode(charset) == said


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        *((one, "已隱藏") for one in ("zh_Hant", "zh_Hant_HK", "zh_Hant_TW", "zh_HK", "zh_MO", "zh_TW")),
        *((one, "已隐藏") for one in ("zh", "zh_Hans", "zh_Hans_CN", "zh_Hans_SG", "zh_CN")),
        *((one, "disembunyikan") for one in ("id", "id_ID")),
        *((one, "withheld") for one in ("en", "en_GB", "fr", "ja_JP", "xx_YY", "", "not a locale")),
    ],
)
def test_a_locale_reads_its_language_and_an_unknown_one_english(locale: str, said: str) -> None:
    assert said in say(WITHHELD, locale, count=2)


def test_a_language_has_its_own_plural_forms_and_numbers() -> None:
    assert say(WITHHELD, "en", count=1).endswith(": 1 field withheld.")
    assert say(WITHHELD, "en", count=1234).endswith(": 1,234 fields withheld.")
    assert say(WITHHELD, "id", count=1234).endswith(": 1.234 data disembunyikan.")


def test_words_have_the_order_of_their_language() -> None:
    given = {"who": "Mei", "when": "09:12"}
    assert say(decisions.APPROVED, "en", **given) == "Approved by Mei, 09:12"
    assert say(decisions.APPROVED, "zh_Hant_HK", **given) == "Mei 已於 09:12 批准"
    assert say(decisions.APPROVED, "zh_Hans_CN", **given) == "Mei 已于 09:12 同意"
    assert say(decisions.APPROVED, "id", **given) == "Disetujui oleh Mei, 09:12"


@given(st.text(max_size=20), st.sampled_from(["en", *languages()]))
def test_what_is_put_in_is_told_as_it_is(name: str, locale: str) -> None:
    assert name in say(decisions.DECIDED, locale, who=name)
    assert "{when}" in say(decisions.DECIDED, locale, who="{when}")


def test_a_place_that_nothing_was_given_for_is_an_error() -> None:
    with pytest.raises(KeyError, match="when"):
        say(decisions.APPROVED, "id", who="Mei")


def test_every_wording_of_a_phrase_can_be_looked_for() -> None:
    assert set(wordings(decisions.APPROVE)) == {"Approve", "Setujui", "同意", "批准"}
    assert set(wordings(FIELDS)) == {FIELDS.one, FIELDS.many}
