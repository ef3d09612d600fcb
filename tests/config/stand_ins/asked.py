"""A source that is pulled, with settings for each kind and secrets at several depths."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

from connectors.contract import Connector, Lists, Pulls, Reads
from connectors.settings_types import Duration


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Password(_Strict):
    user: str
    password: SecretStr


class Key(_Strict):
    private_key: SecretStr

    @field_validator("private_key")
    @classmethod
    def _pem(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith("-----BEGIN"):
            # A careless validator: it shows what it was given.
            raise ValueError(f"'{value.get_secret_value()}' is no PEM text")
        return value


class KindSettings(_Strict):
    fields: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Za-z]\w*(\.\w+)*$")], ...]
    number: str
    start: AwareDatetime | None = None


class Settings(_Strict):
    url: str
    auth: Password | Key
    kinds: Mapping[str, KindSettings]
    page_size: int = Field(default=1000, ge=1)
    overlap: Duration = timedelta(minutes=15)
    tags: frozenset[str] = frozenset()


CONNECTOR = Connector(
    name="asked",
    title="Asked",
    settings=Settings,
    build=lambda _name, settings, _services: settings,
    fulfils=frozenset({Lists, Pulls, Reads}),
)
