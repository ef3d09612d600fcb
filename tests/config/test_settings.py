"""Process settings come from the environment."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.settings import Settings

KEY = bytes(range(32))


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "DINGBRIDGE_MASTER_KEY", "DINGBRIDGE_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_without_an_environment_everything_stands_in_the_state_folder(tmp_path: Path) -> None:
    settings = Settings()
    assert settings.database_url == f"sqlite:///{tmp_path}/var/ledger.sqlite3"
    assert settings.redis_url == f"unix://{tmp_path}/var/broker.sock"
    assert settings.key_file == Path("var/master.key")
    assert (settings.relay_host, settings.relay_port) == ("127.0.0.1", 8480)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://bridge:pg-password@db/bridge")
    monkeypatch.setenv("REDIS_URL", "redis://:redis-password@broker/0")
    monkeypatch.setenv("DINGBRIDGE_LEASE_S", "22.5")
    monkeypatch.setenv("DINGBRIDGE_LOG_JSON", "false")
    settings = Settings()
    assert settings.database_url == "postgresql+psycopg://bridge:pg-password@db/bridge"
    assert settings.redis_url == "redis://:redis-password@broker/0"
    assert settings.lease_s == 22.5
    assert settings.log_json is False
    assert "password" not in repr(settings)


def test_a_whole_master_key_is_taken_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    text = base64.b64encode(KEY).decode()
    monkeypatch.setenv("DINGBRIDGE_MASTER_KEY", text)
    settings = Settings()
    assert settings.master_key is not None
    assert settings.master_key.get_secret_value() == text
    assert text not in repr(settings)


@pytest.mark.parametrize("text", ["c2hvcnQ=", "no base64!", base64.b64encode(KEY + b"x").decode()])
def test_a_wrong_master_key_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("DINGBRIDGE_MASTER_KEY", text)
    with pytest.raises(ValidationError, match="must be 32 bytes in base64") as caught:
        Settings()
    assert text not in str(caught.value)


def test_a_lease_in_which_nothing_could_be_sent_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DINGBRIDGE_LEASE_S", "15")
    with pytest.raises(ValidationError, match="greater than or equal to 20"):
        Settings()


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DINGBRIDGE_PUBLIC_URL", "")
    assert Settings().public_url is None
