from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

GOLDEN = Path(__file__).parent / "golden"


class Write(Protocol):
    def __call__(self, *changes: tuple[str, str]) -> Path: ...


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write the sound file with some of its text replaced; its folder becomes the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("shop.secret").write_text("shop-secret-1\n")

    def written(*changes: tuple[str, str]) -> Path:
        text = (GOLDEN / "sound.yaml").read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = Path("bridge.yaml")
        path.write_bytes(text.encode())
        return path

    return written
