"""`dingbridge init --from`: what is copied passes its own cases, and check asks for the secrets and for nothing else."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from config import starting
from tests.config.starting.copies import CRMS, ENVIRON, ERPS
from worker.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def bridge(tmp_path: Path) -> Path:
    return tmp_path / "config" / "bridge.yaml"


@pytest.fixture
def run(bridge: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    for name in ENVIRON:
        monkeypatch.delenv(name, raising=False)

    def once(*command: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["dingbridge", *command, "--config", str(bridge)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return once


def chosen(*names: str) -> list[str]:
    return ["init", *(word for name in names for word in ("--from", name))]


def fill_in(bridge: Path) -> None:
    """Do what the command says: a value for each secret, a key in each file."""
    secrets = bridge.with_suffix(".env")
    lines = secrets.read_text("utf-8").splitlines()
    filled = [line + ENVIRON[line.removesuffix("=")] if line.endswith("=") else line for line in lines]
    secrets.write_text("\n".join(filled) + "\n", "utf-8")
    for key in ("netsuite.pem", "salesforce.pem"):
        (bridge.parent / starting.SYSTEMS / key).write_text("a private key", "utf-8")


TWO = [f"{crm}+{erp}" for crm in CRMS for erp in ERPS]


@pytest.mark.parametrize("systems", [*starting.names(), *TWO, "+".join(starting.names())])
def test_what_is_copied_passes_its_cases_and_the_check(systems: str, run: Run, bridge: Path) -> None:
    code, _, err = run(*chosen(*systems.split("+")))
    assert code == 0, err
    code, told, _ = run("test", "--json")
    answer = json.loads(told)
    assert (code, answer["failed"], answer["routes_never_told"]) == (0, 0, [])
    assert len({case["file"] for case in answer["cases"]}) == len(starting.files(systems.split("+"))) / 2
    fill_in(bridge)
    code, told, _ = run("check")
    assert (code, told.endswith("no problems.\n")) == (0, True), told


def test_the_secrets_that_are_missing_are_named_and_their_file_is_for_this_user_alone(run: Run, bridge: Path) -> None:
    _, told, _ = run(*chosen("netsuite", "zoho"))
    assert "DINGTALK_SECRET, NETSUITE_PUSH_KEY, ZOHO_CLIENT_SECRET, ZOHO_REFRESH_TOKEN" in told
    assert f"A private key goes into {bridge.parent / 'systems' / 'netsuite.pem'}" in told
    secrets = bridge.with_suffix(".env")
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert secrets.read_text("utf-8").splitlines()[1:] == [
        "DINGTALK_SECRET=",
        "NETSUITE_PUSH_KEY=",
        "ZOHO_CLIENT_SECRET=",
        "ZOHO_REFRESH_TOKEN=",
    ]
    code, told, _ = run("check")
    assert code == 1
    assert all("is empty" in line or "cannot be read" in line for line in told.splitlines())


def test_a_second_system_comes_beside_the_first_and_leaves_what_was_changed(run: Run, bridge: Path) -> None:
    assert run(*chosen("salesforce"))[0] == 0
    for path in (bridge, bridge.parent / "systems" / "salesforce.yaml"):
        path.write_text(path.read_text("utf-8") + "# ours\n", "utf-8")
    bridge.with_suffix(".env").write_text("DINGTALK_SECRET=known\nSALESFORCE_SECRET=known", "utf-8")
    code, told, err = run(*chosen("netsuite"))
    assert code == 0, err
    assert [Path(line.split()[-1]).name for line in told.splitlines() if line.startswith("Wrote")] == [
        *["netsuite.yaml"] * 2,
        *["salesforce+netsuite.yaml"] * 2,
    ]
    assert bridge.read_text("utf-8").endswith("# ours\n")
    assert (bridge.parent / "systems" / "salesforce.yaml").read_text("utf-8").endswith("# ours\n")
    assert bridge.with_suffix(".env").read_text("utf-8").splitlines() == [
        "DINGTALK_SECRET=known",
        "SALESFORCE_SECRET=known",
        "NETSUITE_PUSH_KEY=",
    ]
    assert run("test")[0] == 0


def test_nothing_is_overwritten_unless_it_is_asked_for(run: Run, bridge: Path) -> None:
    assert run(*chosen("shop"))[0] == 0
    shop = bridge.parent / "systems" / "shop.yaml"
    shop.write_text("changed", "utf-8")
    code, _, err = run(*chosen("shop"))
    assert (code, str(shop) in err, "--force" in err, shop.read_text("utf-8")) == (2, True, True, "changed")
    assert run(*chosen("shop"), "--force")[0] == 0
    assert shop.read_text("utf-8") == starting.text(Path("systems/shop.yaml"))


def test_a_bridge_file_that_includes_no_systems_stays(run: Run, bridge: Path) -> None:
    bridge.parent.mkdir()
    bridge.write_text("version: 1\n", "utf-8")
    code, _, err = run(*chosen("shop"))
    assert (code, f"{bridge} is there already" in err) == (2, True)
    assert [path.name for path in bridge.parent.iterdir()] == ["bridge.yaml"]


def test_a_bridge_file_that_lacks_a_destination_is_told_so(run: Run, bridge: Path) -> None:
    assert run(*chosen("shop"))[0] == 0
    bridge.write_text(bridge.read_text("utf-8").replace("  accounts:\n", "  ledgers:\n"), "utf-8")
    code, _, err = run(*chosen("zoho"))
    assert (code, "the files were copied" in err, "'accounts'" in err) == (1, True, True), err


def test_the_systems_are_listed_and_a_misspelt_one_is_told_which_there_are(run: Run, bridge: Path) -> None:
    code, told, _ = run("init", "--list")
    assert (code, [line.split()[0] for line in told.splitlines()]) == (0, ["system", *starting.names()])
    assert "Deals, Quotes, Sales_Orders" in told
    code, _, err = run(*chosen("salesfroce"))
    assert (code, ", ".join(starting.names()) in err) == (2, True)
    assert run("init", "--list", "--answers", "given.yaml")[0] == 2
    assert not bridge.parent.exists()
