"""The bridge file: one model for each kind of entry. Every value arrives as the text that was written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, time, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from config.declared import Declared, Fields, unknown
from config.schedule import Schedule, always_closed, interval
from config.values import (
    DAY,
    Clock,
    CronTimes,
    Currency,
    Day,
    Filled,
    Flag,
    Identifier,
    Listed,
    LocaleName,
    MailAddress,
    Moment,
    Name,
    Span,
    Unique,
    Window,
    Written,
    Zone,
    bound,
)
from connectors.contract import Format
from connectors.settings_types import Duration, LoopbackOrHttps, is_loopback
from pipelines.plan import OWN, PUBLIC, Compare, FieldType, Lane, Merge, Mode
from pipelines.silence import Weekday

_EQUATABLE = frozenset({FieldType.TEXT, FieldType.BOOL, FieldType.CHOICE, FieldType.REF, FieldType.DATE, None})


def _declared(info: ValidationInfo) -> Declared:
    found = info.context
    if not isinstance(found, Declared):
        raise TypeError("the models of the bridge file are validated with a Declared as their context")
    return found


def _fields(info: ValidationInfo) -> Fields | None:
    return _declared(info).fields(info.data.get("from_", ""))


def _mapped(name: str, info: ValidationInfo) -> str:
    fields = _fields(info)
    if fields is not None and name not in fields:
        raise ValueError(unknown(name, fields, f"field of {info.data['from_']}"))
    return name


def _equatable(name: str, info: ValidationInfo) -> str:
    found = (_fields(info) or {}).get(name)
    if found is not None and found.type not in _EQUATABLE:
        raise ValueError(f"'{name}' is {found.type}: only text, bool, choice, ref and date can be compared like this")
    return name


def _comparable(equals: Mapping[str, str], info: ValidationInfo) -> Mapping[str, str]:
    fields = _fields(info) or {}
    for name, text in equals.items():
        found = fields.get(name)
        if found is not None and found.type is FieldType.BOOL and text not in {"true", "false"}:
            raise at("the field is bool: write true or false", name)
        if found is not None and found.type is FieldType.DATE and re.fullmatch(DAY, text) is None:
            raise at("the field is a date: write 2026-11-01", name)
    return equals


def _unmapped(name: str, info: ValidationInfo) -> str:
    if name in (_fields(info) or {}):
        raise ValueError(f"'{name}' is a field: give the threshold another name")
    return name


def _theirs(name: str) -> str:
    if name == OWN:
        raise ValueError(f"'{OWN}' is the source of what the program itself tells: take another name")
    return name


def _bounded(threshold: ThresholdEntry, info: ValidationInfo) -> ThresholdEntry:
    if len(threshold) != 1 or any(len(comparison) != 1 for comparison in threshold.values()):
        raise ValueError("write one field with one comparison: {amount: {at_least: HKD 1000000}}")
    for name, comparison in threshold.items():
        found = (_fields(info) or {}).get(name)
        for compare, text in comparison.items():
            if found is not None and found.type is not None:
                try:
                    bound(found.type, text, found.constant)
                except ValueError as error:
                    raise at(str(error), name, compare) from error
    return threshold


def at(sentence: str, *location: str) -> PydanticCustomError:
    """Make an error that stands at `location` below the value that is validated."""
    return PydanticCustomError("at", "{sentence}", {"sentence": sentence, "at": location})


DataClass = Annotated[Name, AfterValidator(lambda name, info: _declared(info).data_class(name)), Written("data class")]
ConnectorName = Annotated[
    str, AfterValidator(lambda name, info: _declared(info).connector(name)), Written("name of a connector")
]
DestinationName = Annotated[
    str, AfterValidator(lambda name, info: _declared(info).destination(name)), Written("name of a destination")
]
SourceName = Annotated[Name, AfterValidator(_theirs), Written("name")]
KindName = Annotated[str, AfterValidator(lambda name, info: _declared(info).kind(name)), Written("source.Kind")]
Mapped = Annotated[str, AfterValidator(_mapped), Written("field name")]
Equatable = Annotated[Mapped, AfterValidator(_equatable)]
ThresholdName = Annotated[Identifier, AfterValidator(_unmapped), Written("name")]
ThresholdEntry = dict[Mapped, dict[Compare, str]]


class Entry(BaseModel):
    """What all entries share: no unknown keys, and no value in an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class FieldEntry(Entry):
    """One mapped field. Only mapped fields are read, stored and told."""

    path: Filled = Field(description="Where the value stands in the source's record.")
    type: FieldType = Field(
        description="What the value is. A value of another type holds the fact; nothing is guessed."
    )
    label: Filled | None = Field(
        default=None, description="What readers see. Without it: the name, with spaces for underscores."
    )
    data_class: DataClass = Field(
        default=PUBLIC, alias="class", description="Who may see it: readers need a clearance for this class."
    )
    required: Flag = Field(default=False, description="A record without this value is held instead of told.")
    currency: Currency | None = Field(default=None, description="For money: the currency of every value.")
    currency_path: Filled | None = Field(default=None, description="For money: where the currency's code stands.")
    unit: Filled | None = Field(default=None, description="For a quantity: the unit of every value.")
    unit_path: Filled | None = Field(default=None, description="For a quantity: where the unit's code stands.")

    @model_validator(mode="after")
    def _belongs(self) -> Self:
        for name, owner in (("currency", FieldType.MONEY), ("unit", FieldType.QUANTITY)):
            given = [key for key in (name, f"{name}_path") if getattr(self, key) is not None]
            if given and self.type is not owner:
                raise at(f"only a field of type {owner} has this key", given[0])
            if len(given) == 2:
                raise at(f"give either {name} or {name}_path", given[1])
        return self


