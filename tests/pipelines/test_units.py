from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Choice, Quantity, Value
from pipelines.mapping import map_record
from pipelines.plan import Conversion, FieldType
from pipelines.shown import shown
from pipelines.units import COUNTS, MEASURES, are_same, is_known, named
from pipelines.verdict import Reason
from tests.pipelines.make import deal, field, record
from tests.pipelines.strategies import decimals

OWN = {"CASE24": "case of 24"}
GRAMS = {"GRM": Conversion("KGM", Decimal("0.001"))}


def size(source: dict[str, Value], **more: Any) -> Value | Reason:
    found = map_record(deal(field("size", FieldType.QUANTITY, path="x", **more)), record(source))
    return found.problems.get("size") or found.fields["size"]


SAP = (
    "5B ACT ANN AU DAY DZN E49 EA FOT FTQ GLL GRM HUR INH KGM KMT LBR LTR MIN MMT MON MTQ MTR ONZ SEC SMI STN TNE WEE "
    "XBG XBX XCR XCS XCT XPK XPX XSX YRD"
)
"""Codes that SAP gives: https://help.sap.com/fiori_bs2013/helpdata/en/4b/ce80a00cac3c6be10000000a42189c/content.htm."""


def told(source: dict[str, Value], locale: str = "en", **more: Any) -> str:
    value = size(source, **more)
    assert isinstance(value, Quantity), value
    return shown(field("size", FieldType.QUANTITY, path="x", **more), value, "UTC", locale)


def test_no_name_stands_for_two_units() -> None:
    used = Counter(name for unit in (*MEASURES, *COUNTS) for name in {unit.code.casefold(), *unit.also.split()})
    assert [name for name, count in used.items() if count > 1] == []
    assert {name for name in used if name != name.casefold()} == set()


@pytest.mark.parametrize(
    "name",
    [
        *("PCS", "BOX", "KG", "GR", "HOUR", "SET", "PALLET"),  # Business Central's own demonstration company
        *("ST", "KAR", "PAL", "L", "M2", "STD"),  # SAP within
        *("PC", "CAR", "EA", "ea", "cs", "Each", "Case"),  # SAP outside, NetSuite
        *("Box", "ctn", "件", "公斤", "buah", "%"),  # what people type into CRMs
    ],
)
def test_names_that_systems_use_are_in_the_table(name: str) -> None:
    assert is_known(name, {})


@pytest.mark.parametrize("code", SAP.split())
def test_a_code_that_sap_gives_has_a_name_for_readers(code: str) -> None:
    assert told({"x": Decimal(2), "u": code}, unit_path="u") not in {f"2 {code}", "2 "}


@pytest.mark.parametrize("name", ["", " ", "100", "CASE24", "colour", "kg/m", "H 87"])
def test_what_is_no_unit_is_not_in_the_table(name: str) -> None:
    assert not is_known(name, {})


@pytest.mark.parametrize("pair", [("KGM", "kg"), ("kg", "Kilogram"), ("MTK", "m²"), ("HUR", "hours"), ("l", "LTR")])
def test_a_measure_is_the_same_under_each_of_its_names(pair: tuple[str, str]) -> None:
    assert are_same(*pair)


@pytest.mark.parametrize(
    "pair",
    [
        *(("PCS", "PC"), ("Case", "CS"), ("BX", "XBX"), ("box", "BOX")),
        *(("M", "m"), ("ton", "TNE"), ("gal", "GLL"), ("oz", "ONZ"), ("DZN", "12"), ("KGM", "GRM")),
    ],
)
def test_two_names_of_what_is_counted_or_of_several_measures_are_two_units(pair: tuple[str, str]) -> None:
    assert not are_same(*pair)


def test_a_code_beside_the_number_must_be_a_unit() -> None:
    assert size({"x": Decimal(5), "u": "KGM"}, unit_path="u") == Quantity(Decimal(5), "KGM")
    assert size({"x": Decimal(5), "u": "hundredweightish"}, unit_path="u") is Reason.UNKNOWN_UNIT
    assert size({"x": Decimal(5), "u": "CASE24"}, unit_path="u") is Reason.UNKNOWN_UNIT
    assert size({"x": Decimal(5), "u": "CASE24"}, unit_path="u", units=OWN) == Quantity(Decimal(5), "CASE24")


