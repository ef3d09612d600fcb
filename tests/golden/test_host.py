"""The host's zone and locale change nothing of what readers see: no digit, no unit, no day."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden import every_line

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def here() -> list[str]:
    return list(every_line.lines())


@pytest.mark.parametrize(
    "host",
    [
        {"TZ": "Pacific/Kiritimati", "LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"},
        {"TZ": "America/Anchorage", "LANG": "zh_CN.GB18030", "LC_ALL": "tr_TR.UTF-8", "LC_NUMERIC": "ar_EG.UTF-8"},
    ],
    ids=["east", "west"],
)
def test_another_host_shows_the_same_lines(here: list[str], host: dict[str, str]) -> None:
    environment = {**os.environ, **host, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    told = subprocess.run(
        [sys.executable, "-m", "tests.golden.every_line"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert [json.loads(line) for line in told.stdout.decode().splitlines()] == here
    assert len(here) > every_line.COUNT + 200
