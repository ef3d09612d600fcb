from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import Settings
from tests.deploy.units import PROGRAM, UNITS, Unit, compose, services, unit, units
from tests.e2e.test_backup import BRIDGE
from tests.processes.installation import listens, robots, sandbox, until
from tests.processes.machines import machines
from tests.processes.process import ROOT, Process, environment, free_port
from tests.processes.sender import KEY, ask, event, request

NAMES = ["dingbridge-relay.service", "dingbridge-scheduler.service", "dingbridge-worker@.service", "dingbridge.service"]
KNOWN = {str(field.validation_alias or f"DINGBRIDGE_{name.upper()}") for name, field in Settings.model_fields.items()}
ORDER = "ORDER-1042-X"
SUPERVISED_STOP_S, PROCESSES = 20, 3


def systemd_form() -> list[list[str]]:
    relay, worker, scheduler = (
        unit(name).commands()
        for name in ("dingbridge-relay.service", "dingbridge-worker@.service", "dingbridge-scheduler.service")
    )
    assert relay[0] == worker[0] == scheduler[0]
    return [relay[0], relay[1], worker[1], scheduler[1]]


def compose_form() -> list[list[str]]:
    return [services()[name]["command"] for name in ("upgrade", "relay", "worker-1", "worker-2", "scheduler")]


def test_every_unit_stands_here() -> None:
    assert [each.name for each in units()] == NAMES
    assert [each.commands()[-1][0] for each in units()] == ["relay", "scheduler", "worker", "up"]


@pytest.mark.parametrize("each", units(), ids=NAMES)
def test_a_unit_is_confined_and_comes_back(each: Unit) -> None:
    assert set(each.sections) == {"Unit", "Service", "Install"}
    assert each.sections["Unit"]["StartLimitIntervalSec"] == ["0"]
    for key, value in {
        "User": "dingbridge",
        "StateDirectory": "dingbridge",
        "StateDirectoryMode": "0700",
        "UMask": "0077",
        "EnvironmentFile": "/etc/dingbridge/environment",
        "Restart": "always",
        "KillSignal": "SIGTERM",
        "KillMode": "mixed",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "SystemCallFilter": "@system-service",
    }.items():
        assert each.only(key) == value
    assert int(each.only("TimeoutStopSec")) >= 20


def test_the_supervisor_has_time_to_end_each_of_its_processes() -> None:
    assert int(unit("dingbridge.service").only("TimeoutStopSec")) > SUPERVISED_STOP_S * PROCESSES


def test_every_setting_that_is_given_is_one_of_the_program() -> None:
    given = {line.partition("=")[0] for each in units() for line in each.service["Environment"]}
    given |= {name for service in services().values() for name in service["environment"]}
    commented = re.findall(r"^#([A-Z_]+)=", (UNITS / "environment.example").read_text("utf-8"), re.MULTILINE)
    assert given | set(commented) <= KNOWN
    assert {"DATABASE_URL", "REDIS_URL", "DINGBRIDGE_MASTER_KEY", "DINGBRIDGE_STATE_DIR"} <= given


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    copies = []
    for each in units():
        copy = tmp_path / each.name.replace("@.", "@1.")
        # the program is looked for; here it lies elsewhere
        copy.write_text((UNITS / each.name).read_text("utf-8").replace(PROGRAM, "/bin/true"))
        copies.append(str(copy))
    tool = shutil.which("systemd-analyze")
    if tool is not None:
        done = subprocess.run(
            [tool, "verify", "--man=no", *copies], capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
    assert all(each.commands() for each in units())


def test_the_containers_have_time_to_end_and_nothing_to_write_to() -> None:
    for name, service in services().items():
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"] is True
        if name != "upgrade":
            assert int(service["stop_grace_period"].removesuffix("s")) >= 20
    published = [port for service in compose()["services"].values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8480:8480"]


def test_nothing_claims_an_image() -> None:
    said = (ROOT / "deploy" / "README.md").read_text("utf-8")
    assert "**No image is published, and none was built.**" in said


@pytest.mark.parametrize("form", [systemd_form, compose_form], ids=["systemd", "compose"])
def test_an_event_goes_through_the_processes_of_the_files(tmp_path: Path, form: Callable[[], list[list[str]]]) -> None:
    with machines(tmp_path, BRIDGE, form(), DINGBRIDGE_TICK_S="0.2") as parts:
        parts.start()
        assert ask(parts.port, [request(event("order", ORDER, 1, buyer="Harbour"))])[0][0] == 200
        parts.await_settled(40)
        assert sum(row["text"].count(ORDER) for row in parts.sink.messages()) == 1
        assert all(process.running.poll() is None for process in parts.processes)


def test_an_event_goes_through_the_unit_of_one_machine(tmp_path: Path) -> None:
    (arguments,) = unit("dingbridge.service").commands()
    (tmp_path / "bridge.yaml").write_text(BRIDGE)
    port = free_port()
    with sandbox(tmp_path) as sink:
        known = environment(
            SHOP_KEY=KEY,
            DINGBRIDGE_STATE_DIR=str(tmp_path / "state"),
            DINGBRIDGE_CONFIG=str(tmp_path / "bridge.yaml"),
            DINGBRIDGE_RELAY_PORT=str(port),
            **robots(sink),
        )
        process = Process("up", arguments, known, tmp_path)
        process.start()
        try:
            until(lambda: listens(port), "the relay listens", 40)
            assert ask(port, [request(event("order", ORDER, 1, buyer="Harbour"))])[0][0] == 200
            until(lambda: ORDER in "".join(row["text"] for row in sink.messages()), "the chat shows it", 30)
        finally:
            process.stop()
