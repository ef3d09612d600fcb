"""What is written for OData v4, read by a server and a parser that others wrote: odata-v4-server and odata-v4-parser.

The server decodes a whole address before it parses it, so a text with a sign that has to be percent-encoded in a filter,
such as & % / #, is refused by it with 500 or misread; such texts are left to its own parser, which takes what was sent.
The server has no `@odata.nextLink`: its pages are asked for by `$top` and `$skip`.
https://docs.oasis-open.org/odata/odata/v4.0/os/part2-url-conventions/odata-v4.0-os-part2-url-conventions.html
"""

from __future__ import annotations

import json
import operator
import random
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from connectors import odata
from tests.clients.node import Client
from tests.clients.odata_server import BEGAN, ENCODED, MIDDLE, ORDERS, PLAIN, SET, Server

pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]

LOCK = Path(__file__).parent / "odata" / "package-lock.json"
SIGNS = "abz09 '\"&%/#?+=;:@,()$*!~-_.<>{}[]|\\^`\t\n\u00fc\u4e2d\U0001f600\x00\x7f"


def _typed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": odata.guid(row["id"]),
        "number": row["number"],
        "orderDate": date.fromisoformat(row["orderDate"]),
        "customerName": row["customerName"],
        "currencyCode": row["currencyCode"],
        "totalAmountIncludingTax": odata.number(row["totalAmountIncludingTax"]),
        "lastModifiedDateTime": odata.moment(row["lastModifiedDateTime"]),
    }


def test_the_packages_are_pinned_by_hash_and_name_no_registry() -> None:
    packages = json.loads(LOCK.read_text(encoding="utf-8"))["packages"]
    others = [package for name, package in packages.items() if name]
    assert all(package["integrity"].startswith("sha512-") for package in others)
    assert not any("resolved" in package for package in others)


def test_the_server_speaks_version_4_0(odata_server: Server) -> None:
    _, answer = odata_server.get(SET, {"$top": "1"})
    assert answer.headers["odata-version"] == "4.0"
    assert answer.body["@odata.context"].endswith("/$metadata#salesOrders")


def test_all_that_is_read_is_what_was_stored(odata_server: Server) -> None:
    assert [_typed(row) for row in odata_server.rows(orderby="number asc")] == ORDERS


@pytest.mark.parametrize("how", ["eq", "ne", "gt", "ge", "lt", "le"])
@pytest.mark.parametrize("name", ["orderDate", "totalAmountIncludingTax", "lastModifiedDateTime", "number"])
def test_a_condition_selects_what_it_says(odata_server: Server, name: str, how: str) -> None:
    wanted = [order["number"] for order in ORDERS if getattr(operator, how)(order[name], MIDDLE[name])]
    assert odata_server.numbers(odata.compare(name, how, MIDDLE[name])) == wanted


def test_a_moment_of_another_zone_is_the_same_moment(odata_server: Server) -> None:
    there = MIDDLE["lastModifiedDateTime"].astimezone(timezone(timedelta(hours=8)))
    assert odata_server.numbers(odata.compare("lastModifiedDateTime", "eq", there)) == [MIDDLE["number"]]


def test_records_are_found_by_their_guids(odata_server: Server) -> None:
    wanted = [ORDERS[place] for place in (0, 3, 11)]
    found = odata_server.numbers(odata.one_of("id", (order["id"] for order in wanted)))
    assert found == [order["number"] for order in wanted]


@pytest.mark.parametrize("name", PLAIN)
def test_a_text_is_found(odata_server: Server, name: str) -> None:
    wanted = [order["number"] for order in ORDERS if order["customerName"] == name]
    assert odata_server.numbers(odata.compare("customerName", "eq", name)) == wanted


def test_and_and_or_bind_as_they_are_meant(odata_server: Server) -> None:
    late = odata.compare("lastModifiedDateTime", "gt", MIDDLE["lastModifiedDateTime"])
    numbers = odata.either(odata.compare("number", "eq", ORDERS[place]["number"]) for place in (1, 9, 12))
    assert odata_server.numbers(odata.every(numbers, late)) == [ORDERS[9]["number"], ORDERS[12]["number"]]


def test_only_what_is_selected_comes(odata_server: Server) -> None:
    (row, *_) = odata_server.rows(select=odata.selected(["number", "orderDate", "number"]), top="1")
    assert {name for name in row if not name.startswith("@")} == {"number", "orderDate"}


def test_pages_in_order_of_the_stamp_hold_every_record_once(odata_server: Server) -> None:
    order, size = odata.ascending("lastModifiedDateTime", "id"), 6
    pages = [
        odata_server.rows(orderby=order, top=str(size), skip=str(start)) for start in range(0, len(ORDERS) + size, size)
    ]
    assert [len(page) for page in pages] == [6, 6, 6, 2, 0]
    assert [row["number"] for page in pages for row in page] == [order["number"] for order in ORDERS]