class KindEntry(Entry):
    """How one kind of record is read and mapped."""

    start: Moment | None = Field(
        default=None,
        description="What a first pull finds is told when it is stamped at or after this time. Without it: nothing is.",
    )
    read: Mapping[str, Any] = Field(default_factory=dict, description="The connector's own settings for this kind.")
    fields: Mapping[Identifier, FieldEntry] = Field(min_length=1, description="The mapped fields by name.")


class ScheduleEntry(Entry):
    """When something runs again and again. A duration alone, such as `60s`, is `{every: 60s}`."""

    every: Span | None = Field(default=None, description="The step of an interval. This or `cron`.")
    cron: CronTimes | None = Field(
        default=None,
        description="Minute, hour, day of the month, month, day of the week: `*/15 8-19 * * mon-fri`. A time that the "
        "clock skips comes as much later, a time that comes twice is taken once.",
    )
    zone: Zone | None = Field(default=None, description="The zone of `cron` and `blackout`, which need one.")
    jitter: Duration | None = Field(
        default=None,
        description="Over which stretch jobs of the same times are spread, each at its own fixed place. Without it: an "
        "interval over its whole step, cron not at all.",
    )
    blackout: Annotated[tuple[Window, ...], Listed] = Field(
        default=(),
        description="Windows in which nothing is started, such as `22:00-06:00`, or a list of them. What was due "
        "runs once when the window ends.",
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.every is None) == (self.cron is None):
            raise ValueError("give either every or cron")
        if self.zone is None and (self.cron or self.blackout):
            raise ValueError("say in which zone: add a key such as zone: Asia/Hong_Kong")
        if always_closed(self.blackout):
            raise at("these windows leave no minute of the day", "blackout")
        return self

    @property
    def schedule(self) -> Schedule:
        """The value that this entry writes down."""
        zone = ZoneInfo(self.zone) if self.zone else UTC
        if self.cron is not None:
            return Schedule(self.cron, self.jitter or timedelta(0), self.blackout, zone)
        return replace(interval(self.every or timedelta(0), self.jitter), blackout=self.blackout, zone=zone)


Times = Annotated[
    ScheduleEntry,
    BeforeValidator(lambda value: {"every": value} if isinstance(value, str) else value),
    Written("duration, or entry, see schedules"),
]


