"""The entries of a file of cases. Every value arrives as the text that was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from config.entry import DataClass, DestinationName, Entry, KindName, RouteName
from config.values import Filled, Flag, Listed, Moment, Unique


class RecordEntry(Entry):
    """A state of a record as its connector would give it."""

    from_: KindName = Field(alias="from", description="The source and the kind of record.")
    id: Filled = Field(default="1", description="Its id in the source.")
    number: str = Field(default="", description="What people call it: SO-1042.")
    url: str = Field(default="", description="Where it opens in the source.")
    changed: Moment | None = Field(
        default=None, description="The source's stamp of this state. Without it: the moment of the case."
    )
    deleted: Flag = Field(default=False, description="Whether the source says that it is gone; then nothing is read.")
    fields: Mapping[Filled, Any] = Field(
        default_factory=dict,
        description="Its values by the path that the mapping reads: `Amount: HKD 1000000.00`, `qty: 100 PCS`, "
        '`stage: {code: WON, label: Won}`, rows as a list of mappings; `""` is nothing, `{hidden: true}` what our '
        "credential may not read, `{text: X}` a text whatever the mapping expects. A path left out was not read.",
    )


class SituationEntry(Entry):
    """A state that arrives: a case without what is expected, for `dingbridge preview --record`."""

    at: Moment | None = Field(default=None, description="The moment at which it is decided and sent.")
    record: RecordEntry = Field(description="The state that arrives.")
    was: Mapping[Filled, Any] | None = Field(
        default=None,
        description="The values by path that were others before; `{}`: none. Without it the record is new.",
    )
    first_pull: Flag = Field(
        default=False, description="Whether a source's first pull finds it, and nobody announced it."
    )
    audience: Mapping[DestinationName, Annotated[tuple[DataClass, ...], Listed, Unique]] = Field(
        default_factory=dict,
        description="The data classes that every member of a destination may see, beside `public`. Without it: those of "
        "the attestation, on the day of the case.",
    )


class CaseEntry(SituationEntry):
    """One case."""

    expect: Mapping[RouteName, Any] = Field(
        description="By route: a reason for all its destinations, such as `told`, `filtered` or `no_currency amount`; or "
        "by destination a reason, or what is read there. A route that is not named must tell nobody, and hold nothing."
    )


class MessageEntry(Entry):
    """What a destination reads."""

    title: str | None = Field(default=None, description="The line in the list of chats and on a lock screen.")
    text: str | None = Field(
        default=None, description="The whole text, without the signs that format it; a link is its `[caption]`."
    )
    contains: Annotated[tuple[Filled, ...], Listed] = Field(
        default=(), description="What must stand in one of its lines, or a list of such."
    )
    lacks: Annotated[tuple[Filled, ...], Listed] = Field(
        default=(), description="What must stand in none of its lines, nor in its title, or a list of such."
    )
    withheld: Annotated[tuple[str, ...], Unique] | None = Field(
        default=None, description="The fields that are withheld, all of them, in any order."
    )


class CasesFile(Entry):
    """A file of cases."""

    at: Moment | None = Field(default=None, description="The moment of all cases that name none.")
    cases: Mapping[Filled, CaseEntry] = Field(min_length=1, description="The cases by name.")
