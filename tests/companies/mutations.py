"""`python -m tests.companies.mutations`: with any rule of clearance taken out of a copy of the product the oracle must fail.

Exit 1 when it does not, when a rule is not found in the product's text any more, or when the whole product is judged wrong.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from tests.companies.mutants import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
PARTS = ("config", "connectors", "pipelines", "worker", "tests")
AT_ONCE = 3
WITHIN_S = 240.0
COMPANIES = ("12", "--batch", "12", "--seconds", "6")
UNCHANGED = Mutant("nothing is taken out", (), frozenset())


def main(named: Sequence[str]) -> int:
    """Try each rule, or those that have one of these words in them; print a line for each."""
    chosen = [one for one in MUTANTS if not named or any(word in one.rule for word in named)]
    with ThreadPoolExecutor(AT_ONCE) as runs:
        troubles = [trouble for trouble in runs.map(_tried, [UNCHANGED, *chosen]) if trouble]
    _say(f"{len(chosen)} rules, {len(troubles)} troubles")
    return 1 if troubles or not chosen else 0


def _tried(mutant: Mutant) -> str:
    """What is wrong with a mutant, in a copy of its own; nothing when the oracle finds what it should."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        trouble = _trouble(mutant, Path(folder))
    _say(f"{'survives' if trouble else 'found'} ({time.monotonic() - began:.0f} s): {mutant.rule} {trouble}".rstrip())
    return trouble


def _trouble(mutant: Mutant, tree: Path) -> str:
    for part in PARTS:
        shutil.copytree(ROOT / part, tree / part)
    try:
        for cut in mutant.cuts:
            cut.made(tree)
            _forget(tree / cut.file)
    except ValueError as gone:
        return f"- the rule is not there: {gone}"
    try:
        run = _run(tree)
    except subprocess.TimeoutExpired:
        return f"- it did not end within {WITHIN_S:g} s"
    figures = list(_figures(run.stdout))
    if not figures:
        return f"- it was not judged: {run.stderr[-800:]}"
    wrong = {name for each in figures for name in each["wrong"]}
    if not mutant.cuts:
        return f"- the product itself is judged wrong: {run.stdout[-800:]}" if wrong else ""
    if wrong & mutant.found:
        return ""
    return f"- the oracle found {', '.join(sorted(wrong)) or 'nothing'}"


def _forget(source: Path) -> None:
    """Remove what was compiled of a file: within a second, and of one length, it would be taken for the new one's."""
    for compiled in (source.parent / "__pycache__").glob(f"{source.stem}.*"):
        compiled.unlink()


def _run(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.companies", *COMPANIES],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )


def _figures(said: str) -> Iterator[dict[str, dict[str, int]]]:
    for line in said.splitlines():
        with suppress(json.JSONDecodeError):
            yield json.loads(line)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
