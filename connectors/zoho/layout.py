"""What of a module is read, and as what: the settings' paths joined with the vendor's description of the fields.

https://www.zoho.com/crm/developer/docs/api/v8/field-meta.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from connectors.contract import Misconfigured
from connectors.zoho.errors import ModuleUnknown
from connectors.zoho.settings import Kind, Reading

Fields = Mapping[str, Mapping[str, Any]]
Describe = Callable[[str], Fields]
"""Module -> its fields for our user, by API name."""

CURRENCY = "Currency"
MOST_COLUMNS: Mapping[Reading, int] = MappingProxyType({Reading.QUERY: 500, Reading.LIST: 50})
"""https://www.zoho.com/crm/developer/docs/api/v8/COQL-Limitations.html and get-records.html"""


class Form(StrEnum):
    """How a value arrives."""

    TEXT = "text"
    RICH_TEXT = "rich_text"
    NUMBER = "number"
    MONEY = "money"
    TRUTH = "truth"
    DATE = "date"
    MOMENT = "moment"
    CHOICE = "choice"
    CHOICES = "choices"
    LINK = "link"
    PERSON = "person"
    LINKS = "links"


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        **dict.fromkeys(("text", "textarea", "website", "email", "phone", "autonumber", "bigint"), Form.TEXT),
        **dict.fromkeys(("integer", "double", "decimal", "percent"), Form.NUMBER),
        "currency": Form.MONEY,
        "boolean": Form.TRUTH,
        "date": Form.DATE,
        "datetime": Form.MOMENT,
        "picklist": Form.CHOICE,
        "multiselectpicklist": Form.CHOICES,
        **dict.fromkeys(("lookup", "multi_module_lookup", "module_lookup"), Form.LINK),
        **dict.fromkeys(("ownerlookup", "userlookup"), Form.PERSON),
        **dict.fromkeys(("multiselectlookup", "multiuserlookup"), Form.LINKS),
    }
)
_COMPUTED = MappingProxyType({"formula": "formula", "rollup_summary": "rollup_summary"})


@dataclass(frozen=True, slots=True)
class Column:
    """One field: its path from the module, and how its values arrive."""

    path: str
    form: Form
    labels: Mapping[str, str] = field(default_factory=dict)
    """Picklist: the value that the vendor stores -> the one that people see."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """Picklist: the value that people see -> the one that the vendor stores."""
    target: str = ""
    """Lookup: the module that it points to, empty where there may be several."""
    places: int | None = None
    """Numbers: digits behind the point."""


@dataclass(frozen=True, slots=True)
class Subform:
    """Rows inside a record, which the vendor keeps in a module of their own."""

    name: str
    module: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """How one module is read."""

    kind: str
    columns: tuple[Column, ...]
    hidden: tuple[str, ...]
    """Configured paths that our user may not see."""
    unread: tuple[str, ...]
    """Configured paths of a type that has no single value."""
    subforms: tuple[Subform, ...]
    number: str
    """Empty when our user may not see it."""
    extra: tuple[str, ...]
    """What every record needs beside the configured fields, as far as the module has it."""

    @property
    def select(self) -> tuple[str, ...]:
        """Every field to name in a call, each once."""
        return tuple(dict.fromkeys((*self.extra, *(column.path for column in self.columns))))

    def without(self, name: str) -> Layout | None:
        """Hide a column that a call does not take; None where it is no column of ours."""
        left = tuple(column for column in self.columns if column.path != name)
        if len(left) == len(self.columns) or name in self.extra:
            return None
        return replace(self, columns=left, hidden=(*self.hidden, name))


def layout_of(name: str, kind: Kind, describe: Describe) -> Layout:
    """Join settings and descriptions. Raises Misconfigured where a module cannot be read that way."""
    own = describe(name)
    if "Modified_Time" not in own:
        raise Misconfigured(f"{name} shows no Modified_Time, so it cannot be polled: take it out of `kinds`.")
    paths = [path for path in kind.fields if not _in_subform(path, own)]
    found = {path: _column(path, own, describe) for path in paths}
    columns = tuple(column for column in found.values() if isinstance(column, Column))
    subforms = tuple(_subforms(kind, own, describe))
    number = kind.number if _visible(own.get(kind.number)) else ""
    money = any(each.form is Form.MONEY for part in (columns, *(one.columns for one in subforms)) for each in part)
    beside = ("Modified_By", number, CURRENCY if money else "")
    layout = Layout(
        kind=name,
        columns=columns,
        hidden=(*(path for path, column in found.items() if column is None), *_hidden_rows(kind, own, describe)),
        unread=tuple(path for path, column in found.items() if column is False),
        subforms=subforms,
        number=number,
        extra=("id", "Modified_Time", *(each for each in beside if each in own)),
    )
    _check(layout, kind.reading)
    return layout


def type_of(entry: Mapping[str, Any]) -> Form | None:
    """Return how a described field's values arrive, None where it has no single value."""
    data_type = str(entry.get("data_type"))
    if data_type in _COMPUTED:
        computed = entry.get(data_type)
        data_type = str(computed.get("return_type") or "") if isinstance(computed, dict) else ""
    form = FORMS.get(data_type)
    kept = entry.get("textarea")
    return Form.RICH_TEXT if form is Form.TEXT and isinstance(kept, dict) and kept.get("type") == "rich_text" else form


