"""The settings of a Zoho CRM source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from connectors.settings_types import Duration, LoopbackOrHttps
from connectors.zoho.regions import CENTRES, Region

# Names go into query text and paths, so they are held to the vendor's own alphabet.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]\w*$", max_length=100)]
Path = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]\w*(\.[A-Za-z]\w*)?$", max_length=200)]
UserId = Annotated[str, StringConstraints(pattern=r"^\d{1,20}$")]

_FLOOR = 50_000


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Reading(StrEnum):
    """By which calls a module is read."""

    QUERY = "query"
    LIST = "list"


class Edition(StrEnum):
    """The org's edition, which decides its quota: https://www.zoho.com/crm/developer/docs/api/v8/api-limits.html."""

    FREE = "free"
    STANDARD = "standard"
    PROFESSIONAL = "professional"
    ENTERPRISE = "enterprise"
    ULTIMATE = "ultimate"


_QUOTAS: Mapping[Edition, tuple[int, int, int]] = {
    # calls at once, credits of 24 hours, further credits for each licence
    Edition.FREE: (5, 5_000, 0),
    Edition.STANDARD: (10, _FLOOR, 250),
    Edition.PROFESSIONAL: (15, _FLOOR, 500),
    Edition.ENTERPRISE: (20, _FLOOR, 1_000),
    Edition.ULTIMATE: (25, _FLOOR, 2_000),
}


class Kind(_Settings):
    """One module that is read."""

    fields: tuple[Path, ...] = Field(
        min_length=1,
        description="API names of the fields to read: Amount, Stage; through a lookup as Account_Name.Industry; of a "
        "subform's rows as Quoted_Items.Quantity.",
    )
    number: Name = Field(description="Field that holds what people call a record: Deal_Name, Case_Number.")
    reading: Reading = Field(
        default=Reading.QUERY,
        description="By queries (COQL), or by the list of records for a module that queries do not take.",
    )
    deletions: bool = Field(default=True, description="Tell of records that were deleted.")
    start: AwareDatetime | None = Field(
        default=None, description="Read only what changed at or after this time. Without it: everything, silently."
    )
    tab: str = Field(
        default="",
        pattern=r"^\w*$",
        description="The module's name in the address of its pages where it differs: Potentials for Deals is known.",
    )
    approve: str = Field(default="", description="Name of the Blueprint transition that approves a record.")
    reject: str = Field(default="", description="Name of the Blueprint transition that rejects a record.")
    transitions: Mapping[str, str] = Field(
        default_factory=dict,
        description="The state after a Blueprint transition, by the transition's name: tells decided from changed.",
    )


class ZohoSettings(_Settings):
    """A Zoho CRM org as one integration user sees it."""

    region: Region = Field(default=Region.US, description="Data centre of the account: zoho.eu is eu, zoho.com.cn cn.")
    accounts_url: LoopbackOrHttps | None = Field(
        default=None, description="Address that gives tokens, where `region` does not have it."
    )
    web_url: LoopbackOrHttps | None = Field(
        default=None, description="Address of the CRM's pages for people, where `region` does not have it."
    )
    client_id: str = Field(min_length=1, description="Client id of the app in the API console.")
    client_secret: SecretStr = Field(min_length=1, description="Client secret of the app.")
    refresh_token: SecretStr = Field(min_length=1, description="Refresh token of the integration user.")
    kinds: Mapping[Name, Kind] = Field(min_length=1, description="What is read, by the module's API name.")
    edition: Edition = Field(default=Edition.STANDARD, description="The org's edition: decides calls at once.")
    licences: int = Field(default=0, ge=0, description="User licences of the org: they add credits.")
    actors: Mapping[UserId, SecretStr] = Field(
        default_factory=dict,
        description="Refresh tokens of people who decide, by their user id, where the vault does not hold them.",
    )
    act_as_integration_user: bool = Field(
        default=False,
        description="Let the integration user write for people without a refresh token. Zoho then shows its name.",
    )
    overlap: Duration = Field(
        default=timedelta(minutes=5), description="How far each round reads back: rows may appear late with old stamps."
    )
    settle: Duration = Field(
        default=timedelta(seconds=60),
        description="The youngest stretch of time, which is read but not yet counted as read.",
    )
    page_size: int = Field(default=2000, ge=1, le=2000, description="Rows asked for in one query.")
    channel_life: Duration = Field(
        default=timedelta(days=6),
        gt=timedelta(0),
        le=timedelta(days=7),
        description="How long a notification channel is asked for; more than a week makes the vendor give an hour.",
    )
    describe_age: Duration = Field(
        default=timedelta(hours=1), description="How long a module's field list is used before it is read again."
    )
    connect_timeout: Duration = Field(
        default=timedelta(seconds=10), gt=timedelta(0), description="Longest wait for a connection."
    )
    read_timeout: Duration = Field(
        default=timedelta(seconds=60), gt=timedelta(0), description="Longest silence while an answer is awaited."
    )

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        if self.accounts_url is not None and "/oauth" in urlsplit(self.accounts_url).path:
            raise ValueError("give the address of accounts_url alone, such as https://accounts.zoho.eu")
        return self

    @property
    def accounts(self) -> str:
        """Address that gives tokens."""
        return self.accounts_url or CENTRES[self.region].accounts

    @property
    def web(self) -> str:
        """Address of the pages for people, empty where it is not known."""
        if self.web_url is not None:
            return self.web_url
        return "" if self.accounts_url is not None else CENTRES[self.region].web

    @property
    def concurrency(self) -> int:
        """How many calls the app may have under way in the org."""
        return _QUOTAS[self.edition][0]

    @property
    def credits(self) -> int:
        """Credits of 24 hours, without those that were bought in addition."""
        _, base, each = _QUOTAS[self.edition]
        return base + self.licences * each

    @property
    def timeout(self) -> tuple[float, float]:
        """(connect, read) in seconds."""
        return self.connect_timeout.total_seconds(), self.read_timeout.total_seconds()
