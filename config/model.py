"""The bridge file: one model for each kind of entry. Every value arrives as the text that was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, time, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from config.address import To
from config.clearances import ClearanceEntry, RolesEntry, RuledClass
from config.declared import Declared, unknown
from config.entry import (
    ApplicationName,
    ConnectorName,
    DataClass,
    DestinationName,
    Entry,
    Mapped,
    SourceName,
    at,
    decidable,
)
from config.fields import FieldEntry
from config.operating import OperatorsEntry
from config.quiet import BudgetEntry, QuietEntry
from config.schedule import Schedule, interval
from config.silenced import SilencedEntry
from config.summary import SummaryEntry
from config.values import (
    Clock,
    CronTimes,
    Day,
    Filled,
    Flag,
    Identifier,
    Listed,
    LocaleName,
    Moment,
    Name,
    Span,
    Unique,
    Window,
    Written,
    Zone,
)
from config.waiting import TimedEntry
from connectors.contract import Format
from connectors.settings_types import Duration
from pipelines.matching import Key
from pipelines.plan import Drift, Lane, Merge, Mode, Policy, WhenUnknown
from pipelines.silence import Weekday
from pipelines.windows import always_closed


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


class KindEntry(Entry):
    """How one kind of record is read and mapped."""

    poll: Times | None = Field(
        default=None,
        description="When this kind is asked for, where it is another time than the source's: `1h` for stock levels.",
    )
    start: Moment | None = Field(
        default=None,
        description="What a first pull finds is told when it is stamped at or after this time. Without it: nothing is.",
    )
    drift: Drift = Field(
        default=Drift.EVOLVE,
        description="When a mapped field vanishes, appears or changes its type, operators are told. `evolve` goes on "
        "with what comes, `freeze` leaves that field out of messages, and `hold` holds what would show it, until "
        "somebody accepts it (`dingbridge drift ack`) or applies another mapping of this kind.",
    )
    read: Mapping[str, Any] = Field(default_factory=dict, description="The connector's own settings for this kind.")
    fields: Mapping[Identifier, FieldEntry] = Field(min_length=1, description="The mapped fields by name.")


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


class PeopleEntry(Entry):
    """Who of an application's people a source's users are. A key that leads to two people leads to nobody."""

    application: Filled = Field(description="The application whose people they are, by its name in `applications`.")
    kind: Filled | None = Field(
        default=None, description="The kind of this source whose records are its users. This or `by`."
    )
    match: Mapping[Key, Identifier] = Field(
        default_factory=dict,
        description="With `kind`: the fields in which a user's keys stand, such as `{email: mail, number: staff_number}`. "
        "Two keys or more, because a number or an address may pass to somebody else.",
    )
    by: Key | None = Field(
        default=None, description="Without `kind`: which key the ids are that the source has for its users."
    )
    roles: RolesEntry | None = Field(
        default=None, description="With `kind`: what the source's own roles clear its users for. Without it: nothing."
    )

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.kind is None) == (self.by is None):
            raise ValueError("give either kind with match, or by")
        if (self.kind is None) == bool(self.match):
            raise at("match goes with kind: name the field of at least one key", "match")
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
    people: PeopleEntry | None = Field(
        default=None, description="Who its users are among an application's people. Without it: nobody."
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


class ApplicationEntry(Entry):
    """An application of a channel that speaks to us: presses of buttons, words to its robot, changes among people."""

    connector: ConnectorName = Field(description="Which connector hears it.")
    settings: Mapping[str, Any] = Field(
        default_factory=dict,
        description="The connector's settings; its page lists them. Secrets: env:NAME or file:PATH, never the secret.",
    )
    locale: LocaleName = Field(
        default="en", description="In which language somebody is answered who is told by no destination of their own."
    )
    answers_a_minute: int = Field(
        default=10, ge=1, le=1000, description="How many answers one person gets from the robot in a minute."
    )
    longest_mute: Span = Field(
        default=timedelta(days=1),
        description="How long somebody may mute, by `/mute` to the robot, what a route tells them alone.",
    )
    people: Times = Field(
        default=ScheduleEntry.model_validate({"every": "6h"}),
        description="When all its people are read, where a source is matched with them; without it every 6 hours. Whom "
        "its news name is read at once.",
    )
    budget: BudgetEntry | None = Field(
        default=None,
        description="The most messages that one of its people gets in a while, over all groups and robots. Above it, what "
        "is addressed to them alone shares messages; what groups are told counts and is not held up. Without it: any "
        "number.",
    )
    zones: Mapping[Filled, Zone] = Field(
        default_factory=dict,
        description="In which zone the quiet hours of one person are, by the name of their department or of the nearest "
        "one above it: `{Berlin: Europe/Berlin}`. Without an entry: the destination's.",
    )


class DestinationEntry(Entry):
    """A group that is told."""

    connector: ConnectorName = Field(description="Which connector delivers to it.")
    application: ApplicationName | None = Field(
        default=None,
        description="The application whose people read it, by its name in `applications`. Without it: the only one of "
        "its connector.",
    )
    zone: Zone = Field(description="In which zone its times are written.")
    locale: LocaleName = Field(
        description="Its language: of the program's own words, and of how numbers and dates are written."
    )
    settings: Mapping[str, Any] = Field(
        default_factory=dict,
        description="The connector's settings; its page lists them. Secrets: env:NAME or file:PATH, never the secret.",
    )
    attestation: AttestationEntry | None = Field(
        default=None, description="What the members may see beside the class public. Without it: nothing."
    )
    quiet: QuietEntry | None = Field(default=None, description="When it is left in peace. Without it: never.")


class DecideEntry(Entry):
    """The decision that a route's messages ask for, by buttons that only those who decide see."""

    by: Filled = Field(
        description="The field that names who decides, by the source's user ids: a ref, a text with commas, a list. One of "
        "the route's `fields`."
    )
    actions: Annotated[tuple[Literal["approve", "reject"], ...], Listed, Unique] = Field(
        default=("approve", "reject"), min_length=1, description="The buttons, in this order."
    )
    compared: Annotated[tuple[Filled, ...], Unique] = Field(
        default=(),
        description="Fields that must be as they were shown when somebody decides; some of the route's `fields`. Without "
        "it: all of them. The record's version must be the same in any case.",
    )


