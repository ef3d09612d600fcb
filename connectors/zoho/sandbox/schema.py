"""Modules and their fields. A field may be changed while the twin runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Values = Mapping[str, object]


class Type(StrEnum):
    """The vendor's data types.

    See https://www.zoho.com/crm/developer/docs/api/v8/field-meta.html
    """

    TEXT = "text"
    TEXTAREA = "textarea"
    EMAIL = "email"
    PHONE = "phone"
    PICKLIST = "picklist"
    MULTISELECT = "multiselectpicklist"
    CURRENCY = "currency"
    DOUBLE = "double"
    PERCENT = "percent"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    LOOKUP = "lookup"
    OWNER = "ownerlookup"
    SUBFORM = "subform"


NUMBERS = frozenset({Type.CURRENCY, Type.DOUBLE, Type.PERCENT})
WORDS = frozenset({Type.TEXT, Type.TEXTAREA, Type.EMAIL, Type.PHONE})
# people and records are stored as the number of their id
LINKS = frozenset({Type.LOOKUP, Type.OWNER})

JSON_TYPES = {
    Type.MULTISELECT: "jsonarray",
    Type.SUBFORM: "jsonarray",
    Type.LOOKUP: "jsonobject",
    Type.OWNER: "jsonobject",
    Type.CURRENCY: "double",
    Type.DOUBLE: "double",
    Type.PERCENT: "double",
    Type.INTEGER: "integer",
    Type.BOOLEAN: "boolean",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a picklist: `actual` is stored, `display` is shown to people."""

    actual: str
    display: str


@dataclass(slots=True)
class Field:
    """One field. `lookup` names the module that a look-up leads to."""

    name: str
    type: Type
    label: str
    id: int = 0
    mandatory: bool = False
    unique: bool = False
    read_only: bool = False
    length: int = 255
    lookup: str = ""
    choices: Sequence[Choice] = ()

    @property
    def custom(self) -> bool:
        """Whether the organisation made it."""
        return self.label.endswith("*")

    @property
    def json_type(self) -> str:
        """The type of its values in JSON."""
        return JSON_TYPES.get(self.type, "string")

    def choice(self, value: object) -> Choice | None:
        """Return the choice whose actual or display value this is."""
        return next((c for c in self.choices if value in {c.actual, c.display}), None)


@dataclass(slots=True)
class Module:
    """One module. `title` is the field that names its records; `duplicates` are what an upsert looks at by itself."""

    name: str
    singular: str
    plural: str
    title: str
    id: int = 0
    duplicates: Sequence[str] = ()
    fields: dict[str, Field] = field(default_factory=dict)

    def find(self, name: str) -> Field | None:
        """Return the field of this API name."""
        return self.fields.get(name)
