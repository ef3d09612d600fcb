"""What the vendor's pages leave open; what each switch does is tested beside what it changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.zoho.sandbox.switches import Switches
from tests.connectors.zoho.sandbox.served import Served


def test_each_switch_names_its_own_assumption(crm: Served) -> None:
    rows = crm.control("GET", "/switches")["switches"]
    assert {row["name"] for row in rows} == set(Switches.__struct_fields__)
    assert len({row["assumption"] for row in rows}) == len(rows)
    assert all(row["value"] == row["default"] and row["says"] for row in rows)


def test_each_switch_is_turned_by_a_test() -> None:
    tests = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_*.py"))
    assert [
        name for name in Switches.__struct_fields__ if f"switch({name}=" not in tests and f", {name}=" not in tests
    ] == []


@pytest.mark.parametrize(("path", "body"), [("switches", {"no_such": 1}), ("switches", {"coql_brackets": "roman"}),
                                            ("settings", {"no_such": 1}), ("permissions", {"profile": "x", "module": "Deals"})])  # fmt: skip
def test_what_there_is_not_is_refused(crm: Served, path: str, body: dict[str, object]) -> None:
    assert crm.http.post(f"{crm.base}/__sandbox/{path}", json=body, timeout=10).status_code == 400


def test_a_person_is_told_how_to_connect(crm: Served) -> None:
    told = crm.control("GET", "/")
    assert told["accounts_url"] == f"{crm.base}/us/accounts"
    assert {user["profile"] for user in told["users"]} == {"Administrator", "Standard", "Sales"}
    assert told["modules"]["Deals"][0]["name"] == "Harbour cold chain"
