"""The settings of a NetSuite source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path as File
from typing import Annotated, Self

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

from connectors.settings_types import Duration, LoopbackOrHttps, ZoneName

# Names go into query text and paths, so they are held to the vendor's own alphabet.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=100)]
Path = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)?$", max_length=200)]
RecordId = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,18}$")]

SHORTEST_KEY = 16


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Algorithm(StrEnum):
    """How an assertion is signed: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162790605110.html."""

    PS256 = "PS256"
    PS384 = "PS384"
    PS512 = "PS512"
    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"


class OAuth2(_Settings):
    """An integration record's client credentials (machine to machine)."""

    client_id: str = Field(min_length=1, description="Client id of the integration record.")
    certificate_id: str = Field(
        min_length=1, description="Certificate id on the page OAuth 2.0 Client Credentials Setup."
    )
    private_key: SecretStr = Field(
        min_length=1, description="The certificate's private key in PEM form, no passphrase."
    )
    algorithm: Algorithm = Field(default=Algorithm.PS256, description="PS… for an RSA key, ES… for an EC key.")


class Tba(_Settings):
    """Token-based authentication: an integration record's consumer and an access token."""

    consumer_key: str = Field(min_length=1, description="Consumer key of the integration record.")
    consumer_secret: SecretStr = Field(min_length=1, description="Consumer secret of the integration record.")
    token_id: str = Field(min_length=1, description="Id of the access token.")
    token_secret: SecretStr = Field(min_length=1, description="Secret of the access token.")


