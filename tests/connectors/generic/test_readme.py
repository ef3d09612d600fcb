"""The README's example is what a newcomer copies: it has to work as it stands there."""

from __future__ import annotations

import io
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from connectors.contract import RawRequest
from connectors.generic import receiver
from connectors.generic.receiver import Receiver
from connectors.generic.settings import GenericSettings

README = Path(receiver.__file__).with_name("README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


def example() -> Receiver:
    read = YAML(typ="safe", pure=True).load(io.StringIO(block("yaml")))
    return Receiver("shop", GenericSettings.model_validate(read))


def request(body: bytes, headers: dict[str, str]) -> RawRequest:
    return RawRequest("POST", {key.lower(): value for key, value in headers.items()}, "", body, datetime.now(UTC))


def test_the_shell_sender_is_believed() -> None:
    show = 'curl() { cat; printf "\\n%s\\n%s" "$SIGNATURE" "$AT"; }\n'
    script = "RECEIVING_ADDRESS=nowhere\n" + show + block("sh")
    shown = subprocess.run(["bash", "-euc", script], capture_output=True, check=True, timeout=20)  # noqa: S607 - as in README
    body, signature, at = shown.stdout.split(b"\n")
    headers = {"X-Signature": f"sha256={signature.decode()}", "X-Signed-At": at.decode()}
    received = example().receive(request(body, headers))
    assert received.reason == ""
    assert received.records[0].number == "SO-1042"


def test_the_python_sender_is_believed() -> None:
    names: dict[str, Any] = {}
    exec(block("python"), names)  # noqa: S102 - the text is our own README
    received = example().receive(request(names["body"], names["headers"]))
    assert received.reason == ""
    assert received.records[0].id == "8801"


@pytest.mark.parametrize("sender", ["Shopify", "GitHub", "Stripe", "Zendesk", "Slack"])
def test_the_settings_of_known_senders_are_settings(sender: str) -> None:
    row = next(line for line in README.splitlines() if line.startswith(f"| [{sender}"))
    given = dict(text.split(": ", 1) for text in re.findall(r"`([^`]+)`", row))
    settings = {"signature": {**given, "keys": ["x" * 32]}, "kind": "order", "id": "id"}
    assert GenericSettings.model_validate(settings).signature.header.startswith(
        "X-" if sender != "Stripe" else "Stripe"
    )
