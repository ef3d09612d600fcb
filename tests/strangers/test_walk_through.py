"""The page that shows how a connector is added, done word for word in a folder of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes.process import ROOT, environment, run

PAGE = (ROOT / "docs" / "add-a-connector.md").read_text()
FILES = dict(re.findall(r"`(\S+)`:\n\n```\w+\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def path_of(folder: Path) -> dict[str, str]:
    known = environment(EBS_TOKEN="t" * 20, HOOK="https://oapi.dingtalk.com/robot/send?access_token=" + "a" * 64)
    return {**known, "PYTHONPATH": f"{folder}:{ROOT}", "DINGBRIDGE_CONFIG": str(folder / "bridge.yaml")}


def test_the_page_is_short_and_has_its_files() -> None:
    assert len(PAGE.splitlines()) < 150
    assert set(FILES) == {"acme_bridge/oracle_ebs.py", "test_oracle_ebs.py", "bridge.yaml"}


def test_the_contract_passes_in_its_own_test_run(stranger: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(stranger), "-rA"],
        cwd=stranger,
        env=path_of(stranger),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_contract[check_pulls_end_and_resume]" in done.stdout


def test_the_bridge_file_is_well_and_a_wrong_setting_of_the_stranger_is_found(stranger: Path) -> None:
    assert run(["check"], path_of(stranger)).stdout.endswith("no problems.\n")
    bridge = stranger / "bridge.yaml"
    bridge.write_text(bridge.read_text().replace("url:", "uri:"))
    wrong = run(["check"], path_of(stranger))
    assert wrong.returncode == 1
    assert "'uri' is no key here: did you mean 'url'?" in wrong.stdout


def test_a_module_that_is_not_there_is_named(stranger: Path) -> None:
    missing = run(["check"], {**path_of(stranger), "PYTHONPATH": str(ROOT)})
    assert missing.returncode == 1
    assert "the module 'acme_bridge.oracle_ebs' cannot be imported" in missing.stdout
