"""A source that only receives, without settings for single kinds."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.contract import Connector, Receives


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    secret: SecretStr
    keys: tuple[Annotated[SecretStr, Field(min_length=4)], ...] = ()
    algorithm: str = "sha256"


CONNECTOR = Connector(
    name="told",
    title="Told",
    settings=Settings,
    build=lambda _name, settings, _services: settings,
    fulfils=frozenset({Receives}),
)
