from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.contract import HIDDEN, Choice, Misconfigured, Money, Quantity, Record, Ref, Row, Unread
from tests.connectors.dynamics.dataverse.described import SALESORDER, describe
from tests.connectors.dynamics.dataverse.parts import (
    DOZEN,
    GROSS,
    HKD,
    LABEL,
    ORDERS,
    PIECE,
    TARGET,
    USD,
    Desk,
    client,
    one,
    orders,
)
from tests.connectors.dynamics.dataverse.tables import gid
from tests.connectors.dynamics.dataverse.vendor import Said, Vendor

ACCOUNT, MEI = "0a4c2b1e-0d87-e711-80e5-00155db19e6d", "1b4c2b1e-0d87-e711-80e5-00155db19e6d"
ORDER: dict[str, Any] = {
    "ordernumber": "ORD-01042-K8Z",
    "name": "Lotus packaging line",
    "totalamount": 31000.0000,
    "totalamount_base": 242000.5,
    "_transactioncurrencyid_value": USD,
    f"_transactioncurrencyid_value{LABEL}": "US Dollar",
    "_customerid_value": ACCOUNT,
    f"_customerid_value{LABEL}": "Contoso Ltd",
    f"_customerid_value{TARGET}": "account",
    "_ownerid_value": MEI,
    f"_ownerid_value{LABEL}": "Mei Lin",
    f"_ownerid_value{TARGET}": "systemuser",
    "_modifiedby_value": MEI,
    f"_modifiedby_value{LABEL}": "Mei Lin",
    f"_modifiedby_value{TARGET}": "systemuser",
    "_modifiedonbehalfby_value": None,
    "statecode": 0,
    f"statecode{LABEL}": "Active",
    "statuscode": 100000001,
    f"statuscode{LABEL}": "待审批",
    "freighttermscode": None,
    "isrevisionlocked": False,
    "requestdeliveryby": "2026-04-30",
    "submitdate": "2026-04-29T16:00:00Z",
    "new_pickupat": "2026-04-30T09:30:00Z",
    "new_feastday": "2026-05-01T00:00:00Z",
    "new_channels": "1,3",
    f"new_channels{LABEL}": "Web; Fair; autumn",
    "new_margin": None,
    "new_tons": 1.5,
    "_new_weightunit_value": DOZEN,
}


def read(vendor: Vendor, desk: Desk, *fields: str, **changes: Any) -> Record:
    table, _ = orders(vendor)
    row_id = table.put(1, **{**ORDER, **changes})
    kind = {"fields": list(fields), "number": "ordernumber", "units": {"new_tons": "new_weightunit"}}
    (found,) = client(vendor, desk, kinds={"salesorder": kind}).read("salesorder", [row_id])
    return one(found)


def line_rows(record: Record) -> list[Row]:
    rows = record.fields["salesorderdetail"]
    assert isinstance(rows, tuple)
    return [row for row in rows if isinstance(row, Mapping)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Lotus packaging line"),
        ("totalamount", Money(Decimal(31000), "USD")),
        ("totalamount_base", Money(Decimal("242000.5"), "HKD")),
        ("customerid", Ref("account", ACCOUNT, "Contoso Ltd")),
        ("ownerid", Ref("systemuser", MEI, "Mei Lin")),
        ("statecode", Choice("0", "Active")),
        ("statuscode", Choice("100000001", "待审批")),
        ("freighttermscode", None),
        ("isrevisionlocked", False),
        ("requestdeliveryby", date(2026, 4, 30)),
        ("submitdate", datetime(2026, 4, 29, 16, 0, tzinfo=UTC)),
        ("new_pickupat", "2026-04-30 09:30"),
        ("new_feastday", date(2026, 5, 1)),
        ("new_channels", ("1", "3")),
        ("new_margin", HIDDEN),
        ("new_tons", Quantity(Decimal("1.5"), "Dozen", Quantity(Decimal(18), "Piece"))),
        ("transactioncurrencyid", Ref("transactioncurrency", USD, "US Dollar")),
        ("salesorderid", gid(1)),
    ],
)
def test_a_value_has_its_type(vendor: Vendor, desk: Desk, field: str, value: object) -> None:
    vendor.on("organizations", Said(200, {"value": [{"_basecurrencyid_value": HKD}]}))
    found = read(vendor, desk, field).fields[field]
    assert found == value
    assert str(found) == str(value)


