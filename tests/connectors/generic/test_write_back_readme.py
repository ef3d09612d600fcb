"""What the README gives to those who build the other side has to work as it stands there."""

from __future__ import annotations

import itertools
import re
import subprocess
from pathlib import Path

import pytest
import requests

import connectors.generic
from connectors.generic.settings import WriteBack
from tests.connectors.generic.sandbox.served import KIND, Served
from tests.served import DEADLINE_S

README = Path(connectors.generic.__file__).with_name("README.md").read_text(encoding="utf-8")
BLOCKS = [block for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "call" in block]


def called(erp: Served, script: str) -> list[requests.Response]:
    """Run a script with the README's function, and send what it gives to curl."""
    facts = erp.settings["write_back"]
    tool = BLOCKS[0].replace("http://127.0.0.1:8090/dingbridge", facts["url"])
    tool = tool.replace("an-example-key-of-32-characters!", facts["key"])
    stub = "curl() { printf '%s\\0' \"$@\"; printf '\\0'; }\n"
    shown = subprocess.run(["bash", "-euc", stub + tool + script], capture_output=True, check=True, timeout=20)  # noqa: S607 - as in README
    return [send(calls.decode().split("\0")) for calls in shown.stdout.removesuffix(b"\0\0").split(b"\0\0")]


def send(given: list[str]) -> requests.Response:
    options = list(itertools.pairwise(given))
    headers = dict(value.split(": ", 1) for name, value in options if name == "-H")
    (method,) = (value for name, value in options if name == "-X")
    body = next((value for name, value in options if name == "--data-binary"), "")
    address = next(each for each in given if each.startswith("http"))
    return requests.request(method, address, headers=headers, data=body.encode(), timeout=DEADLINE_S)


def test_the_shell_s_calls_are_answered(erp: Served) -> None:
    for _change in range(2):
        erp.change(note="so that it has version 3")
    script = "\n".join(block for block in BLOCKS[1:])
    read, act, looked_up, may, sees = called(erp, script)
    assert read.json()["revision"] == 3
    assert act.status_code == 200, act.text
    assert looked_up.content == act.content
    assert may.json() == {"allowed": True}
    assert set(sees.json()) == {"501", "502"}
    assert erp.call("GET", f"/{KIND}/501").json()["request"]["comment"] == "fine"
    assert erp.writes() == 1


@pytest.mark.parametrize("name", WriteBack.model_fields)
def test_each_setting_stands_there(name: str) -> None:
    assert re.search(rf"\| `[^|]*\.{name}`", README)
