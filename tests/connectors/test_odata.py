"""OData v4, by the examples of the standard and of the vendors that speak it."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import odata
from connectors.odata import Fault, LeadsAway, NotOData, Removed

SERVICE = "https://example.crm.dynamics.com/api/data/v9.2/"
ASKED = SERVICE + "accounts?$select=name"
COOKIE = (
    "%3Ccookie%20pagenumber=%222%22%20pagingcookie=%22%253ccookie%2520page%253d%25221%2522%253e%253caccountid%2520last"
    "%253d%2522%257b8151925C-CDE2-E411-80DB-00155D2A68CB%257d%2522%2520%252f%253e%253c%252fcookie%253e%22%20/%3E"
)
ID = "60c4e274-0d87-e711-80e5-00155db19e6d"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Milk", "'Milk'"),
        ("O'Neil''s", "'O''Neil''''s'"),
        ("", "''"),
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (Decimal("12345678901234567.89"), "12345678901234567.89"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.005"), "-0.005"),
        (date(2012, 12, 3), "2012-12-03"),
        (datetime(2012, 12, 3, 7, 16, 23, tzinfo=UTC), "2012-12-03T07:16:23Z"),
        (datetime(2012, 12, 3, 7, 16, 23, 500_000, tzinfo=UTC), "2012-12-03T07:16:23.500000Z"),
        (datetime(2012, 12, 3, 7, 16, 23, tzinfo=timezone(timedelta(hours=8))), "2012-12-02T23:16:23Z"),
        (UUID(ID), ID),
    ],
    ids=str,
)
def test_a_literal_is_written_as_the_standard_says(value: Any, text: str) -> None:
    assert odata.literal(value) == text


@pytest.mark.parametrize("value", [datetime(2012, 12, 3), Decimal("NaN"), Decimal("Infinity")], ids=str)  # noqa: DTZ001 - the fault under test
def test_a_value_without_a_literal_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"zone|number"):
        odata.literal(value)


@given(st.text())
def test_any_text_survives_a_filter(text: str) -> None:
    whole = odata.address(SERVICE, "accounts", {"$filter": odata.compare("name", "eq", text), "$top": "1"})
    assert re.fullmatch(r"[!-~]+", whole)
    assert "+" not in whole
    query = dict(each.split("=", 1) for each in urlsplit(whole).query.split("&"))
    inner = unquote(query["$filter"], errors="strict").removeprefix("name eq ")
    assert (inner[0], inner[-1]) == ("'", "'")
    assert "'" not in inner[1:-1].replace("''", "")
    assert inner[1:-1].replace("''", "'") == text
    assert query["$top"] == "1"


def test_a_slash_stands_for_itself_in_a_path_alone() -> None:
    """The standard's grammar has no plain slash in a text: rules `string` and `pchar-no-SQUOTE`."""
    text = odata.every(odata.compare("a/b", "eq", "c/d'e?"), odata.compare("f", "eq", "/"))
    whole = odata.address(SERVICE, "accounts", {"$filter": text, "$expand": "orders($select=id;$top=1)"})
    expand = "$expand=orders($select=id;$top=1)"
    assert whole == f"{SERVICE}accounts?$filter=a/b%20eq%20'c%2Fd''e%3F'%20and%20f%20eq%20'%2F'&{expand}"


@given(st.text(min_size=1))
def test_any_text_survives_a_key(text: str) -> None:
    path = odata.keyed("orders", text)
    assert re.fullmatch(r"orders\('[^/?#\s]*'\)", path)
    assert unquote(path)[len("orders('") : -2].replace("''", "'") == text


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=30))])))
def test_any_moment_is_read_back(at: datetime) -> None:
    try:
        utc = at.astimezone(UTC)
    except OverflowError:
        return
    assert odata.moment(odata.literal(at)) == utc


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_any_number_is_read_back_in_one_form(value: Decimal) -> None:
    text = odata.literal(value)
    forms = {str(odata.number(form)) for form in (value, text, text + "0" if "." in text else text)}
    assert forms == {str(odata.number(text))}
    assert odata.number(text) == value


@pytest.mark.parametrize(
    ("raw", "text"), [(1200, "1200"), ("1.50", "1.5"), ("-0", "0"), ("1E3", "1000"), (Decimal("31000.0000"), "31000")]
)
def test_a_number_loses_the_zeros_at_its_end(raw: Any, text: str) -> None:
    assert str(odata.number(raw)) == text


