"""docs/assumptions.md and the code speak of the same claims."""

from __future__ import annotations

import re
from pathlib import Path

from connectors.dingtalk.sandbox.switches import CLAIMS as DINGTALK
from connectors.dynamics.sandbox.switches import CLAIMS as DYNAMICS
from connectors.netsuite.sandbox.switches import CLAIMS as NETSUITE
from connectors.salesforce.sandbox.switches import CLAIMS as SALESFORCE
from connectors.zoho.sandbox.switches import CLAIMS as ZOHO

ROOT = Path(__file__).parent.parent
TABLE = (ROOT / "docs" / "assumptions.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in TABLE.splitlines() if "| A-" in line]
COLUMNS = 6


def in_code() -> set[str]:
    files = [
        file
        for package in ("connectors", "pipelines", "worker", "config")
        for file in (ROOT / package).rglob("*")
        if file.suffix in {".py", ".lua", ".md", ".yaml"}
    ]
    return {found for file in files for found in re.findall(r"\bA-[A-Z]+-\d+", file.read_text(encoding="utf-8"))}


def test_each_row_is_whole_and_stands_once() -> None:
    assert [row for row in ROWS if len(row) != COLUMNS or not all(row)] == []
    assert len({row[0] for row in ROWS}) == len(ROWS)


def test_the_code_names_each_claim_and_no_other() -> None:
    assert {row[0] for row in ROWS} == in_code()


def test_each_switch_stands_in_the_row_of_its_claim() -> None:
    told = {row[0]: row[5].strip("`") for row in ROWS if row[5].startswith("`")}
    twins = (DINGTALK, DYNAMICS, NETSUITE, SALESFORCE, ZOHO)
    assert told == {claim: name for claims in twins for name, (claim, _says) in claims.items()}


def test_a_claim_without_a_switch_says_why() -> None:
    silent = [row[0] for row in ROWS if not row[5].startswith("`") and not re.match(r"none: \w", row[5])]
    assert silent == []


def test_each_link_has_its_address() -> None:
    used = set(re.findall(r"\]\[([a-z-]+)\]", TABLE))
    assert used == set(re.findall(r"^\[([a-z-]+)\]: https://\S+$", TABLE, re.MULTILINE))
