"""Process settings: what differs between machines, read from the environment."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from connectors.settings_types import LoopbackOrHttps

_KEY_BYTES = 32


def _ledger(values: dict[str, Any]) -> str:
    return f"sqlite:///{Path(values['state_dir']).absolute() / 'ledger.sqlite3'}"


def _broker(values: dict[str, Any]) -> str:
    return f"unix://{Path(values['state_dir']).absolute() / 'broker.sock'}"


class Settings(BaseSettings):
    """What a process needs to start. Names are prefixed with DINGBRIDGE_, but for DATABASE_URL and REDIS_URL."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True,
        env_prefix="DINGBRIDGE_",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        validate_by_name=True,
    )

    config: Path = Field(default=Path("config/bridge.yaml"), description="The bridge file.")
    state_dir: Path = Field(
        default=Path("var"),
        description="Folder of the ledger, the private broker and the key when nothing else is set.",
    )
    relay_host: str = Field(default="127.0.0.1", description="Address that the relay listens on.")
    relay_port: int = Field(
        default=8480, ge=0, le=65535, description="Port that the relay listens on; 0 takes a free one."
    )
    public_url: LoopbackOrHttps | None = Field(
        default=None,
        description="Address at which vendors reach the relay, without `/hooks`. Only for sources with `push`.",
    )
    database_url: str = Field(
        default_factory=_ledger,
        validation_alias="DATABASE_URL",
        repr=False,
        description="The ledger, as an SQLAlchemy URL. Without it: SQLite in `state_dir`.",
    )
    redis_url: str = Field(
        default_factory=_broker,
        validation_alias="REDIS_URL",
        repr=False,
        description="The broker, as a redis-py URL. Without it: a private Valkey on a socket in `state_dir`.",
    )
    master_key: SecretStr | None = Field(
        default=None,
        description="Key that seals what the ledger holds: 32 bytes in base64. Without it: `master.key` in `state_dir`.",
    )
    sender_threads: int = Field(
        default=8, ge=1, le=256, description="Requests to channels under way at once, a process."
    )
    batch: int = Field(default=64, ge=1, le=1000, description="Rows that one task claims.")
    lease_s: float = Field(
        default=30.0,
        ge=20.0,
        description="Seconds after which work of a process that died is taken over; from 20, because no request is "
        "begun in the last 15 of them.",
    )
    readers_s: float = Field(
        default=60.0,
        ge=1.0,
        description="Seconds after which the members of a group are asked for again before a message shows more than the "
        "class public. Joins and leaves that the channel tells of count at once.",
    )
    tick_s: float = Field(default=1.0, gt=0, description="Seconds between two looks at what is due.")
    max_backlog: int = Field(
        default=100_000, ge=1, description="Undecided records above which pushes are answered with the overload reply."
    )
    backlog_age_s: float = Field(
        default=900.0,
        gt=0,
        description="Age in seconds of the oldest undecided record above which the same is answered.",
    )
    monitor_s: float = Field(default=30.0, gt=0, description="Seconds between two looks for faults.")
    drain_s: float = Field(
        default=1.0,
        ge=0,
        description="Seconds for which a relay that was told to stop still answers new pushes, with 503 and "
        "`connection: close`.",
    )
    metrics_token: SecretStr | None = Field(
        default=None, description="Bearer token of `/metrics`. Without it: only this machine is answered."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="What is logged.")
    log_json: bool = Field(default=True, description="Log lines as JSON, or as text for a person.")

    @field_validator("master_key")
    @classmethod
    def _whole_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and _decoded_size(value.get_secret_value()) != _KEY_BYTES:
            raise ValueError(f"the master key must be {_KEY_BYTES} bytes in base64")
        return value

    @property
    def key_file(self) -> Path:
        """Where the master key lies when the environment does not hold it."""
        return self.state_dir / "master.key"


def _decoded_size(text: str) -> int:
    try:
        return len(base64.b64decode(text, validate=True))
    except ValueError:
        return 0
