"""The lines of a document: read column by column, told line by line, never with a unit or currency that is not theirs."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.contract import HIDDEN, Line, Money, Quantity, Ref, Row, Value
from pipelines.expressions import ConditionInvalid, compile_condition
from pipelines.mapping import map_record
from pipelines.notice import Notice, State
from pipelines.plan import Destination, FieldMap, FieldType
from pipelines.stages.clearance import clear
from pipelines.stages.render import render
from pipelines.verdict import Reason
from tests.pipelines.make import Story, compiled, deal, field, notice, record, route

COLUMNS = (
    FieldMap("item", "item", FieldType.REF, "Item", required=True),
    FieldMap("quantity", "quantity", FieldType.QUANTITY, "Quantity", unit_path="units"),
    FieldMap("amount", "amount", FieldType.MONEY, "Amount", currency="HKD"),
)
LINES = field("lines", FieldType.TABLE, label="Line", columns=COLUMNS)
KIND = deal(field("stage"), LINES)
CASES: Row = {"item": Ref("item", "7", "Rice"), "quantity": Decimal(100), "units": "Case", "amount": Decimal(900)}
LOOSE: Row = {"item": Ref("item", "7", "Rice"), "quantity": Decimal(100), "units": "Each", "amount": None}


def read(*rows: Row) -> tuple[Value, Reason | None]:
    mapped = map_record(KIND, record({"lines": rows}))
    return mapped.fields.get("lines"), mapped.problems.get("lines")


def told(rows: Value, before: Value | None = None) -> tuple[Line, ...]:
    known = {} if before is None else {"lines": before}
    of = notice({"lines": rows}, before=known, new=before is None)
    cleared = clear(of, KIND, frozenset({"public"}))
    group = Destination("sales", "Asia/Hong_Kong", "en")
    return render(of, cleared, route(), group, {"lines": LINES}, datetime(2026, 3, 2, tzinfo=UTC)).lines


def test_each_line_keeps_the_unit_and_currency_that_are_its_own() -> None:
    rows, trouble = read(CASES, LOOSE)
    assert trouble is None
    assert rows == (
        {
            "item": Ref("item", "7", "Rice"),
            "quantity": Quantity(Decimal(100), "Case"),
            "amount": Money(Decimal(900), "HKD"),
        },
        {"item": Ref("item", "7", "Rice"), "quantity": Quantity(Decimal(100), "Each"), "amount": None},
    )
    assert told(rows) == (
        Line("Line 1", "Rice · Quantity: 100 Case · Amount: HKD 900.00"),
        Line("Line 2", "Rice · Quantity: 100 Each"),
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({**CASES, "units": ""}, Reason.NO_UNIT),
        ({name: value for name, value in CASES.items() if name != "units"}, Reason.NO_UNIT),
        ({**CASES, "quantity": "100 Case"}, Reason.WRONG_TYPE),
        ({**CASES, "amount": HIDDEN}, Reason.FIELD_HIDDEN),
        ({**CASES, "item": None}, Reason.REQUIRED_MISSING),
    ],
)
def test_one_cell_that_cannot_be_trusted_holds_the_table(line: Row, reason: Reason) -> None:
    assert read(LOOSE, line) == (None, reason)


def test_what_is_no_table_is_not_read_as_one() -> None:
    for value in ("Rice", ("Rice", "Salt"), Decimal(1)):
        assert map_record(KIND, record({"lines": value})).problems == {"lines": Reason.WRONG_TYPE}
    assert read() == ((), None)
    assert told(()) == (Line("Line", "–"),)


def test_a_line_that_changed_stands_beside_what_it_was() -> None:
    before, _ = read(CASES, LOOSE)
    after, _ = read({**CASES, "quantity": Decimal(50)})
    assert told(after, before) == (
        Line(
            "Line 1", "Rice · Quantity: 50 Case · Amount: HKD 900.00", "Rice · Quantity: 100 Case · Amount: HKD 900.00"
        ),
        Line("Line 2", "–", "Rice · Quantity: 100 Each"),
    )
    assert [line.before for line in told(before, before)] == [None, None]


def test_a_table_outlives_the_ledger() -> None:
    rows, _ = read(CASES, LOOSE)
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    fields: dict[str, Value] = {"lines": rows}
    assert State.load(State(moment, fields).dump()).fields == fields
    of = notice(fields, before=fields)
    assert Notice.load(of.dump(), of.destination) == of


def test_a_route_tells_when_a_line_changes_and_not_when_columns_are_mapped_otherwise() -> None:
    tells = route(when="changed.lines", fields=("lines",))
    story = Story(KIND, tells)
    assert story.sees({"stage": "Open", "lines": (CASES,)}, 1).notices
    assert not story.sees({"stage": "Won", "lines": (CASES,)}, 2).notices
    assert story.sees({"stage": "Won", "lines": (CASES, LOOSE)}, 3).notices
    story.of = compiled(deal(field("stage"), field("lines", FieldType.TABLE, columns=COLUMNS[:2])), tells)
    assert not story.sees({"stage": "Won", "lines": (CASES, LOOSE)}, 4).notices
    assert story.sees({"stage": "Won", "lines": (CASES,)}, 5).notices


def test_a_condition_cannot_look_into_a_table() -> None:
    with pytest.raises(ConditionInvalid, match=r"lines is a table: ask changed\.lines"):
        compile_condition(route(when="lines == 'Rice'"), KIND)
