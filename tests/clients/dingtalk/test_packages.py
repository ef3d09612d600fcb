"""What is installed for these clients."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.clients

HERE = Path(__file__).parent


@pytest.mark.parametrize("lock", ["requirements.txt", "build.txt"])
def test_packages_in_python_are_pinned_by_hash_and_name_no_registry(lock: str) -> None:
    lines = (HERE / "in_python" / lock).read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("    --hash=sha256:") or "==" in line for line in lines)
    assert "://" not in "".join(lines)


def test_packages_in_node_are_pinned_by_hash_and_name_no_registry() -> None:
    packages = json.loads((HERE / "in_node" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    others = [package for name, package in packages.items() if name]
    assert all(package["integrity"].startswith("sha512-") for package in others)
    assert not any("resolved" in package for package in others)
