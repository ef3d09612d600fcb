"""A channel that messages go into."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, SecretStr

from connectors.contract import Connector, Delivers


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    token: SecretStr
    headers: Mapping[str, SecretStr] = {}
    per_minute: int = 20


CONNECTOR = Connector(
    name="chat",
    title="Chat",
    settings=Settings,
    build=lambda _name, settings, _services: settings,
    fulfils=frozenset({Delivers}),
)
