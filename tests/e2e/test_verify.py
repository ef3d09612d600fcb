"""`destination verify`: the code comes by way of the group, and what was withheld is shown afterwards."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.streams import QUOTA, bridge
from tests.processes.installation import Installation, installation, until
from tests.processes.sender import Sender, Tally, event

pytestmark = pytest.mark.timeout(120)

CLASSED = bridge(QUOTA).replace("currency_path: currency}}}", "currency_path: currency, class: finance}}}")
CLASSED = CLASSED.replace("version: 1", "version: 1\nclasses: [finance]")
VERIFY = ["destination", "verify", "sales-hk", "--admin", "Office manager", "--class", "finance"]


def told(parts: Installation, number: str) -> str:
    def work(_tally: Tally) -> Iterator[tuple[str, int, bytes]]:
        yield number, 1, event("event", number, 1, amount="4711", currency="HKD")

    sender = Sender(parts.port, [work])
    sender.start()
    sender.join(20)
    parts.await_settled(20)
    return next(str(row["text"]) for row in parts.sink.messages() if number in row["text"])


def asked(parts: Installation) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "worker.cli", *VERIFY],
        env=dict(parts.settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def code_in_the_group(parts: Installation, sent: int) -> str:
    def codes() -> list[str]:
        return [found[1] for row in parts.sink.messages() if (found := re.search(r"Code: (\d{6})", row["text"]))]

    until(lambda: len(codes()) == sent, "the code stands in the group", 20)
    return codes()[-1]


def test_a_class_is_shown_once_an_admin_has_typed_the_code(tmp_path: Path) -> None:
    with installation(tmp_path, CLASSED) as parts:
        parts.start()
        assert "4,711" not in told(parts, "EV-000001")
        wrong = asked(parts)
        code = code_in_the_group(parts, 1)
        other = "000000" if code != "000000" else "000001"
        _, said = wrong.communicate(f"{other}\n" * 4, timeout=30)
        assert wrong.returncode == 1
        assert "three wrong codes" in said
        assert "4,711" not in told(parts, "EV-000002")
        right = asked(parts)
        answer, said = right.communicate(code_in_the_group(parts, 2) + "\n", timeout=30)
        assert (right.returncode, "Office manager vouches until" in answer) == (0, True), said
        assert "4,711" in told(parts, "EV-000003")