@pytest.mark.parametrize("raw", [True, None, "", "INF", "NaN", "1,5", "0x10", Decimal("1E+999999"), [], "１"])
def test_what_is_no_number_is_refused(raw: Any) -> None:
    with pytest.raises(ValueError, match="no number"):
        odata.number(raw)


@pytest.mark.parametrize("text", ["", "a b", "1a", "a'", "a/", "a,b", "a eq 1", "é", "$top", "a" * 200])
def test_what_is_no_name_never_enters_a_query(text: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        odata.compare(text, "eq", 1)
    with pytest.raises(ValueError, match="no name"):
        odata.selected([text])
    with pytest.raises(ValueError, match="no name"):
        odata.ascending(text)


def test_conditions_are_joined_so_that_they_keep_their_meaning() -> None:
    ids = odata.one_of("accountid", [UUID(ID), UUID(ID)])
    assert ids == f"(accountid eq {ID} or accountid eq {ID})"
    assert odata.every(odata.compare("a/b", "ge", 1), ids) == f"a/b ge 1 and {ids}"
    with pytest.raises(ValueError, match="no operator"):
        odata.compare("a", "or", 1)
    with pytest.raises(ValueError, match="needs conditions"):
        odata.one_of("accountid", [])


@pytest.mark.parametrize("text", [ID, ID.upper(), "{" + ID.upper() + "}"])
def test_a_guid_has_one_form(text: str) -> None:
    assert str(odata.guid(text)) == ID


@pytest.mark.parametrize(
    "text", ["", "1", ID[:-1], ID + "0", ID.replace("-", ""), "{" + ID, f"urn:uuid:{ID}", ID + " "]
)
def test_what_is_no_guid_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no GUID"):
        odata.guid(text)


def test_an_alternate_key_is_encoded() -> None:
    assert odata.keyed("salesorders", {"ordernumber": "SO/1 'x'&"}) == "salesorders(ordernumber='SO%2F1%20''x''%26')"
    assert odata.keyed("salesorders", UUID(ID)) == f"salesorders({ID})"


@pytest.mark.parametrize(
    ("found", "whole"),
    [
        (f"{SERVICE}accounts?$skiptoken={COOKIE}", f"{SERVICE}accounts?$skiptoken={COOKIE}"),
        (f"accounts?$skiptoken={COOKIE}", f"{SERVICE}accounts?$skiptoken={COOKIE}"),
        (f"/api/data/v9.2/accounts?$skiptoken={COOKIE}", f"{SERVICE}accounts?$skiptoken={COOKIE}"),
        ("?$skiptoken=a%2fb", f"{SERVICE}accounts?$skiptoken=a%2fb"),
        ("HTTPS://EXAMPLE.crm.dynamics.com:443/x?a=%2f", "HTTPS://EXAMPLE.crm.dynamics.com:443/x?a=%2f"),
        ("accounts?$filter=a eq 'ü'&$skiptoken=1", f"{SERVICE}accounts?$filter=a%20eq%20'%C3%BC'&$skiptoken=1"),
    ],
)
def test_a_link_keeps_what_it_says(found: str, whole: str) -> None:
    assert odata.link(ASKED, found) == whole


def test_a_relative_link_counts_from_the_context() -> None:
    """https://docs.oasis-open.org/odata/odata-json-format/v4.0/os/odata-json-format-v4.0-os.html#_Toc372793043."""
    asked, context = SERVICE + "accounts(1)/orders", SERVICE + "$metadata#orders"
    assert odata.link(asked, "orders?$skiptoken=2", context) == SERVICE + "orders?$skiptoken=2"
    assert odata.link(asked, "orders?$skiptoken=2", "../$metadata#orders") == SERVICE + "orders?$skiptoken=2"


@pytest.mark.parametrize(
    "found",
    [
        "https://evil.example/api/data/v9.2/accounts",
        "http://example.crm.dynamics.com/api",
        "//evil.example/x",
        "https://example.crm.dynamics.com:8443/x",
        "https://example.crm.dynamics.com.evil.example/",
        "javascript:alert(1)",
        "file:///etc/passwd",
    ],
)
def test_a_link_never_leads_to_another_server(found: str) -> None:
    with pytest.raises(LeadsAway):
        odata.link(ASKED, found)
    with pytest.raises(LeadsAway):
        odata.link(ASKED, "accounts", found)


@pytest.mark.parametrize(
    "found",
    ["", None, 7, "a\r\nHost: x", "https://u:p@example.crm.dynamics.com/", "https://example.crm.dynamics.com:x/"],
)
def test_what_is_no_link_is_refused(found: Any) -> None:
    with pytest.raises(NotOData):
        odata.link(ASKED, found)


@given(st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#"), max_size=80))
def test_the_query_of_a_link_is_never_changed(query: str) -> None:
    assert odata.link(ASKED, f"accounts?x={query}") == f"{SERVICE}accounts?x={query}"
    assert odata.link(ASKED, f"{SERVICE}accounts?x={query}") == f"{SERVICE}accounts?x={query}"


def test_a_page_is_read() -> None:
    """Typed from webapi/query-data-web-api of Dataverse."""
    body = {
        "@odata.context": SERVICE + "$metadata#accounts(name)",
        "value": [{"@odata.etag": 'W/"437194"', "name": "Fourth Coffee (sample)", "accountid": ID}],
        "@odata.nextLink": f"{SERVICE}accounts?$select=name&$skiptoken={COOKIE}",
    }
    page = odata.page(body, ASKED)
    assert (len(page.rows), page.removed, page.delta_link) == (1, (), "")
    assert page.next_link == body["@odata.nextLink"]
    assert odata.etag(page.rows[0]) == 'W/"437194"'
    assert odata.etag({}) == ""


def test_a_delta_is_read() -> None:
    """The standard's own example: a changed row, a removed and an added link between rows, a removed row."""
    body = {
        "@odata.context": "http://host/service/$metadata#Customers/$delta",
        "value": [
            {"@odata.id": "Customers('BOTTM')", "ContactName": "Susan Halvenstern"},
            {"@odata.context": "#Customers/$deletedLink", "source": "Customers('ALFKI')", "relationship": "Orders"},
            {"@odata.context": "#Customers/$link", "source": "Customers('BOTTM')", "relationship": "Orders"},
            {"@odata.context": "#Orders/$entity", "@odata.id": "Orders(10643)", "ShipCity": "Berlin"},
            {"@odata.context": "#Customers/$deletedEntity", "id": "Customers('ANTON')", "reason": "deleted"},
        ],
        "@odata.deltaLink": "Customers?$expand=Orders&$deltatoken=8015",
    }
    page = odata.page(body, "http://host/service/Customers?$deltatoken=1234")
    assert [row["@odata.id"] for row in page.rows] == ["Customers('BOTTM')", "Orders(10643)"]
    assert page.removed == (Removed("Customers('ANTON')", "deleted"),)
    assert page.delta_link == "http://host/service/Customers?$expand=Orders&$deltatoken=8015"


@pytest.mark.parametrize("body", [None, [], "", {}, {"value": {}}, {"value": [1]}, {"value": [], "@odata.nextLink": 3}])
def test_what_is_no_page_is_refused(body: Any) -> None:
    with pytest.raises(NotOData):
        odata.page(body, ASKED)


def test_numbers_are_parsed_from_their_text() -> None:
    found = odata.parsed(b'{"a": 12345678901234567.89, "b": 0.1, "c": 9007199254740993}')
    assert found == {"a": Decimal("12345678901234567.89"), "b": Decimal("0.1"), "c": 9007199254740993}
    assert not any(isinstance(value, float) for value in found.values())


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"a": NaN}', b"[" * 100_000, b"\xff"])
def test_what_is_no_json_is_nothing(content: bytes) -> None:
    assert odata.parsed(content) is None


def test_an_error_is_read() -> None:
    """The standard's example: https://docs.oasis-open.org/odata/odata-json-format/v4.0, 19 Error Response."""
    body = {
        "error": {
            "code": "501",
            "message": "Unsupported functionality",
            "target": "query",
            "details": [{"code": "301", "target": "$search", "message": "$search query option not supported"}],
            "innererror": {"trace": [], "context": {}},
        }
    }
    fault = Fault.read(501, body)
    assert (fault.code, fault.message, fault.details) == ("501", "Unsupported functionality", (("301", "search"),))
    assert fault.detail == "HTTP 501 501"
    assert "Unsupported" not in repr(fault)


@pytest.mark.parametrize("body", [None, [], {"error": "no"}, {"error": {"code": None, "details": 3}}, {"Message": "x"}])
def test_an_error_in_another_form_leaves_its_status(body: Any) -> None:
    fault = Fault.read(500, body)
    assert (fault.status, fault.code, fault.details) == (500, "", ())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_answer_breaks_the_reading(body: Any) -> None:
    again = odata.parsed(json.dumps(body).encode())
    assert Fault.read(400, again).status == 400
    with suppress(NotOData):
        assert odata.page(again, ASKED).rows is not None