def test_a_choice_that_stores_a_number_is_known_by_its_label() -> None:
    assert size({"x": Decimal(5), "u": Choice("100000003", "Box")}, unit_path="u") == Quantity(Decimal(5), "Box")
    assert size({"x": Decimal(5), "u": Choice("ctn", "cartons")}, unit_path="u") == Quantity(Decimal(5), "ctn")
    assert size({"x": Decimal(5), "u": Choice("7", "Lorry")}, unit_path="u") is Reason.UNKNOWN_UNIT


def test_a_unit_that_the_source_gives_with_the_quantity_is_the_accounts_own() -> None:
    assert told({"x": Quantity(Decimal(100), "Case (12)")}) == "100 Case (12)"
    assert told({"x": Quantity(Decimal(100), "KGM")}) == "100 KGM"


@pytest.mark.parametrize(
    ("unit", "locale", "line"),
    [
        ("KGM", "en", "1,200.5 kg"),
        ("KGM", "id", "1.200,5 kg"),
        ("H87", "en", "1,200.5 pieces"),
        ("H87", "zh_Hant_HK", "1,200.5 件"),
        ("XPX", "zh_Hans_CN", "1,200.5 托盘"),
        ("XCT", "id", "1.200,5 karton"),
        ("CASE24", "id", "1.200,5 case of 24"),
        ("PCS", "zh_Hans_CN", "1,200.5 PCS"),
        ("Box", "en", "1,200.5 Box"),
    ],
)
def test_readers_see_what_a_code_stands_for_and_any_other_name_as_it_came(unit: str, locale: str, line: str) -> None:
    assert told({"x": Decimal("1200.5"), "u": unit}, locale, unit_path="u", units=OWN) == line


@pytest.mark.parametrize(("count", "line"), [("1", "1 box"), ("1.0", "1.0 box"), ("0", "0 boxes"), ("-1", "-1 boxes")])
def test_one_is_told_from_several(count: str, line: str) -> None:
    assert told({"x": Decimal(count)}, unit="XBX") == line


@given(
    st.sampled_from([unit.code for unit in (*MEASURES, *COUNTS)]), st.sampled_from(["en", "zh_Hans", "zh_Hant", "id"])
)
def test_every_code_has_words_in_every_language(code: str, locale: str) -> None:
    assert named(code, Decimal(2), {}, locale).strip()


def test_nothing_is_converted_by_the_table() -> None:
    assert size({"x": Decimal(2)}, unit="DZN") == Quantity(Decimal(2), "DZN")
    assert told({"x": Decimal(2)}, unit="DZN") == "2 dozens"


def test_a_given_factor_shows_both_amounts() -> None:
    assert told({"x": Decimal(1500)}, unit="GRM", convert=GRAMS) == "1,500 g (= 1.500 kg)"
    assert told({"x": Decimal("1.5"), "u": "g"}, unit_path="u", convert=GRAMS) == "1.5 g (= 0.0015 kg)"
    whole = {"Case": Conversion("EA", Decimal(24))}
    assert told({"x": Quantity(Decimal(3), "Case")}, convert=whole) == "3 Case (= 72 each)"


@given(decimals.filter(lambda value: abs(value.adjusted()) <= 100), st.decimals("0.0000001", "99999999"))
def test_a_conversion_loses_no_digit(count: Decimal, factor: Decimal) -> None:
    found = size({"x": count}, unit="GRM", convert={"GRM": Conversion("KGM", factor)})
    assert isinstance(found, Quantity)
    assert found.base
    ratio = found.base.value.as_integer_ratio()
    one, other = count.as_integer_ratio(), factor.as_integer_ratio()
    assert ratio[0] * one[1] * other[1] == ratio[1] * one[0] * other[0]


def test_a_unit_without_a_factor_is_held_and_the_wanted_one_is_not() -> None:
    given_: dict[str, Any] = {"unit_path": "u", "convert": GRAMS}
    assert size({"x": Decimal(5), "u": "LBR"}, **given_) is Reason.NO_FACTOR
    assert size({"x": Decimal(5), "u": "kg"}, **given_) == Quantity(Decimal(5), "kg")


def test_a_factor_that_contradicts_the_source_is_held() -> None:
    case = Quantity(Decimal(3), "Case", Quantity(Decimal(36), "Each"))
    assert size({"x": case}, convert={"Case": Conversion("Each", Decimal(24))}) is Reason.OTHER_FACTOR
    assert size({"x": case}, convert={"Case": Conversion("Each", Decimal(12))}) == case
    weighed = Quantity(Decimal(3), "Case", Quantity(Decimal("7.5"), "KGM"))
    assert size({"x": case}, convert={"Case": Conversion("KGM", Decimal("2.5"))}) == weighed