class Auth(_Settings):
    """How calls are proven: exactly one of the two. No new integration may use `tba` from release 2027.1 on."""

    oauth2: OAuth2 | None = Field(default=None, description="Client credentials with a certificate.")
    tba: Tba | None = Field(default=None, description="Token-based authentication.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.oauth2 is None) == (self.tba is None):
            raise ValueError("give exactly one of oauth2 and tba")
        return self


class Soap(_Settings):
    """SOAP web services, for what queries do not give."""

    wsdl: File = Field(
        description="The WSDL's file on this machine, with its XSD files beside it as the vendor has them."
    )
    version: str = Field(
        default="2025_2", pattern=r"^20\d\d_[12]$", description="The endpoint's version, the same as the WSDL's."
    )
    tba: Tba | None = Field(
        default=None,
        description="Token-based authentication for SOAP, where `auth` is oauth2: SOAP does not take that.",
    )


class Form(StrEnum):
    """How a field's value arrives."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    QUANTITY = "quantity"
    TRUTH = "truth"
    DATE = "date"
    MOMENT = "moment"
    CHOICE = "choice"
    LINK = "link"


class Reading(StrEnum):
    """By which calls a kind is read."""

    QUERY = "query"
    SOAP = "soap"


class Deletions(StrEnum):
    """By which calls it is learned what was deleted."""

    QUERY = "query"
    SOAP = "soap"
    NONE = "none"


class LineUnits(StrEnum):
    """In which unit SuiteQL gives quantities (A-NETSUITE-108)."""

    BASE = "base"
    OWN = "own"
    NONE = "none"


class Balance(_Settings):
    """Stock by item and location. It has no stamp of change, so the whole of it is read in turns."""

    locations: tuple[RecordId, ...] = Field(min_length=1, description="Internal ids of the locations.")
    items: tuple[RecordId, ...] = Field(default=(), max_length=1000, description="Internal ids of items; none: all.")
    every: Duration = Field(
        default=timedelta(minutes=15),
        ge=timedelta(minutes=1),
        description="From the beginning of one reading of the whole to the next; each thousand rows are a call.",
    )


class Approval(_Settings):
    """Where a kind's records hold that they wait for a decision, and what is written there.

    The values are the account's own ids, these the usual ones (A-NETSUITE-20):
    https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_0115100241.html
    """

    field: Name = Field(default="approvalStatus", description="Field that a decision is written into.")
    pending: str = Field(default="1", min_length=1, description="Its value while a decision is awaited.")
    approved: str = Field(default="2", description="Its value after approval; empty: the bridge does not approve.")
    rejected: str = Field(default="3", description="Its value after rejection; empty: the bridge does not reject.")
    approver: Name = Field(
        default="nextApprover", description="Field that names the employee whose decision is awaited."
    )


class Kind(_Settings):
    """One type of record that is read."""

    fields: tuple[Path, ...] = Field(
        min_length=1,
        description="Fields to read, by their ids: tranDate, total, custbody_project; of lines as item.quantity.",
    )
    number: Name | None = Field(
        default=None, description="Field that holds what people call a record. Without it: tranId of a transaction."
    )
    record: Name | None = Field(
        default=None, description="Record type in REST: salesOrder. Without it: the kind's own name."
    )
    table: Name | None = Field(
        default=None, description="Table in SuiteQL, for types that the bridge does not know: customrecord_machine."
    )
    types: Mapping[Path, Form] = Field(
        default_factory=dict, description="What a field is that the bridge does not know: {custbody_due: date}."
    )
    reading: Reading = Field(default=Reading.QUERY, description="By SuiteQL, or by SOAP searches.")
    deletions: Deletions = Field(
        default=Deletions.QUERY, description="Learn of deleted records by SuiteQL, by SOAP, or not at all."
    )
    start: AwareDatetime | None = Field(
        default=None, description="Read only what changed at or after this time. Without it: everything, silently."
    )
    balance: Balance | None = Field(default=None, description="Makes this kind the stock by item and location.")
    approval: Approval = Field(default=Approval(), description="How a record of this kind is approved and rejected.")


class NetSuiteSettings(_Settings):
    """A NetSuite account as one role sees it."""

    account: str = Field(
        pattern=r"^[A-Za-z0-9]+(_[A-Za-z0-9]+)*$", description="Account id: 123456, 123456_SB1, TSTDRV1."
    )
    base_url: LoopbackOrHttps | None = Field(
        default=None, description="Address of every call, where it is not the account's own."
    )
    auth: Auth = Field(description="How calls are proven.")
    zone: ZoneName = Field(
        description="The account's time zone (Setup > Company > Company Information), by its IANA name: SuiteQL writes times in it."
    )
    kinds: Mapping[Name, Kind] = Field(min_length=1, description="What is read, by the record type's name.")
    soap: Soap | None = Field(default=None, description="Needed where a kind is read by SOAP.")
    push_keys: tuple[SecretStr, ...] = Field(
        default=(),
        max_length=8,
        description="Keys shared with the user event script. While a key is changed both stand here; none: no pushes.",
    )
    actors: Mapping[RecordId, Auth] = Field(
        default_factory=dict, description="Credentials of people who decide, by their internal id as an employee."
    )
    act_as_integration_user: bool = Field(
        default=False,
        description="Let the integration write for people without a credential. NetSuite then shows its name.",
    )
    units: LineUnits = Field(
        default=LineUnits.BASE,
        description="In which unit SuiteQL gives a quantity: the `base` unit of its type of units, the line's `own`, or "
        "`none` where the account does not use units of measure.",
    )
    concurrency: int = Field(
        default=5, ge=1, le=500, description="Calls at once that the account allows: SOAP, REST and RESTlets together."
    )
    headroom: int = Field(default=1, ge=0, description="How many of them are left to RESTlets and other programs.")
    overlap: Duration = Field(
        default=timedelta(minutes=10),
        description="How far each round reads back: rows may appear late with old stamps.",
    )
    settle: Duration = Field(
        default=timedelta(seconds=60),
        description="The youngest stretch of time, which is read but not yet counted as read.",
    )
    page_size: int = Field(default=500, ge=1, le=1000, description="Rows asked for in one query.")
    language: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2,3}([_-][A-Za-z]{2,4})?$",
        description="Accept-Language of calls; it must be the company's default language. Without it: none is sent.",
    )
    connect_timeout: Duration = Field(
        default=timedelta(seconds=10), gt=timedelta(0), description="Longest wait for a connection."
    )
    read_timeout: Duration = Field(
        default=timedelta(seconds=120), gt=timedelta(0), description="Longest silence while an answer is awaited."
    )

    @field_validator("account")
    @classmethod
    def _as_signed(cls, value: str) -> str:
        # A-NETSUITE-101: the realm of a signature has capitals, the host's name has none.
        return value.upper()

    @field_validator("push_keys")
    @classmethod
    def _long(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value()) < SHORTEST_KEY for key in keys):
            raise ValueError(f"a key needs at least {SHORTEST_KEY} characters: a shorter one can be guessed")
        return keys

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.headroom >= self.concurrency:
            raise ValueError("leave at least one call: `headroom` must be less than `concurrency`")
        if self.soap is None and any(_by_soap(kind) for kind in self.kinds.values()):
            raise ValueError("a kind is read by SOAP: add `soap`")
        if self.soap is not None and self.soap_tba is None:
            raise ValueError("SOAP takes token-based authentication only: give soap.tba")
        return self

    @property
    def rest_url(self) -> str:
        """Address of REST and SOAP: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3494684.html."""
        return self._site("suitetalk.api")

    @property
    def restlets_url(self) -> str:
        """Address of RESTlets."""
        return self._site("restlets.api")

    @property
    def web_url(self) -> str:
        """Address of the pages for people."""
        return self._site("app")

    @property
    def soap_tba(self) -> Tba | None:
        """What SOAP calls are proven by."""
        own = self.soap.tba if self.soap else None
        return own or self.auth.tba

    @property
    def calls_key(self) -> str:
        """Key of the budget that every call to the account uses, whichever source makes it."""
        return f"netsuite:{self.account.lower()}:calls"

    @property
    def slots(self) -> int:
        """How many calls may be under way at once."""
        return self.concurrency - self.headroom

    @property
    def timeout(self) -> tuple[float, float]:
        """(connect, read) in seconds."""
        return self.connect_timeout.total_seconds(), self.read_timeout.total_seconds()

    def _site(self, part: str) -> str:
        host = self.account.lower().replace("_", "-")
        return self.base_url or f"https://{host}.{part}.netsuite.com"


def _by_soap(kind: Kind) -> bool:
    return kind.reading is Reading.SOAP or kind.deletions is Deletions.SOAP
