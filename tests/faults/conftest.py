"""Each run's numbers stand as one JSON line in the terminal summary."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Report = Callable[[dict[str, Any]], None]
RUN = "fault run"


@pytest.fixture
def report(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Report:
    """Print a run's numbers, whether the run passes or not."""
    name = request.node.name
    return lambda numbers: record_property(RUN, json.dumps({"run": name, **numbers}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    ended = (one for found in terminalreporter.stats.values() for one in found if isinstance(one, pytest.TestReport))
    lines = [line for one in ended if one.when == "call" for name, line in one.user_properties if name == RUN]
    if lines:
        terminalreporter.section("fault runs")
        for line in lines:
            terminalreporter.write_line(str(line))
