"""What a SOAP record is read as."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

import pytest

from connectors.contract import Choice, Misconfigured, Money, Quantity, Record, Ref, Row
from tests.connectors.netsuite.soap.orders import cells, line, order, ref
from tests.connectors.netsuite.soap.parts import VERSION, Desk, ids, reading
from tests.connectors.netsuite.soap.vendor import Asked, Said, Vendor, currency, found, got, refused

CASE = (
    '<core:record internalId="3" xsi:type="accounting:UnitsType"><accounting:name>Pieces</accounting:name>'
    "<accounting:uomList><accounting:uom><accounting:internalId>6</accounting:internalId>"
    "<accounting:unitName>Each</accounting:unitName><accounting:conversionRate>1.0</accounting:conversionRate>"
    "<accounting:baseUnit>true</accounting:baseUnit></accounting:uom><accounting:uom>"
    "<accounting:internalId>7</accounting:internalId><accounting:unitName>Case</accounting:unitName>"
    "<accounting:conversionRate>12.0</accounting:conversionRate><accounting:baseUnit>false</accounting:baseUnit>"
    "</accounting:uom><accounting:uom><accounting:internalId>8</accounting:internalId>"
    "<accounting:unitName>Odd</accounting:unitName><accounting:conversionRate>0.0</accounting:conversionRate>"
    "</accounting:uom></accounting:uomList></core:record>"
)


def answering(*records: str, units: Said | None = None) -> Any:
    """Answer searches for orders with these, those for units with `units`."""

    def script(asked: Asked) -> Said:
        wanted = asked.all("searchRecord")[0].get("{http://www.w3.org/2001/XMLSchema-instance}type")
        if wanted.endswith(":UnitsTypeSearchBasic"):
            return units or found([CASE])
        return found(records)

    return script


def one(
    vendor: Vendor, *records: str, units: Said | None = None, fields: list[str] | None = None, **types: str
) -> Record:
    kind = {"reading": "soap", "deletions": "none", "types": types}
    kinds = {"salesOrder": kind | {"fields": fields or ["entity", "tranDate", "total", "orderStatus", "item.quantity"]}}
    vendor.on("search", answering(*records, units=units))
    page = reading(vendor, Desk(), kinds=kinds).pull("salesOrder", None)
    assert not page.unread
    return page.records[0]


def rows(record: Record) -> tuple[Row, ...]:
    return cast("tuple[Row, ...]", record.fields["item"])


def test_a_record_with_its_number_stamp_page_and_typed_fields(vendor: Vendor) -> None:
    record = one(vendor, order(1042))
    assert (record.source, record.kind, record.id, record.number) == ("erp", "salesOrder", "1042", "SO-1042")
    assert (record.version, record.stamp) == (VERSION, datetime(2026, 3, 2, 8, 40, tzinfo=UTC))
    assert record.url == f"{vendor.base}/app/accounting/transactions/transaction.nl?id=1042"
    assert record.fields["entity"] == Ref("entity", "12", "Harbour Trading")
    assert record.fields["orderStatus"] == Choice("_pendingFulfillment", "Pending Fulfillment")
    assert record.fields["item"] == ()


def test_an_amount_keeps_every_digit_and_has_the_currency_of_the_order(vendor: Vendor) -> None:
    record = one(vendor, order(1), fields=["total", "exchangeRate"])
    assert record.fields["total"] == Money(Decimal("12345678901234.56"), "HKD")
    assert record.fields["exchangeRate"] == Decimal("1.0")


def test_currencies_are_read_once_and_together(vendor: Vendor, desk: Desk) -> None:
    other = cells().replace('<sales:currency internalId="1">', '<sales:currency internalId="2">')
    vendor.on("search", answering(order(1), order(2, other)))
    vendor.on("getList", got(currency("1", "HKD"), currency("2", "CNY")))
    source = reading(vendor, desk)
    first = source.pull("salesOrder", None)
    source.pull("salesOrder", first.cursor)
    assert [each.fields["total"].currency for each in first.records] == ["HKD", "CNY"]  # type: ignore[union-attr]
    (asked,) = vendor.calls("getList")
    assert [(each.get("type"), each.get("internalId")) for each in asked.all("baseRef")] == [
        ("currency", "1"),
        ("currency", "2"),
    ]


def test_a_line_has_the_unit_of_that_line_and_the_base_unit_beside_it(vendor: Vendor) -> None:
    bare = line(quantity="3", unit="")
    other, odd = (line(unit=ref("sales:units", *each)) for each in (("99", "Pallet"), ("8", "Odd")))
    record = one(
        vendor, order(1, cells(lines=[line(), other, odd, bare])), fields=["item.quantity", "item.quantityOnHand"]
    )
    boxes, pallets, odds, loose = rows(record)
    assert boxes == {
        "quantity": Quantity(Decimal("100.0"), "Case", Quantity(Decimal("1200.00"), "Each")),
        "quantityOnHand": Decimal("2400.0"),
    }
    assert pallets["quantity"] == Quantity(Decimal("100.0"), "Pallet")
    assert odds["quantity"] == Quantity(Decimal("100.0"), "Odd")
    assert loose["quantity"] == Decimal(3)


def test_without_the_right_to_types_of_units_a_quantity_still_has_its_unit(vendor: Vendor) -> None:
    record = one(vendor, order(1, cells(lines=[line()])), units=refused("INSUFFICIENT_PERMISSION"))
    assert record.fields["item"] == ({"quantity": Quantity(Decimal("100.0"), "Case")},)


def test_a_rate_may_be_a_share(vendor: Vendor) -> None:
    lines = [line(), line(rate="5.0%")]
    record = one(vendor, order(1, cells(lines=lines)), fields=["item.rate", "item.amount"])
    price, share = rows(record)
    assert price == {"rate": Money(Decimal("12.5"), "HKD"), "amount": Money(Decimal("1250.0"), "HKD")}
    assert share["rate"] == "5.0%"


# https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1521451348.html
@pytest.mark.parametrize(
    ("zone", "sent", "shown"),
    [
        ("America/Chicago", "2017-02-20T22:00:00.000-08:00", date(2017, 2, 21)),
        ("America/Chicago", "2017-08-20T22:00:00.000-07:00", date(2017, 8, 21)),
        ("America/Los_Angeles", "2017-02-20T00:00:00.000-08:00", date(2017, 2, 20)),
        ("Asia/Hong_Kong", "2026-03-01T08:00:00.000-08:00", date(2026, 3, 2)),
        ("Asia/Hong_Kong", "2026-07-01T09:00:00.000-07:00", date(2026, 7, 2)),
        # the clock is set from midnight to one on this day
        ("Africa/Cairo", "2026-04-23T15:00:00.000-07:00", date(2026, 4, 24)),
    ],
)
def test_a_date_is_the_one_that_the_user_sees(vendor: Vendor, desk: Desk, zone: str, sent: str, shown: date) -> None:
    vendor.on("search", answering(order(1, cells(day=sent))))
    page = reading(vendor, desk, zone=zone).pull("salesOrder", None)
    assert page.records[0].fields["tranDate"] == shown


def test_a_date_that_is_no_midnight_is_set_aside_with_what_to_do(vendor: Vendor, desk: Desk) -> None:
    vendor.on("search", answering(order(1), order(2, cells(day="2026-03-01T00:00:00.000-08:00"))))
    page = reading(vendor, desk).pull("salesOrder", None)
    assert ids([page]) == ["1"]
    assert [each.id for each in page.unread] == ["2"]
    assert "time zone" in page.unread[0].sentence


def test_a_moment_is_no_date(vendor: Vendor) -> None:
    record = one(vendor, order(1), fields=["lastModifiedDate", "tranDate"], tranDate="moment")
    assert record.fields["lastModifiedDate"] == datetime(2026, 3, 2, 8, 40, tzinfo=UTC)
    assert record.fields["tranDate"] == datetime(2026, 3, 1, 16, 0, tzinfo=UTC)


def test_custom_fields_by_their_script_ids(vendor: Vendor) -> None:
    inner = (
        '<core:customField xsi:type="core:StringCustomFieldRef" scriptId="custbody_project"><core:value>Pier 7'
        '</core:value></core:customField><core:customField xsi:type="core:DoubleCustomFieldRef" scriptId="custbody_depth">'
        '<core:value>0.1</core:value></core:customField><core:customField xsi:type="core:SelectCustomFieldRef" '
        'scriptId="custbody_risk"><core:value internalId="-5" typeId="33"><core:name>High</core:name></core:value>'
        '</core:customField><core:customField xsi:type="core:MultiSelectCustomFieldRef" scriptId="custbody_tags">'
        '<core:value internalId="1"><core:name>Steel</core:name></core:value><core:value internalId="2"/>'
        "</core:customField>"
    )
    names = ["custbody_project", "custbody_depth", "custbody_risk", "custbody_tags", "custbody_none"]
    record = one(vendor, order(1, cells(custom=inner)), fields=names, custbody_risk="choice")
    assert record.fields == {
        "custbody_project": "Pier 7",
        "custbody_depth": Decimal("0.1"),
        "custbody_risk": Choice("-5", "High"),
        "custbody_tags": ("Steel", "2"),
        "custbody_none": None,
    }


def test_an_empty_field_is_none_and_capitals_do_not_matter(vendor: Vendor) -> None:
    record = one(vendor, order(1), fields=["MEMO", "otherrefnum", "shipcomplete"])
    assert record.fields == {"MEMO": "call first", "otherrefnum": None, "shipcomplete": False}


@pytest.mark.parametrize("stamp", ["0001-01-01T00:00:00.000+08:00", "yesterday", "2026-03-02T00:40:00.000", ""])
def test_a_record_without_a_time_of_change_is_set_aside(vendor: Vendor, desk: Desk, stamp: str) -> None:
    vendor.checks = False
    vendor.on("search", answering(order(1, cells(stamp)), order(2)))
    page = reading(vendor, desk).pull("salesOrder", None)
    assert ([each.id for each in page.unread], ids([page])) == (["1"], ["2"])
    assert "lastModifiedDate" in page.unread[0].sentence


@pytest.mark.parametrize("total", ["INF", "NaN", "12,5", ""])
def test_a_number_that_is_none_sets_its_row_aside_and_no_other(vendor: Vendor, desk: Desk, total: str) -> None:
    vendor.checks = False
    vendor.on("search", answering(order(1, cells(total=total)), order(2)))
    page = reading(vendor, desk).pull("salesOrder", None)
    if total:
        assert [each.id for each in page.unread] == ["1"]
        assert "total" in page.unread[0].sentence
        assert total not in page.unread[0].sentence
        assert b"SO-1042" in page.unread[0].body
    else:
        assert page.records[0].fields["total"] is None
    assert ids([page])[-1] == "2"


def test_a_record_of_a_type_that_the_wsdl_lacks_is_set_aside(vendor: Vendor, desk: Desk) -> None:
    vendor.checks = False
    vendor.on("search", answering(order(1).replace("sales:SalesOrder", "sales:Newer"), order(2)))
    page = reading(vendor, desk).pull("salesOrder", None)
    assert ([each.id for each in page.unread], ids([page])) == (["1"], ["2"])


@pytest.mark.parametrize("field", ["colour", "item.colour", "lines.quantity", "memo.text"])
def test_a_field_that_the_record_does_not_have_is_named(vendor: Vendor, desk: Desk, field: str) -> None:
    kinds = {"salesOrder": {"fields": ["total", field], "reading": "soap"}}
    with pytest.raises(Misconfigured, match=field.partition(".")[0]):
        reading(vendor, desk, kinds=kinds).pull("salesOrder", None)


def test_a_customers_amounts_stay_bare_because_their_currency_is_not_said(vendor: Vendor, desk: Desk) -> None:
    inner = (
        "<relationships:entityId>C-9</relationships:entityId><relationships:balance>10.5</relationships:balance>"
        f"{ref('relationships:currency', '1', 'HKD')}"
        f"<relationships:lastModifiedDate>2026-03-02T00:40:00.000-08:00</relationships:lastModifiedDate>"
    )
    vendor.on("search", found([f'<core:record internalId="9" xsi:type="relationships:Customer">{inner}</core:record>']))
    kinds = {"customer": {"fields": ["balance", "companyName"], "reading": "soap"}}
    (record,) = reading(vendor, desk, kinds=kinds).pull("customer", None).records
    assert (record.number, record.fields) == ("C-9", {"balance": Decimal("10.5"), "companyName": None})
    assert vendor.calls("search")[0].text("type") == []