def test_a_record_is_read_by_its_key(odata_server: Server) -> None:
    _, answer = odata_server.get(odata.keyed(SET, MIDDLE["id"]))
    assert _typed(answer.body) == MIDDLE
    assert answer.body["@odata.context"].endswith("#salesOrders/$entity")


def test_an_error_is_read_without_its_message_in_the_detail(odata_server: Server) -> None:
    _, answer = odata_server.get(odata.keyed(SET, UUID(int=1)))
    assert (answer.fault.status, answer.fault.code) == (404, "404")
    assert answer.fault.message == "There is no such record."
    assert answer.fault.message not in answer.fault.detail
    _, refused = odata_server.get(SET, {"$filter": "number eq"})
    assert refused.fault.message.startswith("Unexpected character")


def _value(chance: random.Random) -> odata.Literal:
    text = "".join(chance.choices(SIGNS, k=chance.randrange(12)))
    at = BEGAN + timedelta(microseconds=chance.randrange(10**15))
    amount = Decimal(chance.randrange(-(10**12), 10**12)).scaleb(-chance.randrange(1, 6))
    return chance.choice(
        [text, text, at, at.date(), amount, chance.randrange(10**9), UUID(int=chance.getrandbits(128)), True, None]
    )


def _address(chance: random.Random) -> tuple[str, list[odata.Literal]]:
    values = [_value(chance) for _ in range(chance.randrange(1, 6))]
    if chance.random() < 0.2:
        key: odata.Literal = UUID(int=chance.getrandbits(128)) if chance.random() < 0.5 else str(values[0])
        return odata.address("", odata.keyed(SET, key)), [key]
    paths = chance.choices(["number", "customer/name", "a_1", "totalAmountIncludingTax"], k=len(values))
    first, *others = [
        odata.compare(path, chance.choice(["eq", "ne", "gt", "le"]), value)
        for path, value in zip(paths, values, strict=True)
    ]
    condition = odata.every(first, odata.either(others)) if others else first
    options = {"$select": odata.selected(paths), "$filter": condition, "$orderby": odata.ascending(*paths)}
    return odata.address("", SET, options), values


def _judged(odata_client: Client, addresses: list[str]) -> list[list[tuple[str, str, str]] | None]:
    found: list[list[tuple[str, str, str]] | None] = odata_client.run("judge.cjs", {"addresses": addresses})
    return found


def _kind(value: odata.Literal) -> str:
    kinds = {str: "Edm.String", bool: "Edm.Boolean", date: "Edm.Date", datetime: "Edm.DateTimeOffset", UUID: "Edm.Guid"}
    return kinds.get(type(value), "null" if value is None else "number")


def _same(value: odata.Literal, kind: str, written: str, read: str) -> bool:
    if isinstance(value, str):
        return kind == "Edm.String" and read == value and "&" not in written
    if _kind(value) == "number":
        return (
            kind in {"Edm.Decimal", "Edm.SByte", "Edm.Byte", "Edm.Int16", "Edm.Int32", "Edm.Int64"}
            and Decimal(written) == value
        )
    return kind == _kind(value) and written == odata.literal(value)


def test_a_thousand_addresses_are_parsed_and_mean_what_was_meant(odata_client: Client) -> None:
    chance = random.Random(4)
    meant = [_address(chance) for _ in range(1000)]
    for (written, values), found in zip(meant, _judged(odata_client, [written for written, _ in meant]), strict=True):
        assert found is not None, written
        assert len(found) == len(values), written
        assert all(_same(value, *each) for value, each in zip(values, found, strict=True)), (written, found)


@pytest.mark.parametrize("name", [*PLAIN, *ENCODED])
def test_the_parser_reads_every_text_as_it_was_meant(odata_client: Client, name: str) -> None:
    condition = odata.address("", SET, {"$filter": odata.compare("customerName", "eq", name)})
    addresses = [condition, odata.address("", odata.keyed(SET, {"number": name, "customerName": name}))]
    assert [[each[2] for each in found or ()] for found in _judged(odata_client, addresses)] == [[name], [name, name]]


@pytest.mark.parametrize(
    "condition",
    ["a eq 'b/c'", "a eq 'b%'", "a eq 'b#'", "a eq 'b'c'", "a is 1", "a eq 2026-13-01", "a eq 2026-03-02T08:40:07"],
)
def test_the_parser_refuses_what_the_standard_does_not_allow(odata_client: Client, condition: str) -> None:
    assert _judged(odata_client, [f"/{SET}?$filter={condition.replace(' ', '%20')}"]) == [None]