def test_a_record_names_itself_its_page_and_who_changed_it(vendor: Vendor, desk: Desk) -> None:
    found = read(vendor, desk, "name")
    assert (found.source, found.kind, found.id, found.number) == ("crm", "salesorder", gid(1), "ORD-01042-K8Z")
    assert found.url == f"{vendor.base}/main.aspx?pagetype=entityrecord&etn=salesorder&id={gid(1)}"
    assert found.version == 'W/"900001"'
    assert found.stamp == found.occurred_at == datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    assert found.changed_by == Ref("systemuser", MEI, "Mei Lin")
    assert found.origin == ""


def test_a_secured_column_that_does_not_come_is_hidden(vendor: Vendor, desk: Desk) -> None:
    table, _ = orders(vendor)
    row_id = table.put(1, **{name: value for name, value in ORDER.items() if name != "new_margin"})
    kind = {"fields": ["name", "new_margin"], "number": "ordernumber"}
    (found,) = client(vendor, desk, kinds={"salesorder": kind}).read("salesorder", [row_id])
    assert one(found).fields["new_margin"] is HIDDEN


def test_a_change_in_somebodys_name_tells_who_wrote(vendor: Vendor, desk: Desk) -> None:
    assert read(vendor, desk, "name", _modifiedonbehalfby_value=ACCOUNT).origin == ACCOUNT


def test_an_amount_without_a_known_currency_stays_bare(vendor: Vendor, desk: Desk) -> None:
    assert read(vendor, desk, "totalamount", _transactioncurrencyid_value=None).fields["totalamount"] == Decimal(31000)
    unknown = read(vendor, desk, "totalamount", _transactioncurrencyid_value=ACCOUNT).fields["totalamount"]
    assert unknown == Decimal(31000)


def test_a_quantity_without_a_known_unit_stays_bare(vendor: Vendor, desk: Desk) -> None:
    assert read(vendor, desk, "new_tons", _new_weightunit_value=ACCOUNT).fields["new_tons"] == Decimal("1.5")


def test_lines_have_the_unit_of_each_line_and_the_amount_in_its_base_unit(vendor: Vendor, desk: Desk) -> None:
    table, lines = orders(vendor)
    first, second = table.put(1, **ORDER), table.put(2, **ORDER)
    for number, (order, place, unit, count) in enumerate(
        [(first, 2, GROSS, 2.5), (first, 1, PIECE, 100), (second, 1, DOZEN, 7)]
    ):
        cells: dict[str, Any] = {
            "lineitemnumber": place,
            "quantity": count,
            "_uomid_value": unit,
            "_salesorderid_value": order,
        }
        lines.put(100 + number, **cells)
    found = [one(each) for each in client(vendor, desk).read("salesorder", [first, second])]
    assert [[row["quantity"] for row in line_rows(each)] for each in found] == [
        [
            Quantity(Decimal(100), "Piece"),
            Quantity(Decimal("2.5"), "Gross", Quantity(Decimal(360), "Piece")),
        ],
        [Quantity(Decimal(7), "Dozen", Quantity(Decimal(84), "Piece"))],
    ]
    assert len(vendor.calls("salesorderdetails")) == 1
    assert len(vendor.calls("uoms")) == 1


def test_a_document_without_lines_has_an_empty_list(vendor: Vendor, desk: Desk) -> None:
    table, _ = orders(vendor)
    (found,) = client(vendor, desk).read("salesorder", [table.put(1, **ORDER)])
    assert one(found).fields["salesorderdetail"] == ()


def test_a_line_that_does_not_fit_sets_its_document_aside(vendor: Vendor, desk: Desk) -> None:
    table, lines = orders(vendor)
    order = table.put(1, **ORDER)
    lines.put(100, lineitemnumber=1, quantity="many", _uomid_value=PIECE, _salesorderid_value=order)
    (found,) = client(vendor, desk).read("salesorder", [order])
    assert isinstance(found, Unread)
    assert "salesorderdetail.quantity" in found.sentence


def test_currencies_and_units_are_kept_for_a_while(vendor: Vendor, desk: Desk) -> None:
    table, _ = orders(vendor)
    order = table.put(1, **ORDER)
    made = client(vendor, desk)
    for _time in range(3):
        made.read("salesorder", [order])
    assert len(vendor.calls("transactioncurrencies")) == 1
    described = [each for each in vendor.asked if "EntityDefinitions" in each.path]
    desk.later(hours=2)
    made.read("salesorder", [order])
    assert len(vendor.calls("transactioncurrencies")) == 2
    assert len([each for each in vendor.asked if "EntityDefinitions" in each.path]) == 2 * len(described)


