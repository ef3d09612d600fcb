"""The settings of what DingTalk posts to us."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr, field_validator

from connectors.dingtalk.app.settings import Application, Text
from connectors.dingtalk.callbacks.cards import CardDoor, RobotDoor
from connectors.dingtalk.callbacks.doors import Doors
from connectors.dingtalk.callbacks.envelope import Key
from connectors.dingtalk.callbacks.events import EventDoor
from connectors.dingtalk.settings import STRICT


class EventKey(BaseModel):
    """One key of the event subscription.

    https://open.dingtalk.com/document/development/configure-stream-push
    """

    model_config = STRICT

    token: SecretStr = Field(description="The signature token, as in the developer console.")
    aes_key: SecretStr = Field(description="The encryption key (aes_key) of 43 letters and digits.")

    @field_validator("token")
    @classmethod
    def _is_token(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if not (3 <= len(text) <= 32 and text.isascii() and text.isalnum()):
            raise ValueError("the token has 3 to 32 letters and digits: copy it again from the developer console")
        return value

    @field_validator("aes_key")
    @classmethod
    def _is_key(cls, value: SecretStr) -> SecretStr:
        Key.of("", value.get_secret_value())
        return value

    @property
    def key(self) -> Key:
        """The key as it is used."""
        return Key.of(self.token.get_secret_value(), self.aes_key.get_secret_value())


class Callbacks(BaseModel):
    """What DingTalk may post to `/hooks/SOURCE`. Several keys or secrets hold at once while one is changed."""

    model_config = STRICT

    events: tuple[EventKey, ...] = Field(default=(), description="Keys of the event subscription by HTTP.")
    receivers: tuple[Text, ...] = Field(
        default=(),
        description="Other ids that events may be meant for, beside the application's Client ID and CorpId.",
    )
    cards: tuple[SecretStr, ...] = Field(
        default=(), description="The apiSecret of the cards' registered callback address."
    )
    robot: bool = Field(default=False, description="Whether the robot's messages come by HTTP.")
    older_client_secrets: tuple[SecretStr, ...] = Field(
        default=(), description="Client Secrets that still hold while the application's is changed."
    )

    @field_validator("cards", "older_client_secrets")
    @classmethod
    def _are_secrets(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not all(each.get_secret_value().strip() for each in value):
            raise ValueError("a secret is empty: copy it again, or leave it out")
        return value

    def doors(self, application: Application) -> Doors:
        """Return the doors that these settings open."""
        own = {application.client_id, application.corp_id or application.client_id, *self.receivers}
        secrets = (application.client_secret, *self.older_client_secrets)
        return Doors(
            EventDoor(tuple(each.key for each in self.events), frozenset(own)) if self.events else None,
            CardDoor(_raw(self.cards)) if self.cards else None,
            RobotDoor(_raw(secrets)) if self.robot else None,
        )


def _raw(secrets: tuple[SecretStr, ...]) -> tuple[bytes, ...]:
    return tuple(each.get_secret_value().strip().encode() for each in secrets)