def target_of(entry: Mapping[str, Any]) -> str:
    """Return the module that a lookup points to, empty where it is not one."""
    lookup = entry.get("lookup")
    module = lookup.get("module") if isinstance(lookup, dict) else None
    # an object in the present version, a bare name in older ones
    return str(module.get("api_name") or "") if isinstance(module, dict) else str(module or "")


def typed(path: str, entry: Mapping[str, Any]) -> Column | None:
    """Make the column of a described field, None where it has no single value."""
    form = type_of(entry)
    if form is None:
        return None
    pairs = [
        (str(value["actual_value"]), str(value.get("display_value") or value["actual_value"]))
        for value in entry.get("pick_list_values") or ()
        if isinstance(value, dict) and value.get("actual_value") is not None
    ]
    places = entry.get("decimal_place")
    return Column(
        path=path,
        form=form,
        labels=dict(pairs),
        codes={label: code for code, label in reversed(pairs)},
        target="users" if form is Form.PERSON else target_of(entry),
        places=places if isinstance(places, int) else None,
    )


def _column(path: str, own: Fields, describe: Describe) -> Column | bool | None:
    """Follow `path` to its field: None where our user may not see it, False where it has no single value."""
    head, _, rest = path.partition(".")
    entry = own.get(head)
    if entry is None or not _visible(entry):
        return None
    if rest:
        # A person's fields are no module's, and all that a query can name of them is text (A-ZOHO-108).
        if type_of(entry) is Form.PERSON:
            return Column(path, Form.TEXT)
        entry = _behind(entry, rest, describe)
    return None if entry is None or not _visible(entry) else typed(path, entry) or False


def _behind(entry: Mapping[str, Any], name: str, describe: Describe) -> Mapping[str, Any] | None:
    """Find a field of the module that a lookup points to; a module that our user may not see hides its fields."""
    target = target_of(entry)
    return _shown(target, describe).get(name) if target else None


def _shown(module: str, describe: Describe) -> Fields:
    try:
        return describe(module)
    except ModuleUnknown:
        return {}


def _visible(entry: Mapping[str, Any] | None) -> bool:
    return entry is not None and entry.get("visible") is not False


def _in_subform(path: str, own: Fields) -> bool:
    return own.get(path.partition(".")[0], {}).get("data_type") == "subform"


def _rows(kind: Kind, own: Fields) -> Mapping[str, list[str]]:
    wanted: dict[str, list[str]] = {}
    for path in kind.fields:
        head, _, rest = path.partition(".")
        if _in_subform(path, own):
            if not rest:
                raise Misconfigured(
                    f"{path} holds rows: name the fields of the rows that are read, as {path}.Quantity."
                )
            wanted.setdefault(head, []).append(rest)
    return wanted


def _module_of(entry: Mapping[str, Any], name: str) -> str:
    for key in ("subform", "associated_module"):
        module = entry.get(key)
        module = module.get("module") if isinstance(module, dict) else None
        module = module.get("api_name") if isinstance(module, dict) else module
        if module:
            return str(module)
    return name


def _subforms(kind: Kind, own: Fields, describe: Describe) -> Iterator[Subform]:
    for name, wanted in _rows(kind, own).items():
        module = _module_of(own[name], name)
        fields = _shown(module, describe)
        columns = (typed(each, fields[each]) for each in wanted if _visible(fields.get(each)))
        found = tuple(column for column in columns if column is not None)
        if found:
            yield Subform(name, module, found)


def _hidden_rows(kind: Kind, own: Fields, describe: Describe) -> Iterator[str]:
    for name, wanted in _rows(kind, own).items():
        fields = _shown(_module_of(own[name], name), describe)
        yield from (f"{name}.{each}" for each in wanted if not _visible(fields.get(each)))


def _check(layout: Layout, reading: Reading) -> None:
    if len(layout.select) > MOST_COLUMNS[reading]:
        raise Misconfigured(f"Zoho reads {MOST_COLUMNS[reading]} fields of {layout.kind} at most: map fewer fields.")
    joined = next((column.path for column in layout.columns if "." in column.path), "")
    if joined and reading is Reading.LIST:
        raise Misconfigured(
            f"{joined} is reached by queries only: take it out of {layout.kind}, which is read by list."
        )