class RouteEntry(TimedEntry):
    """Who is told of what, and how."""

    to: To = Field(
        description="Who is told: a destination, a list of them, a table by a field, or people whom a field names."
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
    policy: Policy = Field(
        default=Policy.WITHHOLD,
        description="What follows where not every reader may see every field: `withhold` shows what all may see and says "
        "that the rest is withheld; `split` does so too, and tells the whole one to one to each member who may see more; "
        "`hold` leaves it to a person, `refuse` tells nothing. `pointer` never shows a field, only number and link.",
    )
    details: DestinationName | None = Field(
        default=None,
        description="With `policy: split`: the destination that reaches single people; its settings name nobody themselves.",
    )
    when_unknown: WhenUnknown | None = Field(
        default=None,
        description="What follows when no answer came and the channel would show the message twice: `again` sends the fact "
        "once more, in a message that says that it may be a repetition; `hold` leaves it to a person. Without it: hold "
        "where the route tells of a field of another class than public, else again.",
    )
    decide: DecideEntry | None = Field(
        default=None,
        description="The decision that the message asks for. It needs `merge: never`, a source that decisions are carried "
        "back into, and destinations that show buttons.",
    )

    @field_validator("decide")
    @classmethod
    def _told(cls, value: DecideEntry | None, info: ValidationInfo) -> DecideEntry | None:
        if value is not None and {"fields", "merge"} <= info.data.keys():
            decidable(info, value.by, value.compared)
            if info.data["merge"] is not Merge.NEVER:
                raise ValueError("a message that asks for a decision is about one record: write merge: never")
            if info.data.get("policy") in {Policy.POINTER, Policy.SPLIT}:
                raise ValueError("who decides must see on what: write policy: withhold, hold or refuse")
        return value

    @model_validator(mode="after")
    def _split(self) -> Self:
        if (self.policy is Policy.SPLIT) != (self.details is not None):
            said = "split and details go together: name the destination that reaches single people"
            raise at(said, "policy" if self.details is None else "details")
        return self


class UnitEntry(Entry):
    """A unit that the table lacks, by the code under which the sources give it."""

    name: Filled = Field(description="What readers see.")


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


class BridgeFile(Entry):
    """The whole file."""

    version: Literal["1"] = Field(description="Version of this file's form: 1.")
    include: Annotated[tuple[Filled, ...], Listed] = Field(
        default=(),
        description="Pattern of further files, or a list of them, relative to this file: `routes/*.yaml`. They hold the "
        "same keys; what they define is merged.",
    )
    cases: Annotated[tuple[Filled, ...], Listed] = Field(
        default=(),
        description="Pattern of the files with cases for `dingbridge test`, or a list of them, relative to this file: "
        "`cases/*.yaml`.",
    )
    connectors: Annotated[tuple[Filled, ...], Unique] = Field(
        default=(), description="Python modules with further connectors, each with a CONNECTOR."
    )
    classes: Annotated[tuple[Name, ...], Unique] = Field(
        default=(), description="Data classes beside the built-in `public`."
    )
    clearances: Mapping[RuledClass, ClearanceEntry] = Field(
        default_factory=dict,
        description="Who may see a data class, by class. An attestation decides only of classes without an entry here, and "
        "where nobody can list the readers.",
    )
    units: Mapping[Filled, UnitEntry] = Field(
        default_factory=dict,
        description="Units beside those of the built-in table, by code: `{CASE24: {name: case of 24}}`.",
    )
    retention: RetentionEntry = Field(
        default=RetentionEntry(), description="How long the ledger keeps what is finished."
    )
    sources: Mapping[SourceName, SourceEntry] = Field(min_length=1, description="Where facts come from, by name.")
    applications: Mapping[SourceName, ApplicationEntry] = Field(
        default_factory=dict,
        description="Applications whose people answer, by name. What they post goes to `/hooks/NAME`, so none is called "
        "like a source.",
    )
    destinations: Mapping[Name, DestinationEntry] = Field(min_length=1, description="Who can be told, by name.")
    routes: Mapping[Name, RouteEntry] = Field(min_length=1, description="Who is told of what, by name.")
    summaries: Mapping[Name, SummaryEntry] = Field(
        default_factory=dict, description="What is listed at set times, by name."
    )
    silences: Mapping[Name, SilencedEntry] = Field(
        default_factory=dict, description="What is not told for a while, by name."
    )
    operators: OperatorsEntry | None = Field(
        default=None, description="Where faults are told. Without it: only in `dingbridge status`."
    )

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        for name in self.applications:
            if name in self.sources:
                raise at("there is a source of this name: give the application another", "applications", name)
        return self

    @model_validator(mode="after")
    def _people(self, info: ValidationInfo) -> Self:
        if not isinstance(info.context, Declared) or not info.context.complete:
            return self
        for name, source in self.sources.items():
            if source.people is None:
                continue
            place = ("sources", name, "people")
            if source.people.application not in self.applications:
                sentence = unknown(source.people.application, self.applications, "application")
                raise at(sentence, *place, "application")
            if source.people.kind is None:
                continue
            if source.people.kind not in source.kinds:
                raise at(unknown(source.people.kind, source.kinds, f"kind of {name}"), *place, "kind")
            fields = source.kinds[source.people.kind].fields
            for key, each in source.people.match.items():
                if each not in fields:
                    sentence = unknown(each, fields, f"field of {name}.{source.people.kind}")
                    raise at(sentence, *place, "match", key)
        return self
