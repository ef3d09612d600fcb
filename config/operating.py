"""Where faults are told: the entry `operators` and the ways beside a destination."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from config.entry import DestinationName, Entry, at
from config.values import Clock, Filled, Listed, MailAddress, Span, Unique, Zone
from connectors.settings_types import LoopbackOrHttps, is_loopback


class SmtpEntry(Entry):
    """A mail server by which operators are told."""

    host: Filled = Field(description="The server's name.")
    port: int = Field(ge=1, le=65535, description="Its port: 587 with `starttls`, 465 with `tls`.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the connection is protected; `none` for this machine only."
    )
    user: Filled | None = Field(default=None, description="The account, where the server asks for one.")
    password: SecretStr | None = Field(default=None, description="Its password.")
    from_: MailAddress = Field(alias="from", description="Who the mail is from.")
    to: Annotated[tuple[MailAddress, ...], Listed, Unique] = Field(
        min_length=1, description="Who gets it: an address, or a list of them."
    )

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if self.security == "none" and not is_loopback(self.host):
            raise at("mail to another machine needs starttls or tls", "security")
        if (self.user is None) != (self.password is None):
            raise at("give both user and password, or neither", "password" if self.user is None else "user")
        return self


class WebhookEntry(Entry):
    """An address that operators' messages are posted to as signed JSON."""

    url: LoopbackOrHttps = Field(description="Where it is posted to: https, or http on this machine.")
    secret: SecretStr = Field(
        description="Key of the signature: `X-Dingbridge-Signature: sha256=` and the HMAC-SHA256, in hex, of "
        "the header `X-Dingbridge-Timestamp`, a dot and the body."
    )


class OperatorsEntry(Entry):
    """Where faults are told. Each way is tried by itself: one that fails stops no other."""

    destination: DestinationName | None = Field(default=None, description="A destination that is told.")
    smtp: SmtpEntry | None = Field(default=None, description="A mail server.")
    webhook: WebhookEntry | None = Field(default=None, description="An address that takes signed JSON.")
    zone: Zone = Field(default="UTC", description="In which zone the sign of life is due and times are written.")
    sign_of_life: Clock | None = Field(
        default=None, description="When a message says each day that all this works. Without it: never."
    )
    repeat: Span = Field(default=timedelta(hours=1), description="How often a fault is told while it lasts.")
    waiting: Span = Field(
        default=timedelta(minutes=30),
        description="How long a fact may wait, undecided or unsent, before it is a fault.",
    )
    held: Span = Field(
        default=timedelta(hours=24), description="How long a held fact may wait for a person before it is a fault."
    )
    lapse: Span = Field(
        default=timedelta(days=7), description="How long before its last day an attestation is told to lapse."
    )

    @model_validator(mode="after")
    def _told(self) -> Self:
        if self.destination is None and self.smtp is None and self.webhook is None:
            raise ValueError("name at least one way: destination, smtp or webhook")
        return self
