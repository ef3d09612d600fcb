"""Values in a file of cases become what a connector would give, or a sentence with its place."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from config.casebook.typed import Unreadable, values
from config.load import read
from config.problem import format_problems
from config.tree import Table
from connectors.contract import HIDDEN, Choice, Money, Quantity, Ref, Value
from pipelines.plan import FieldMap, FieldType

COLUMNS = (
    FieldMap("item", "item", FieldType.REF, "Item"),
    FieldMap("qty", "qty", FieldType.QUANTITY, "Quantity", unit_path="unit"),
)
FIELDS = (
    FieldMap("name", "Name", FieldType.TEXT, "Name"),
    FieldMap("won", "Won", FieldType.BOOL, "Won"),
    FieldMap("parts", "Parts", FieldType.NUMBER, "Parts"),
    FieldMap("amount", "Amount", FieldType.MONEY, "Amount", currency_path="Currency"),
    FieldMap("qty", "Qty", FieldType.QUANTITY, "Quantity", unit="EA"),
    FieldMap("stage", "Stage", FieldType.CHOICE, "Stage"),
    FieldMap("stage_name", "Stage", FieldType.TEXT, "Stage"),
    FieldMap("owner", "Owner", FieldType.REF, "Owner"),
    FieldMap("closes", "Closes", FieldType.DATE, "Closes"),
    FieldMap("due", "Due", FieldType.DATETIME, "Due"),
    FieldMap("tags", "Tags", FieldType.LIST, "Tags"),
    FieldMap("lines", "Lines", FieldType.TABLE, "Lines", columns=COLUMNS),
)


def tree(folder: Path, text: str) -> Table:
    path = folder / "case.yaml"
    path.write_text(text)
    node = read(path)
    assert isinstance(node, Table)
    return node


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("Name: 0123", "0123"),
        ('Name: ""', None),
        ("Name: {hidden: true}", HIDDEN),
        ("Won: true", True),
        ("Won: false", False),
        ("Parts: 12345678901234567.89", Decimal("12345678901234567.89")),
        ("Parts: {text: many}", "many"),
        ('Parts: ""', None),
        ("Amount: HKD 1000000.00", Money(Decimal("1000000.00"), "HKD")),
        ("Amount: -5", Decimal(-5)),
        ("Currency: HKD", "HKD"),
        ("Qty: 100 PCS", Quantity(Decimal(100), "PCS")),
        ("Qty: 2 Case = 24 Each", Quantity(Decimal(2), "Case", Quantity(Decimal(24), "Each"))),
        ("Qty: 100", Decimal(100)),
        ("Stage: WON", "WON"),
        ("Stage: {code: WON, label: Closed Won}", Choice("WON", "Closed Won")),
        ("Owner: u1", "u1"),
        ("Owner: {id: u1, label: Ann}", Ref("", "u1", "Ann")),
        ("Closes: 2026-11-02", date(2026, 11, 2)),
        ("Due: 2026-11-02T09:00:00+08:00", datetime(2026, 11, 2, 1, tzinfo=UTC)),
        ("Tags: [a, b]", ("a", "b")),
        ("Tags: []", ()),
        (
            "Lines: [{item: {id: '7', label: Desk}, qty: '2', unit: BOX}, {item: '8'}]",
            ({"item": Ref("", "7", "Desk"), "qty": Decimal(2), "unit": "BOX"}, {"item": "8"}),
        ),
    ],
)
def test_a_value_is_what_a_connector_would_give(tmp_path: Path, written: str, value: Value) -> None:
    assert list(values(tree(tmp_path, written), FIELDS, "crm.Deal").values()) == [value]


@pytest.mark.parametrize(
    ("written", "place", "sentence"),
    [
        ("Nane: x", "1:1 Nane", "'Nane' is no path that crm.Deal is read from: did you mean 'Name'?"),
        ("Won: yes", "1:6 Won", "won is bool: write true or false"),
        ("Parts: 1,000", "1:8 Parts", "parts is number: write a number such as 12.50"),
        ("Amount: 5 HKD", "1:9 Amount", "amount is money: write money such as HKD 1000000.00"),
        ("Amount: HKD 1O00", "1:9 Amount", "amount is money"),
        ("Qty: PCS 100", "1:6 Qty", "qty is quantity: write a quantity such as 100 PCS"),
        ("Stage: {label: Won}", "1:1 Stage", "'code' is missing here"),
        ("Stage: {code: WON, lable: Won}", "1:20 Stage.lable", "'lable' is no key here: did you mean 'label'?"),
        ("Closes: 2.11.2026", "1:9 Closes", "closes is date: write a day such as 2026-11-01"),
        ("Due: 2026-11-02T09:00:00", "1:6 Due", "due is datetime: write a time with its zone"),
        ("Tags: a", "1:7 Tags", "tags is list: write a list of texts"),
        ("Lines: [{itm: '7'}]", "1:10 Lines[0].itm", "'itm' is no path that a row of lines is read from"),
        ("Lines: {item: '7'}", "1:1 Lines", "lines is table: write a list of rows"),
    ],
)
def test_what_is_none_is_named_with_its_place(tmp_path: Path, written: str, place: str, sentence: str) -> None:
    with pytest.raises(Unreadable) as caught:
        values(tree(tmp_path, written), FIELDS, "crm.Deal")
    (said,) = format_problems(caught.value.problems).splitlines()
    assert f"case.yaml:{place}: " in said
    assert sentence in said


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as caught:
        values(tree(tmp_path, "Won: yes\nNane: x\nParts: many\n"), FIELDS, "crm.Deal")
    assert [each.line for each in caught.value.problems] == [1, 2, 3]
