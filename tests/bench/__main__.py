"""`python -m tests.bench [PART …]`: measures, prints one JSON object a figure, ends with 1 when a bound is missed."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.bench import audience, burst, dispatch, growth, latency, routes, sustained, workers
from tests.bench.figures import Report

PARTS: Mapping[str, Callable[[Report, Path], None]] = {
    "sustained": sustained.run,
    "latency": latency.run,
    "workers": workers.run,
    "routes": routes.run,
    "dispatch": dispatch.run,
    "audience": audience.run,
    "growth": growth.run,
    "burst": burst.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to measure; all, when nothing is named")
    wanted = parser.parse_args().parts or list(PARTS)
    # in memory a commit would cost nothing
    with tempfile.TemporaryDirectory(prefix="dingbridge-bench-", dir=os.environ.get("BENCH_DIR")) as home:
        report = Report(Path(home))
        for part in wanted:
            folder = Path(home, part)
            folder.mkdir()
            PARTS[part](report, folder)
    for figure in report.missed:
        bound = figure.bound
        sys.stderr.write(
            f"missed: {figure.name} is {figure.value:.3f} {figure.unit}, bound {bound} ({bound and bound.rule})\n"
        )
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
