"""The settings of a source that pushes signed JSON."""

from __future__ import annotations

import re
from datetime import timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from connectors.settings_types import LoopbackOrHttps
from connectors.signature import Clock, Encoding, Scheme, SignedTime, Template

KIB = 1024
SHORTEST_KEY = 16
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
WHOLE = re.compile(r"[0-9]{1,9}")

# errors of a settings file are shown to people: the values in them would show the keys
MODEL = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def duration(text: str) -> timedelta:
    """Read a duration such as 30s, 5m, 2h or 1d, already checked by the pattern of `Duration`."""
    return timedelta(**{UNITS[text[-1]]: int(text[:-1])})


def _whole(value: Any) -> Any:
    """Take a whole number also as text, as an environment variable holds it; a boolean is no number."""
    if isinstance(value, str) and WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("a whole number is needed, like 300")


def _key(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if text != text.strip():
        raise ValueError("a key begins or ends with white space: it was probably copied with a line break")
    if len(text) < SHORTEST_KEY:
        raise ValueError(f"a key needs at least {SHORTEST_KEY} characters: a shorter one can be guessed")
    return value


def _template(text: str) -> str:
    Template.parse(text)
    return text


Whole = Annotated[int, BeforeValidator(_whole)]
Duration = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4}[smhd]$")]
Path = Annotated[str, Field(pattern=r"^[^.]+(\.[^.]+)*$", max_length=256)]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", max_length=128)]
Key = Annotated[SecretStr, AfterValidator(_key)]


class Signature(BaseModel):
    """How the sender signs."""

    model_config = MODEL

    header: HeaderName = Field("X-Signature", description="The header that holds the signature.")
    prefix: str = Field(
        "",
        max_length=32,
        description="What stands before the signature: `sha256=`, or `v1=` in a header with several parts.",
    )
    encoding: Encoding = Field(Encoding.HEX, description="How the signature is written: hex or base64.")
    keys: tuple[Key, ...] = Field(
        min_length=1, max_length=8, description="The shared keys. While a key is changed both stand here."
    )
    signed: Annotated[str, AfterValidator(_template)] = Field(
        "body",
        max_length=64,
        description="What is signed: body, timestamp.body, timestampbody, v0:timestamp:body or the like.",
        examples=["body", "timestamp.body", "timestampbody", "v0:timestamp:body"],
    )
    timestamp_header: HeaderName | None = Field(
        None, description="The header that holds the signed time; needed when `signed` names timestamp."
    )
    timestamp_prefix: str = Field(
        "", max_length=32, description="What stands before the time, like `t=`, where one header holds both."
    )
    timestamp_format: Clock = Field(Clock.UNIX, description="How the time is written: unix, unix_ms or iso8601.")
    tolerance: Duration = Field("5m", description="How far the signed time may be from our clock, either way.")

    @model_validator(mode="after")
    def _time_is_signed(self) -> Self:
        if Template.parse(self.signed).timed != (self.timestamp_header is not None):
            raise ValueError(
                "a time protects only if it is signed: give timestamp_header and name timestamp in `signed`, or neither"
            )
        return self

    def scheme(self) -> Scheme:
        """Return the check of these settings."""
        time = None
        if self.timestamp_header is not None:
            header = self.timestamp_header.lower()
            time = SignedTime(header, self.timestamp_prefix, self.timestamp_format, duration(self.tolerance))
        return Scheme(
            header=self.header.lower(),
            keys=tuple(key.get_secret_value().encode() for key in self.keys),
            template=Template.parse(self.signed),
            encoding=self.encoding,
            prefix=self.prefix,
            time=time,
        )


class Answer(BaseModel):
    """What the sender gets."""

    model_config = MODEL

    status: Annotated[Whole, Field(ge=200, le=299)] = Field(200, description="The status of a push that was taken.")
    body: str = Field("", max_length=KIB, description="The body of a push that was taken.")
    overload: Annotated[Literal[503, 429], BeforeValidator(_whole)] = Field(
        503, description="The status while we are overloaded: 503, or 429 for senders that repeat only then."
    )
    retry_after: Duration = Field(
        "30s", description="When an overloaded push may come again; some senders repeat only below 60 s."
    )

    @model_validator(mode="after")
    def _body_is_possible(self) -> Self:
        if self.body and self.status in {HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT}:
            raise ValueError("a reply with status 204 or 205 has no body")
        return self


class WriteBack(BaseModel):
    """Where and how the sender is asked and written back to."""

    model_config = MODEL

    url: LoopbackOrHttps = Field(description="The address below which the sender answers; http for this machine only.")
    key: Key = Field(description="The key that signs our requests; another one than the sender's.")
    key_id: str = Field(
        "dingbridge",
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
        description="The key's name in a signature, by which two keys are told apart while one is changed.",
    )
    at_once: Annotated[Whole, Field(ge=1, le=64)] = Field(
        4, description="How many calls may be under way at once, over all workers."
    )
    connect_timeout: Duration = Field("5s", description="The longest wait for a connection.")
    read_timeout: Duration = Field("15s", description="The longest wait for an answer.")

    @property
    def timeout(self) -> tuple[float, float]:
        """(connect, read) in seconds."""
        return duration(self.connect_timeout).total_seconds(), duration(self.read_timeout).total_seconds()

    @property
    def calls_key(self) -> str:
        """Key of the budget that every call uses."""
        return f"generic:{sha256(self.url.encode()).hexdigest()[:16]}:calls"


class GenericSettings(BaseModel):
    """A source that pushes JSON, signed with HMAC-SHA256. Paths are dotted, with indexes: `order.lines.0.sku`."""

    model_config = MODEL

    signature: Signature = Field(description="How the sender signs.")
    kind: str | None = Field(None, min_length=1, max_length=128, description="The kind that every record gets.")
    kind_path: Path | None = Field(None, description="Where the kind stands, when one address takes several.")
    items: Path | None = Field(
        None, description="Where the array of events stands, when one body holds several; all or none are taken."
    )
    id: Path = Field(description="Where the record's id stands: text or a whole number.")
    version: Path | None = Field(
        None, description="Where the version or the event's id stands; without it the digest of the body serves."
    )
    time: Path | None = Field(
        None,
        description="Where the time of the change stands: ISO 8601 with a zone, or Unix seconds or milliseconds; "
        "without it the time of arrival serves.",
    )
    number: Path | None = Field(None, description="Where the number stands that people use, like SO-1042.")
    url: Path | None = Field(None, description="Where the record's http or https address stands.")
    changed_by: Path | None = Field(None, description="Where the id of the person stands who made the change.")
    deleted: Path | None = Field(None, description="Where it stands that the record was deleted: true or false.")
    fields: tuple[Path, ...] | None = Field(
        None, min_length=1, description="The paths that are read; without it everything is."
    )
    max_body: Annotated[Whole, Field(ge=1, le=16 * KIB * KIB)] = Field(
        256 * KIB, description="The largest body in bytes."
    )
    max_depth: Annotated[Whole, Field(ge=1, le=128)] = Field(
        32, description="How deep arrays and objects may be nested."
    )
    reply: Answer = Field(default_factory=Answer, description="What the sender gets.")
    write_back: WriteBack | None = Field(
        None, description="Where decisions are carried back; without it nothing is ever asked of the sender."
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.kind is None) == (self.kind_path is None):
            raise ValueError("give either kind or kind_path")
        return self

    @model_validator(mode="after")
    def _versions_are_known(self) -> Self:
        if self.write_back is not None and self.version is None:
            raise ValueError("write_back needs `version`: a decision is written only to the version that was seen")
        return self
