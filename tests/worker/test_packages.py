"""The four packages are ours, and what is installed is whole."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("config", "connectors", "pipelines", "worker")


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_is_imported_from_this_repository(name: str) -> None:
    # the public index has distributions named config and worker
    assert Path(str(import_module(name).__file__)).parent == ROOT / name


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", str(folder), str(ROOT)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as opened:
        yield opened


def files() -> set[str]:
    """Return the files of the four packages."""
    found = (path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.is_file())
    return {str(path.relative_to(ROOT)) for path in found if "__pycache__" not in path.parts}


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert files() <= names
    assert {name.split("/")[0] for name in names} == set(PACKAGES)


@pytest.mark.parametrize(
    "name",
    [
        "worker/limiter.lua",
        "worker/ledger/migrations/env.py",
        "worker/ledger/migrations/script.py.mako",
        "worker/ledger/migrations/versions/0001_arrivals.py",
        "config/bridge.example.yaml",
        "pipelines/locales/zh_Hant/LC_MESSAGES/dingbridge.mo",
        "pipelines/locales/zh_Hant/LC_MESSAGES/dingbridge.po",
        "connectors/dingtalk/sandbox/templates/",
        "connectors/dingtalk/sandbox/assets/",
    ],
)
def test_the_wheel_holds_what_is_no_python(wheel: zipfile.ZipFile, name: str) -> None:
    assert any(each.startswith(name) and wheel.read(each) for each in wheel.namelist())


def test_the_command_is_installed(wheel: zipfile.ZipFile) -> None:
    (entry_points,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "dingbridge = worker.cli:main" in wheel.read(entry_points).decode()
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert declared == {"dingbridge": "worker.cli:main"}


@pytest.mark.parametrize(
    ("mark", "folder"), [("browser", "connectors/dingtalk/sandbox/page"), ("clients", "clients"), ("faults", "faults")]
)
def test_what_runs_apart_stands_where_make_looks_for_it(mark: str, folder: str) -> None:
    tests = ROOT / "tests"
    marked = [path for path in tests.rglob("test_*.py") if f"pytest.mark.{mark}" in path.read_text("utf-8")]
    apart = [path for path in marked if path != Path(__file__)]
    assert apart
    assert [path for path in apart if not path.is_relative_to(tests / folder)] == []
