from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
ENVIRON = {"CRM_PASSWORD": "crm-password-1", "CHAT_TOKEN": "chat-token-1"}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write the sound file with replacements into an empty folder, which becomes the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.secret").write_text("shop-secret-1\n")

    def written(*changes: tuple[str, str], name: str = "bridge.yaml") -> Path:
        text = (GOLDEN / "sound.yaml").read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        Path(name).write_text(text)
        return Path(name)

    return written
