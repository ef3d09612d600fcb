"""Each run's numbers stand as one JSON line in the terminal summary."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Report = Callable[[dict[str, Any]], None]
LINES = pytest.StashKey[list[str]]()


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Print a run's numbers, whether the run passes or not."""
    lines = request.config.stash.setdefault(LINES, [])
    name = request.node.name
    return lambda numbers: lines.append(json.dumps({"run": name, **numbers}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if lines := config.stash.get(LINES, []):
        terminalreporter.section("fault runs")
        for line in lines:
            terminalreporter.write_line(line)