def test_units_that_go_round_in_circles_have_no_base(vendor: Vendor, desk: Desk) -> None:
    table, _ = orders(vendor)
    circle = {"value": [{"uomid": DOZEN, "name": "Dozen", "quantity": 12, "_baseuom_value": DOZEN}]}
    vendor.on("uoms", Said(200, circle))
    kind = {"fields": ["new_tons"], "number": "ordernumber", "units": {"new_tons": "new_weightunit"}}
    (found,) = client(vendor, desk, kinds={"salesorder": kind}).read("salesorder", [table.put(1, **ORDER)])
    assert one(found).fields["new_tons"] == Quantity(Decimal("1.5"), "Dozen")


@pytest.mark.parametrize(
    ("field", "sentence"),
    [("entityimage", "cannot be read"), ("product.name", "no table|do not belong")],
)
def test_a_field_that_cannot_be_read_is_told(vendor: Vendor, desk: Desk, field: str, sentence: str) -> None:
    orders(vendor)
    describe(vendor, "product", "products", {"productid": "Uniqueidentifier", "name": "String"})
    made = client(vendor, desk, kinds={"salesorder": {**ORDERS, "fields": [field]}})
    with pytest.raises(Misconfigured, match=sentence):
        made.pull("salesorder", None)


def test_a_table_that_does_not_exist_is_told(vendor: Vendor, desk: Desk) -> None:
    with pytest.raises(Misconfigured, match="no table salesorder"):
        client(vendor, desk).pull("salesorder", None)


def test_a_field_that_there_is_not_is_hidden_of_lines_as_well(vendor: Vendor, desk: Desk) -> None:
    table, lines = orders(vendor)
    order = table.put(1, **ORDER)
    lines.put(101, lineitemnumber=1, quantity=2, _salesorderid_value=order)
    fields = ["totalamount", "nothing", "salesorderdetail.quantity", "salesorderdetail.nothing"]
    made = client(vendor, desk, kinds={"salesorder": {"fields": fields, "number": "nothing"}})
    (found,) = made.read("salesorder", [order])
    assert (one(found).fields["nothing"], one(found).number) == (HIDDEN, "")
    rows = one(found).fields["salesorderdetail"]
    assert isinstance(rows, tuple)
    assert [row["nothing"] for row in rows if not isinstance(row, str)] == [HIDDEN]


def test_a_column_that_is_secured_later_is_hidden_after_a_minute(vendor: Vendor, desk: Desk) -> None:
    table, _ = orders(vendor)
    made = client(vendor, desk)
    order = table.put(1, **{**ORDER, "totalamount": None})
    (before,) = made.read("salesorder", [order])
    vendor.forget()
    made.read("salesorder", [order])
    assert vendor.calls("EntityDefinitions(LogicalName='salesorder')") == [], "no call so soon"
    describe(vendor, "salesorder", "salesorders", {**SALESORDER, "totalamount": "Money!"})
    desk.later(minutes=1)
    (after,) = made.read("salesorder", [order])
    assert (one(before).fields["totalamount"], one(after).fields["totalamount"]) == (None, HIDDEN)


def test_a_column_that_has_gone_is_described_anew(vendor: Vendor, desk: Desk) -> None:
    table, _ = orders(vendor)
    made = client(vendor, desk)
    order = table.put(1, **ORDER)
    made.read("salesorder", [order])
    describe(vendor, "salesorder", "salesorders", {k: v for k, v in SALESORDER.items() if k != "statuscode"})
    vendor.on(
        "salesorders",
        Said(400, {"error": {"code": "0x80060888", "message": "Could not find a property named 'statuscode'"}}),
        table,
    )
    (found,) = made.read("salesorder", [order])
    assert one(found).fields["statuscode"] == HIDDEN


def test_what_can_be_mapped_is_described(vendor: Vendor, desk: Desk) -> None:
    orders(vendor)
    found = {each.path: each.value for each in client(vendor, desk).describe("salesorder")}
    assert found["totalamount"] is Money
    assert found["customerid"] is Ref
    assert found["requestdeliveryby"] is date
    assert found["new_pickupat"] is str
    assert "entityimage" not in found
