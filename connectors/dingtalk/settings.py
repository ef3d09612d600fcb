"""The settings of a DingTalk custom group robot."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.dingtalk.app.editions import Edition, fingerprint
from connectors.settings_types import Duration, is_loopback
from connectors.transport import checked_url

HOSTS = frozenset({"oapi.dingtalk.com", "oapi.dingtalk.io"})
_NOTHING = timedelta(0)
# A wrong webhook must not be shown by the error that refuses it: it holds the token.
STRICT = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Quota(BaseModel):
    """What DingTalk lets this robot send.

    https://open.dingtalk.com/document/development/custom-robots-send-group-messages
    """

    model_config = STRICT

    limit: int = Field(default=20, ge=1, description="Messages that the robot may send in one window.")
    window: Duration = Field(default=timedelta(seconds=60), gt=_NOTHING, description="Length of the window.")
    block: Duration = Field(
        default=timedelta(minutes=10),
        ge=_NOTHING,
        description="How long DingTalk refuses everything after the limit was passed.",
    )


class Timeouts(BaseModel):
    """How long one send may take; both together are the total."""

    model_config = STRICT

    connect: Duration = Field(
        default=timedelta(seconds=3), gt=_NOTHING, description="For the name, the connection and TLS."
    )
    read: Duration = Field(default=timedelta(seconds=10), gt=_NOTHING, description="For the whole answer.")


class RobotSettings(BaseModel):
    """One custom robot in one group.

    https://open.dingtalk.com/document/dingstart/customize-robot-security-settings
    """

    model_config = STRICT

    kind: Literal["robot"] = Field(description="The custom robot of one group, reached by its webhook.")
    webhook: SecretStr = Field(
        description="The whole webhook as DingTalk shows it, with its access_token.",
        examples=["https://oapi.dingtalk.com/robot/send?access_token=..."],
    )
    secret: SecretStr | None = Field(
        default=None, description="The secret of the security setting 'Sign' (begins with SEC)."
    )
    keyword: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="One keyword of the security setting 'Custom keywords'; added to messages that lack it.",
    )
    quota: Quota = Field(default=Quota(), description="What DingTalk lets this robot send.")
    edition: Edition | None = Field(
        default=None,
        description="The organisation's edition: then its pushes in a month are counted. Without it they are not.",
    )
    pushes_a_month: int | None = Field(
        default=None, ge=1, description="Pushes that the organisation has in a month, where it bought others."
    )
    corp_id: str | None = Field(
        default=None,
        min_length=1,
        description="The organisation's CorpId; robots that name none are taken for one organisation's.",
    )
    idempotency: bool = Field(
        default=True, description="Send msgUuid, so that a message that is sent again appears once."
    )
    timeouts: Timeouts = Field(default=Timeouts(), description="How long one send may take.")

    @field_validator("webhook")
    @classmethod
    def _is_webhook(cls, value: SecretStr) -> SecretStr:
        parts = urlsplit(checked_url(value.get_secret_value()))
        host = parts.hostname or ""
        if host not in HOSTS and not is_loopback(host):
            raise ValueError("the webhook's host must be oapi.dingtalk.com or oapi.dingtalk.io")
        if parts.path != "/robot/send" or len(parse_qs(parts.query).get("access_token", ())) != 1:
            raise ValueError("the webhook must end in /robot/send?access_token=...: copy it whole from the robot")
        return value

    @field_validator("secret")
    @classmethod
    def _is_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().strip():
            raise ValueError("the secret is empty: copy it from the robot, or leave the setting out")
        return value

    @model_validator(mode="after")
    def _has_edition(self) -> Self:
        if self.edition is None and (self.pushes_a_month or self.corp_id):
            raise ValueError("`pushes_a_month` and `corp_id` count only with an `edition`")
        return self

    @property
    def company(self) -> str:
        """A short stable name of the organisation."""
        parts = urlsplit(self.address)
        host = parts.hostname or ""
        site = f"{parts.scheme}://{parts.netloc}" if is_loopback(host) else host.removeprefix("oapi.")
        return fingerprint(site, self.corp_id or "")

    @property
    def token(self) -> str:
        """The access_token of the webhook, decoded."""
        return parse_qs(urlsplit(self.webhook.get_secret_value()).query)["access_token"][0]

    @property
    def address(self) -> str:
        """The webhook without its query."""
        return self.webhook.get_secret_value().partition("?")[0]
