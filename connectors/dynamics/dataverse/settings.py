"""The settings of a Dataverse source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self, TypeAlias
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

from connectors.dynamics.dataverse.push import Webhook
from connectors.dynamics.entra import App, Certificate
from connectors.settings_types import Duration, LoopbackOrHttps, ZoneName

# Names go into query text, so they are held to the vendor's own alphabet.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)]
Path = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$", max_length=200)]

Step: TypeAlias = Mapping[Name, bool | int | str]
"""Columns and the values that they get, as Dataverse itself writes them."""

_CLOUDS: Mapping[str, str] = {
    # https://learn.microsoft.com/power-platform/admin/us-government and .../business-applications-china
    ".dynamics.cn": "https://login.partner.microsoftonline.cn",
    ".microsoftdynamics.us": "https://login.microsoftonline.us",
    ".appsplatform.us": "https://login.microsoftonline.us",
}
_PUBLIC = "https://login.microsoftonline.com"


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class AppCertificate(_Settings):
    """What proves the app instead of a secret."""

    certificate: str = Field(min_length=1, description="The certificate in PEM form, as it is uploaded to the app.")
    private_key: SecretStr = Field(min_length=1, description="Its RSA private key in PEM form, without a passphrase.")


class ActAs(StrEnum):
    """As whom a decision is written.

    https://learn.microsoft.com/power-apps/developer/data-platform/webapi/impersonate-another-user-web-api
    """

    CALLER_OBJECT_ID = "caller_object_id"
    CALLER_ID = "caller_id"
    APPLICATION_USER = "application_user"


class Kind(_Settings):
    """One table that is read."""

    fields: tuple[Path, ...] = Field(
        min_length=1,
        description="Logical names of the columns to read: totalamount, statuscode, customerid; of the rows of a "
        "document as salesorderdetail.quantity.",
    )
    number: Name = Field(description="Column that holds what people call a record: ordernumber, ticketnumber.")
    units: Mapping[Path, Name] = Field(
        default_factory=dict,
        description="Columns that are quantities, with the lookup to their unit, where it is not `quantity…` with uomid.",
    )
    tracking: bool = Field(
        default=True,
        description="Read by change tracking where the table has it. It needs read access to the whole organization; "
        "without it deletions are not told.",
    )
    start: AwareDatetime | None = Field(
        default=None, description="Read only what changed at or after this time. Without it: everything, silently."
    )
    approve: Step = Field(default_factory=dict, description="What approving writes: {statecode: 1, statuscode: 3}.")
    reject: Step = Field(default_factory=dict, description="What rejecting writes.")
    transitions: Mapping[str, Step] = Field(
        default_factory=dict, description="What each further step writes, by the name that decisions call it."
    )
    comment: Name | None = Field(default=None, description="Column that takes the comment of whoever decided.")

    @property
    def lines(self) -> tuple[str, ...]:
        """The tables whose rows belong to a document of this kind."""
        return tuple(dict.fromkeys(path.partition(".")[0] for path in self.fields if "." in path))


class DataverseSettings(_Settings):
    """A Dataverse environment as one application user sees it."""

    url: LoopbackOrHttps = Field(description="Address of the environment: https://example.crm.dynamics.com.")
    tenant: str = Field(pattern=r"^[\w.-]+$", description="Directory (tenant) id or domain in Microsoft Entra ID.")
    client_id: str = Field(min_length=1, description="Application (client) id of the app registration.")
    client_secret: SecretStr | None = Field(default=None, min_length=1, description="Value of the app's client secret.")
    certificate: AppCertificate | None = Field(default=None, description="The app's certificate, instead of a secret.")
    login_url: LoopbackOrHttps | None = Field(
        default=None, description="Address that gives tokens, where it does not follow from `url`."
    )
    app_id: str = Field(
        default="", pattern=r"^[0-9a-fA-F-]*$", description="Id of the model-driven app in which a record's link opens."
    )
    zone: ZoneName | None = Field(
        default=None,
        description="The users' time zone: a user-local day is kept as its midnight there. Without it that is a moment.",
    )
    webhook: Webhook | None = Field(
        default=None, description="How the webhook is registered. Without it no push is taken."
    )
    act_as: ActAs = Field(
        default=ActAs.CALLER_OBJECT_ID,
        description="As whom decisions are written: as the person by their Entra object id (caller_object_id) or by their "
        "user id (caller_id), or as the application user, whose name Dataverse then shows (application_user).",
    )
    kinds: Mapping[Name, Kind] = Field(min_length=1, description="What is read, by the table's logical name.")
    overlap: Duration = Field(
        default=timedelta(minutes=5),
        description="How far each round reads back where a table has no change tracking, or its delta link has lapsed.",
    )
    settle: Duration = Field(
        default=timedelta(seconds=60),
        description="The youngest stretch of time, which is then read but not yet counted as read.",
    )
    page_size: int = Field(
        default=500, ge=1, le=5000, description="Rows asked for in one call; of documents with rows at most 1000."
    )
    share: int = Field(
        default=50, ge=1, le=100, description="Percent of the 6000 calls of five minutes that the bridge never exceeds."
    )
    concurrency: int = Field(
        default=4,
        ge=1,
        le=52,
        description="Calls at once. Four can never use up the 20 minutes of execution time that five minutes allow.",
    )
    describe_age: Duration = Field(
        default=timedelta(hours=1), description="How long a table's description, currencies and units are used."
    )
    connect_timeout: Duration = Field(
        default=timedelta(seconds=10), gt=timedelta(0), description="Longest wait for a connection."
    )
    read_timeout: Duration = Field(
        default=timedelta(seconds=130),
        gt=timedelta(0),
        description="Longest silence while an answer is awaited; the vendor ends a call after two minutes.",
    )

    @field_validator("url")
    @classmethod
    def _environment(cls, value: str) -> str:
        if urlsplit(value).path:
            raise ValueError("give the address of the environment alone, without a path")
        return value

    @model_validator(mode="after")
    def _one_proof(self) -> Self:
        if (self.client_secret is None) == (self.certificate is None):
            raise ValueError("give exactly one of client_secret and certificate")
        return self

    @property
    def host(self) -> str:
        """Host of the environment, with its port where it is not the usual one."""
        return urlsplit(self.url).netloc.lower()

    @property
    def service(self) -> str:
        """Root of the Web API, with the slash at its end."""
        return f"{self.url}/api/data/v9.2/"

    @property
    def app(self) -> App:
        """The app that signs in."""
        host = urlsplit(self.url).hostname or ""
        cloud = next((login for end, login in _CLOUDS.items() if host.endswith(end)), _PUBLIC)
        if self.certificate is not None:
            pair = Certificate(self.certificate.certificate, self.certificate.private_key.get_secret_value())
            return App(self.login_url or cloud, self.tenant, self.client_id, pair)
        secret = self.client_secret.get_secret_value() if self.client_secret else ""
        return App(self.login_url or cloud, self.tenant, self.client_id, secret)

    @property
    def calls_key(self) -> str:
        """Key of the budget that every call uses: the vendor counts the calls of each user."""
        return f"dataverse:{self.app.key(self.url)}:calls"

    @property
    def timeout(self) -> tuple[float, float]:
        """(connect, read) in seconds."""
        return self.connect_timeout.total_seconds(), self.read_timeout.total_seconds()
