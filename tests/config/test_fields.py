from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from config.bridge import check, load
from config.problem import format_problems
from pipelines.plan import Conversion, Drift, FieldMap, Style
from tests.config.conftest import Write

ENVIRON = {"CRM_PASSWORD": "crm-password-1", "CHAT_TOKEN": "chat-token-1"}
QTY = "{path: Qty, type: quantity, unit: EA}"
PATH = "sources.crm.kinds.Opportunity.fields.qty"


def problems(path: Path) -> list[str]:
    return [
        line.partition(" ")[2]
        for line in format_problems(check(path, environ=ENVIRON, find_fault=lambda *_: None)).splitlines()
    ]


def mapped(path: Path) -> dict[str, FieldMap]:
    plan = load(path, environ=ENVIRON, find_fault=lambda *_: None).plan
    return {spec.name: spec for spec in plan.kinds["crm", "Opportunity"].fields}


def test_a_field_says_how_it_is_written_converted_and_filled_in(write: Write) -> None:
    entry = (
        "{path: Qty, type: quantity, unit_path: Unit, decimals: 2, default: 0 kg, "
        "convert: {GRM: {to: KGM, factor: 0.001}, CASE24: {to: EA, factor: 24}}}"
    )
    own = "classes: [internal, finance]\nunits: {CASE24: {name: case of 24}}\n"
    path = write(
        (QTY, entry),
        ("{above: 100 EA}", "{above: 100 kg}"),
        ("classes: [internal, finance]\n", own),
        ("{path: CloseDate, type: date}", "{path: CloseDate, type: date, format: iso}"),
    )
    fields = mapped(path)
    assert (fields["qty"].decimals, fields["qty"].default) == (2, "0 kg")
    assert fields["qty"].units == {"CASE24": "case of 24"}
    assert fields["qty"].convert == {
        "GRM": Conversion("KGM", Decimal("0.001")),
        "CASE24": Conversion("EA", Decimal(24)),
    }
    assert fields["closes"].style is Style.ISO
    assert fields["name"].units == {}


@pytest.mark.parametrize(
    ("written", "mode"), [("", Drift.EVOLVE), ("drift: freeze", Drift.FREEZE), ("drift: hold", Drift.HOLD)]
)
def test_a_kind_says_what_happens_when_its_fields_change(write: Write, written: str, mode: Drift) -> None:
    path = write(
        ("        start: 2026", f"        {written}\n        start: 2026") if written else ("version: 1", "version: 1")
    )
    plan = load(path, environ=ENVIRON, find_fault=lambda *_: None).plan
    assert plan.kinds["crm", "Opportunity"].drift is mode


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{path: Q, type: quantity, unit: PSC}", f"{PATH}.unit: 'PSC' is no unit of the table: did you mean"),
        (
            "{path: Q, type: quantity, unit: CASE24}",
            f"{PATH}.unit: 'CASE24' is no unit of the table: add it under units",
        ),
        ("{path: Q, type: text, unit: EA}", f"{PATH}.unit: only a field of type quantity has this key"),
        (
            "{path: Q, type: text, decimals: 0}",
            f"{PATH}.decimals: only a field of type number or quantity has this key",
        ),
        (
            "{path: Q, type: number, decimals: 2.5}",
            f"{PATH}.decimals: write how many decimals there are at least: 0 to 19",
        ),
        ("{path: Q, type: text, format: iso}", f"{PATH}.format: only a field of type date or datetime or number has"),
        ("{path: Q, type: number, format: iso}", f"{PATH}.format: a number is written plain or ratio"),
        ("{path: Q, type: date, format: short}", f"{PATH}.format: must be 'plain', 'ratio', 'iso', 'long' or 'full'"),
        ("{path: Q, type: number, default: none}", f"{PATH}.default: the field is a number: write 1000000"),
        ("{path: Q, type: money, currency: HKD, default: 0}", f"{PATH}.default: the field is money: write HKD 1000000"),
        ("{path: Q, type: money, currency: HKD, default: USD 0}", f"{PATH}.default: the field is always in HKD"),
        ("{path: Q, type: money, currency_path: C, default: XYZ 0}", f"{PATH}.default: there is no currency 'XYZ'"),
        ("{path: Q, type: quantity, unit: EA, default: 0 KGM}", f"{PATH}.default: the field is always in EA"),
        ("{path: Q, type: list, default: a}", f"{PATH}.default: the field is list: such a value cannot be written"),
        ("{path: Q, type: text, required: true, default: a}", f"{PATH}.default: a required value has nothing that"),
        (
            "{path: Q, type: quantity, unit: EA, convert: {KGM: {to: GRM, factor: 1000}}}",
            f"{PATH}.convert.KGM: the field is always in EA",
        ),
        (
            "{path: Q, type: quantity, unit: EA, convert: {EA: {to: KGX, factor: 2}}}",
            f"{PATH}.convert.EA.to: 'KGX' is no unit of the table: did you mean",
        ),
        (
            "{path: Q, type: quantity, unit: kg, convert: {KGM: {to: kg, factor: 2}}}",
            f"{PATH}.convert.KGM.to: this is the same unit",
        ),
        *(
            (
                f'{{path: Q, type: quantity, unit: EA, convert: {{EA: {{to: KGM, factor: "{factor}"}}}}}}',
                f"{PATH}.convert.EA.factor: write how much of the other unit one of this is, such as 24 or 0.001",
            )
            for factor in ("0", "0.0", "-1", "1e3", "1/3", "1,5", "one")
        ),
    ],
)
def test_a_mistake_in_a_field_is_told_with_its_place(write: Write, entry: str, problem: str) -> None:
    said = problems(write((QTY, entry)))
    assert [line for line in said if line.startswith(problem)], said


def test_a_limit_in_a_unit_that_never_comes_is_told(write: Write) -> None:
    said = problems(write((QTY, "{path: Q, type: quantity, unit_path: U}"), ("100 EA", "100 EAX")))
    assert [line for line in said if "'EAX' is no unit of the table" in line], said
    assert problems(write((QTY, "{path: Q, type: quantity, unit_path: U}"))) == []
    assert problems(write(("unit: EA", "unit: KGM"), ("100 EA", "100 kg"))) == []