class SilenceEntry(Entry):
    """When a source that sends nothing is a fault. Only time within these hours counts."""

    after: Span = Field(description="Working time without any record after which it is a fault.")
    zone: Zone = Field(description="In which zone the hours are.")
    from_: Clock = Field(default=time(9), alias="from", description="When a working day begins.")
    to: Clock = Field(default=time(18), description="When it ends, later on the same day.")
    days: Annotated[tuple[Weekday, ...], Unique] = Field(
        default=tuple(Weekday)[:5], min_length=1, description="The working days."
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.to <= self.from_:
            raise at("a working day ends after it begins", "to")
        return self


class SourceEntry(Entry):
    """A system that facts come from."""

    connector: ConnectorName = Field(description="Which connector talks to it.")
    poll: Times | None = Field(
        default=None, description="When it is asked. Only for sources that are pulled; there 60s without it."
    )
    reconcile: Times | None = Field(
        default=None,
        description="When its own list of versions is compared with what came, and what is missing is fetched. Days are "
        "counted in this zone. Only for sources that can list; there each night without it, between 2:05 and 2:55 in "
        "Asia/Hong_Kong.",
    )
    push: Flag = Field(default=False, description="Whether it is subscribed to. Always where it is not pulled.")
    settings: Mapping[str, Any] = Field(
        default_factory=dict,
        description="The connector's settings; its page lists them. Secrets: env:NAME or file:PATH, never the secret.",
    )
    kinds: Mapping[Filled, KindEntry] = Field(min_length=1, description="The kinds of records that are read.")
    silence: SilenceEntry | None = Field(
        default=None,
        description="When its silence is a fault; the groups that rely on it are told too. Without it: never.",
    )


class AttestationEntry(Entry):
    """A named person's word on who sits in a group whose members cannot be read."""

    by: Filled = Field(description="Who vouches for it.")
    on: Day = Field(description="First day on which it holds.")
    until: Day = Field(description="Last day on which it holds.")
    classes: Annotated[tuple[DataClass, ...], Unique] = Field(description="The data classes that every member may see.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.until < self.on:
            raise at(f"ends before it begins on {self.on}", "until")
        return self


class DestinationEntry(Entry):
    """A group that is told."""

    connector: ConnectorName = Field(description="Which connector delivers to it.")
    zone: Zone = Field(description="In which zone its times are written.")
    locale: LocaleName = Field(description="How its numbers and dates are written.")
    settings: Mapping[str, Any] = Field(
        default_factory=dict,
        description="The connector's settings; its page lists them. Secrets: env:NAME or file:PATH, never the secret.",
    )
    attestation: AttestationEntry | None = Field(
        default=None, description="What the members may see beside the class public. Without it: nothing."
    )


class ConditionEntry(Entry):
    """Which records a route is about: the part that its condition is compiled from."""

    from_: KindName = Field(alias="from", description="The source and the kind of record.")
    equals: Annotated[Mapping[Equatable, str], AfterValidator(_comparable)] = Field(
        default_factory=dict, description="Values that fields must have; compared before the condition is evaluated."
    )
    when: Filled = Field(default="true", description="Condition in CEL. It sees the fields and the thresholds by name.")
    thresholds: Mapping[ThresholdName, Annotated[ThresholdEntry, AfterValidator(_bounded)]] = Field(
        default_factory=dict,
        description="Exact comparisons of numbers, money and quantities, which the condition sees as true or false: "
        "`{big: {amount: {at_least: HKD 1000000}}}`; at_least, above, at_most or below.",
    )


class RouteEntry(ConditionEntry):
    """Who is told of what, and how."""

    to: Annotated[tuple[DestinationName, ...], Listed, Unique] = Field(
        min_length=1, description="A destination, or a list of them."
    )
    title: Filled = Field(description="First line of the message.")
    fields: Annotated[tuple[Mapped, ...], Unique] = Field(min_length=1, description="The fields told, in this order.")
    format: Format = Field(default=Format.MARKDOWN, description="How the message looks.")
    lane: Lane = Field(default=Lane.NORMAL, description="Which share of quota and senders it uses.")
    mode: Mode = Field(default=Mode.LIVE, description="`shadow` decides and records everything and sends nothing.")
    merge: Merge = Field(default=Merge.WHEN_FULL, description="When facts share one message.")
    mentions: Annotated[tuple[Filled, ...], Unique] = Field(
        default=(), description="User ids that the message calls by name."
    )
    required: Annotated[tuple[Mapped, ...], Unique] = Field(
        default=(), description="Fields without which the message is held, when a reader may not see them."
    )


class RetentionEntry(Entry):
    """How long the ledger keeps what is finished. What is unfinished, and the newest state of each record, stays."""

    payloads: Span = Field(
        default=timedelta(days=90),
        description="How long the values that were read and sent are kept. Without them a fact cannot be sent again.",
    )
    trail: Span = Field(
        default=timedelta(days=400), description="How long it is kept who was told of what, when and why."
    )
    runs: Times = Field(
        default=ScheduleEntry.model_validate({"cron": "15 3 * * *", "zone": "UTC", "jitter": "30m"}),
        description="When it is cleared away. Without it: each night at 3:15 UTC or up to half an hour later.",
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.trail < self.payloads:
            raise at("must be kept at least as long as payloads", "trail")
        return self


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


class BridgeFile(Entry):
    """The whole file."""

    version: Literal["1"] = Field(description="Version of this file's form: 1.")
    include: Annotated[tuple[Filled, ...], Listed] = Field(
        default=(),
        description="Pattern of further files, or a list of them, relative to this file: `routes/*.yaml`. They hold the "
        "same keys; what they define is merged.",
    )
    connectors: Annotated[tuple[Filled, ...], Unique] = Field(
        default=(), description="Python modules with further connectors, each with a CONNECTOR."
    )
    classes: Annotated[tuple[Name, ...], Unique] = Field(
        default=(), description="Data classes beside the built-in `public`."
    )
    retention: RetentionEntry = Field(
        default=RetentionEntry(), description="How long the ledger keeps what is finished."
    )
    sources: Mapping[SourceName, SourceEntry] = Field(min_length=1, description="Where facts come from, by name.")
    destinations: Mapping[Name, DestinationEntry] = Field(min_length=1, description="Who can be told, by name.")
    routes: Mapping[Name, RouteEntry] = Field(min_length=1, description="Who is told of what, by name.")
    operators: OperatorsEntry | None = Field(
        default=None, description="Where faults are told. Without it: only in `dingbridge status`."
    )
