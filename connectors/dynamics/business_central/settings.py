"""The settings of a Business Central source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from connectors.settings_types import Duration, LoopbackOrHttps

# Names go into addresses and query text, so they are held to the vendor's own alphabet.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*$", max_length=120)]
Path = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$", max_length=240)]
Route = Annotated[str, StringConstraints(pattern=r"^(v\d+\.\d+|\w[\w-]*/\w[\w-]*/v\d+\.\d+)$", max_length=160)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Segment = Annotated[str, StringConstraints(pattern=r"^\w[\w.-]*$", max_length=120)]
UserId = Annotated[str, StringConstraints(pattern=r"^[\w.@-]{1,132}$")]

STANDARD = "v2.0"
LOCAL = "local"
GONE = "gone"
STATUS = "status"


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Reading(StrEnum):
    """How changes of a kind are found."""

    CHANGES = "changes"
    SNAPSHOT = "snapshot"


class Approvals(_Settings):
    """Where a page of one's own says whose approval is due: its records are approval entries, as the vendor's are.

    https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/resources/dynamics_approvalentry
    """

    approver: Name = Field(description="The property with the user id of whose approval is due: `approverId`.")
    due: str = Field(min_length=1, description="The `status` of a record while that approval is due: `Open`.")


class Kind(_Settings):
    """One entity set that is read."""

    entity_set: Name | None = Field(
        default=None, description="The entity set where it is not the kind's name: `items` for a kind `stock`."
    )
    api: Route = Field(
        default=STANDARD,
        description="The API that has the entity set: v2.0, or publisher/group/version of a custom API page.",
    )
    fields: tuple[Path, ...] = Field(
        min_length=1,
        description="Names of the properties to read: status, totalAmountIncludingTax; of a document's lines as "
        "salesOrderLines.quantity; of one linked record as customer.displayName.",
    )
    number: Name = Field(default="number", description="Property that holds what people call a record.")
    reading: Reading = Field(
        default=Reading.CHANGES,
        description="By the stamp of the last change, or as a snapshot of everything, for what changes without a "
        "stamp: an item's inventory.",
    )
    every: Duration = Field(
        default=timedelta(minutes=15), gt=timedelta(0), description="How often a snapshot is taken at most."
    )
    deletions: Duration = Field(
        default=timedelta(days=1),
        gt=timedelta(0),
        description="How often all ids are listed, to find what was deleted without a notification.",
    )
    stamp: Name = Field(
        default="lastModifiedDateTime",
        description="Property with the time of the last change; a custom page may call it systemModifiedAt.",
    )
    money: Mapping[Path, Name] = Field(
        default_factory=dict,
        description="Amounts that this connector does not know, each with the property beside it that holds the "
        "currency's code, or `local` for the company's own currency.",
    )
    quantities: Mapping[Path, Name] = Field(
        default_factory=dict,
        description="Quantities that this connector does not know, each with the property beside it that holds the "
        "code of the unit.",
    )
    start: AwareDatetime | None = Field(
        default=None, description="Read only what changed at or after this time. Without it: everything, silently."
    )
    push: bool = Field(
        default=True, description="Subscribe to notifications where Business Central has them for this entity set."
    )
    page: int | None = Field(
        default=None, gt=0, description="Number of the page that opens a record; known for the usual documents."
    )
    approve: Name | None = Field(default=None, description="The bound action that approves a record.")
    reject: Name | None = Field(default=None, description="The bound action that rejects a record.")
    approvals: Approvals | None = Field(
        default=None,
        description="Of a page of one's own with approval entries: which property names the approver, and the status "
        "in which the approval is due. Both stand in `fields`.",
    )
    transitions: Mapping[Name, str] = Field(
        default_factory=dict,
        description="Bound actions that decisions may call, each with the `status` that the record has afterwards; "
        "`gone` where the action uses the record up, empty where it is not known.",
    )

    @model_validator(mode="after")
    def _transitions(self) -> Self:
        for action in (self.approve, self.reject):
            if action is not None and action not in self.transitions:
                raise ValueError(f"name {action} in transitions as well, with the status that follows")
        return self

    @model_validator(mode="after")
    def _approvals(self) -> Self:
        needed = (self.approvals.approver, STATUS) if self.approvals is not None else ()
        for name in needed:
            if name not in self.fields:
                raise ValueError(f"name {name} in fields as well: it tells whose approval is due")
        return self


class BusinessCentralSettings(_Settings):
    """One company of a Business Central environment as one application sees it."""

    tenant: Segment = Field(description="The Microsoft Entra tenant: its id, or its domain name.")
    environment: Segment = Field(default="production", description="Name of the environment.")
    company: str = Field(min_length=1, max_length=250, description="The company: its id, or its name.")
    client_id: str = Field(min_length=1, description="Application (client) id of the app registration.")
    client_secret: SecretStr = Field(min_length=1, description="Client secret of the app registration.")
    kinds: Mapping[Name, Kind] = Field(min_length=1, description="What is read, by a name of your choice.")
    login_url: LoopbackOrHttps = Field(
        default="https://login.microsoftonline.com", description="Address that gives tokens."
    )
    api_url: LoopbackOrHttps = Field(
        default="https://api.businesscentral.dynamics.com", description="Address of the API."
    )
    web_url: LoopbackOrHttps = Field(
        default="https://businesscentral.dynamics.com", description="Address of the pages for people."
    )
    client_state: SecretStr | None = Field(
        default=None,
        min_length=16,
        max_length=2048,
        description="A secret of your choice that notifications are recognised by. Without it there are none.",
    )
    actors: Mapping[UserId, SecretStr] = Field(
        default_factory=dict,
        description="Refresh tokens of people who decide, by their user id, where the vault does not hold them.",
    )
    act_as_integration_user: bool = Field(
        default=False,
        description="Let the application write for people without a refresh token, under its own name.",
    )
    local_currency: Currency | None = Field(
        default=None, description="Code of the company's own currency, where Business Central does not tell it."
    )
    replica: bool = Field(
        default=True,
        description="Read changes from the read-only replica of the database, where the environment has one.",
    )
    calls: int = Field(default=5400, ge=1, le=6000, description="Calls in five minutes; the vendor allows a user 6000.")
    calls_at_once: int = Field(
        default=4, ge=1, le=5, description="Calls under way at once; the vendor works on five of a user."
    )
    overlap: Duration = Field(
        default=timedelta(minutes=5), description="How far each round reads back: rows may appear late with old stamps."
    )
    settle: Duration = Field(
        default=timedelta(seconds=60),
        description="The youngest stretch of time, which is read but not yet counted as read.",
    )
    page_size: int = Field(default=1000, ge=1, le=20_000, description="Rows asked for in one call.")
    page_size_with_lines: int = Field(
        default=100, ge=1, le=20_000, description="Documents asked for in one call where their lines are read as well."
    )
    describe_age: Duration = Field(
        default=timedelta(hours=1),
        description="How long the description of the entity sets, the company's name and its currency are used.",
    )
    connect_timeout: Duration = Field(
        default=timedelta(seconds=10), gt=timedelta(0), description="Longest wait for a connection."
    )
    read_timeout: Duration = Field(
        default=timedelta(seconds=120), gt=timedelta(0), description="Longest silence while an answer is awaited."
    )

    @property
    def api(self) -> str:
        """Address below which the routes of all APIs of the environment lie."""
        return f"{self.api_url}/v2.0/{self.tenant}/{self.environment}/api"

    @property
    def timeout(self) -> tuple[float, float]:
        """(connect, read) in seconds."""
        return self.connect_timeout.total_seconds(), self.read_timeout.total_seconds()

    def entity_set(self, kind: str) -> tuple[str, str]:
        """Return the route and the entity set that a kind is read from."""
        chosen = self.kinds[kind]
        return chosen.api, chosen.entity_set or kind
