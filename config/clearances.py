"""Who may see a data class: the entries `clearances` and `sources.NAME.people.roles`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from config.entry import ApplicationName, DataClass, Entry
from config.values import Filled, Flag, Identifier, Listed, Unique, Written
from pipelines.plan import PUBLIC


def _ruled(name: str) -> str:
    if name == PUBLIC:
        raise ValueError(f"everybody may see what is {PUBLIC}: name another class")
    return name


RuledClass = Annotated[DataClass, AfterValidator(_ruled), Written("data class")]


class ClearanceEntry(Entry):
    """Who may see a data class. Where readers can be listed, it goes out only if each of them may see it."""

    application: ApplicationName | None = Field(
        default=None,
        description="The application whose people they are, by its name in `applications`. Without it: the only one.",
    )
    roles: Annotated[tuple[Filled, ...], Listed, Unique] = Field(
        default=(), description="Whoever has one of these roles, each written as NAME or GROUP/NAME."
    )
    departments: Annotated[tuple[Filled, ...], Listed, Unique] = Field(
        default=(), description="Whoever is in one of these departments, by name, or in one below."
    )
    people: Annotated[tuple[Filled, ...], Listed, Unique] = Field(default=(), description="These people, by user id.")
    by_source: Flag = Field(
        default=False,
        description="And whoever may read the field in the source itself, which is asked for each record, where a "
        "destination has at most 20 readers. Goes with `people` of each source that has such fields.",
    )


class RolesEntry(Entry):
    """What the roles that a source gives its own users clear them for."""

    by: Identifier = Field(
        description="The field of the users' kind in which a role stands: text, choice, ref or list."
    )
    clear: Mapping[Filled, Annotated[tuple[RuledClass, ...], Listed, Unique]] = Field(
        min_length=1,
        description="The data classes by role: the text, the code of a choice, the id of a reference. Every role that "
        "users have stands here; `[]` for one that clears nobody.",
    )
