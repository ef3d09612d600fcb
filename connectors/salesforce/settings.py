"""The settings of a Salesforce source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from connectors.settings_types import Duration, LoopbackOrHttps

# Names go into query text, so they are held to the vendor's own alphabet.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]\w*$", max_length=120)]
Path = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]\w*(\.[A-Za-z]\w*){0,5}$", max_length=400)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ClientCredentials(_Settings):
    """An external client app that acts as its run-as user."""

    client_id: str = Field(min_length=1, description="Consumer key of the app.")
    client_secret: SecretStr = Field(min_length=1, description="Consumer secret of the app.")


class Signer(_Settings):
    """An app whose certificate stands for pre-authorised users."""

    client_id: str = Field(min_length=1, description="Consumer key of the app.")
    private_key: SecretStr = Field(min_length=1, description="RSA private key in PEM form, without a passphrase.")
    audience: LoopbackOrHttps = Field(
        default="https://login.salesforce.com",
        description="https://login.salesforce.com, or https://test.salesforce.com for a sandbox org.",
    )


class JwtBearer(Signer):
    """An app whose certificate stands for a pre-authorised user."""

    username: str = Field(min_length=1, description="User name of the integration user.")


class RefreshToken(_Settings):
    """An app that a person once approved for the integration user."""

    client_id: str = Field(min_length=1, description="Consumer key of the app.")
    client_secret: SecretStr | None = Field(default=None, description="Consumer secret, where the app requires it.")
    refresh_token: SecretStr = Field(
        min_length=1,
        description="The token that the approval gave. Where the app rotates it, later ones are kept in the ledger; "
        "another one written here begins anew.",
    )


class Auth(_Settings):
    """How a token is got: exactly one of the three."""

    client_credentials: ClientCredentials | None = Field(default=None, description="Key and secret of an app.")
    jwt: JwtBearer | None = Field(default=None, description="A signed assertion for a user.")
    refresh: RefreshToken | None = Field(default=None, description="A refresh token, rotating or not.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(way is not None for way in (self.client_credentials, self.jwt, self.refresh)) != 1:
            raise ValueError("give exactly one of client_credentials, jwt and refresh")
        return self


class Push(_Settings):
    """Outbound Messages of the org, sent to /hooks/SOURCE?key=KEY."""

    organization: str = Field(pattern=r"^00D[0-9A-Za-z]{12}([0-9A-Za-z]{3})?$", description="Id of the org: 00D….")
    key: SecretStr = Field(min_length=16, description="The secret at the end of the endpoint's address.")


class Kind(_Settings):
    """One object that is read."""

    fields: tuple[Path, ...] = Field(
        min_length=1,
        description="Paths of the fields to read: Amount, StageName, Owner.Name, Account.Name.",
    )
    number: Name = Field(description="Field that holds what people call a record: OrderNumber, CaseNumber, Name.")
    deletions: bool = Field(default=True, description="Tell of records that were deleted.")
    start: AwareDatetime | None = Field(
        default=None, description="Read only what changed at or after this time. Without it: everything, silently."
    )


class SalesforceSettings(_Settings):
    """A Salesforce org as one integration user sees it."""

    url: LoopbackOrHttps = Field(description="My Domain address of the org: https://example.my.salesforce.com.")
    auth: Auth = Field(description="How a token is got.")
    acting: Signer | None = Field(
        default=None,
        description="The app that signs for each person who decides in a chat. Without it: the one of `auth.jwt`; where "
        "there is none, nothing is written.",
    )
    push: Push | None = Field(default=None, description="What proves an Outbound Message. Without it: none is taken.")
    api_version: str = Field(default="62.0", pattern=r"^\d{2,3}\.0$", description="Version of the REST API.")
    kinds: Mapping[Name, Kind] = Field(min_length=1, description="What is read, by object name.")
    overlap: Duration = Field(
        default=timedelta(minutes=15),
        description="How far each round reads back where the vendor does not tell how far it is complete: objects that "
        "are not replicated, and the first round.",
    )
    settle: Duration = Field(
        default=timedelta(seconds=120),
        description="The youngest stretch of time, which is then read but not yet counted as read.",
    )
    page_size: int = Field(default=2000, ge=1, le=2000, description="Rows asked for in one call.")
    share: int = Field(
        default=40, ge=1, le=100, description="Percent of the org's calls of 24 hours that the bridge never exceeds."
    )
    long_calls: int = Field(
        default=5,
        ge=1,
        le=25,
        description="Calls at once. The org has 25 places for calls over 20 s, 5 in a developer org, and any may be one.",
    )
    session_lifetime: Duration = Field(
        default=timedelta(minutes=10),
        gt=timedelta(0),
        description="How long a token is used. The vendor does not tell it; keep it below the org's session timeout.",
    )
    describe_age: Duration = Field(
        default=timedelta(hours=1), description="How long an object's field list is used before it is read again."
    )
    connect_timeout: Duration = Field(
        default=timedelta(seconds=10), gt=timedelta(0), description="Longest wait for a connection."
    )
    read_timeout: Duration = Field(
        default=timedelta(seconds=130),
        gt=timedelta(0),
        description="Longest silence while an answer is awaited; the vendor ends a query after 120 s.",
    )

    @field_validator("url")
    @classmethod
    def _my_domain(cls, value: str) -> str:
        url = urlsplit(value)
        if url.path:
            raise ValueError("give the address of the org alone, without a path")
        if (url.hostname or "").endswith(".lightning.force.com"):
            # The API refuses tokens at this host as if the session had expired.
            raise ValueError("give the My Domain address (….my.salesforce.com), not the one of the Lightning pages")
        return value

    @property
    def host(self) -> str:
        """Host of the org, with its port where it is not the usual one: the stable part of budget keys."""
        return urlsplit(self.url).netloc.lower()

    @property
    def calls_key(self) -> str:
        """Key of the budget that every call to this org uses."""
        return f"salesforce:{self.host}:calls"

    @property
    def daily_key(self) -> str:
        """Key under which the org's rolling 24-hour quota is observed."""
        return f"salesforce:{self.host}:daily"

    @property
    def timeout(self) -> tuple[float, float]:
        """(connect, read) in seconds."""
        return self.connect_timeout.total_seconds(), self.read_timeout.total_seconds()
