"""`python -m tests.companies 1000`: so many generated companies, a batch at a time; exit 1 when one is judged wrong."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.companies.company import Company
from tests.companies.driver import Outcome, played
from tests.companies.findings import Finding
from tests.companies.generator import company

SHOWN = 20
"""How many findings of a batch are printed."""


def main() -> int:
    """Run them; print a line of figures for each batch."""
    asked = _arguments()
    wrong = 0
    for first in range(0, asked.companies, asked.batch):
        numbers = range(first, min(first + asked.batch, asked.companies))
        companies = [company(asked.seed, number, asked.seconds) for number in numbers]
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="companies-") as folder:
            outcome = played(Path(folder), companies)
        found = outcome.findings()
        for finding in found[:SHOWN]:
            _say(str(finding))
        _say(json.dumps(_figures(companies, outcome, found) | {"seconds": round(time.monotonic() - began)}))
        wrong += len(found)
    return 1 if wrong else 0


def _figures(companies: list[Company], outcome: Outcome, found: list[Finding]) -> dict[str, object]:
    """What was played and judged, in numbers."""
    verdicts, logs = outcome.verdicts.values(), outcome.logs.values()
    return {
        "companies": len(companies),
        "people": sum(len(one.people) for one in companies),
        "facts": sum(len(one.facts) for one in companies),
        "moves": sum(len(one.moves) for one in companies),
        "messages": sum(len(one.shown) for one in logs),
        "member_reads": sum(len(one.listed) for one in logs),
        "judged": sum(one.judged for one in verdicts),
        "owed": sum(one.owed for one in verdicts),
        "late": sum(len(one.late) for one in verdicts),
        "behind_s": round(outcome.behind_s, 2),
        "wrong": Counter(str(each.wrong) for each in found),
    }


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    asked = argparse.ArgumentParser(prog="python -m tests.companies", description=__doc__)
    asked.add_argument("companies", type=int, nargs="?", default=1000)
    asked.add_argument("--batch", type=int, default=50, help="companies in one run")
    asked.add_argument("--seconds", type=float, default=15.0, help="how long a run's facts and moves take")
    asked.add_argument("--seed", type=int, default=1)
    return asked.parse_args()


if __name__ == "__main__":
    sys.exit(main())
