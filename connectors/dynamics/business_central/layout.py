"""What is asked of an entity set, and how each value arrives, by the settings' names and the API's description."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from connectors.contract import Misconfigured
from connectors.dynamics.business_central.metadata import EntityType, Model, bare
from connectors.dynamics.business_central.settings import LOCAL, Kind, Reading
from connectors.dynamics.business_central.vocabulary import CURRENCY, MONEY, QUANTITIES

_ENCODED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class Form(StrEnum):
    """How a value arrives."""

    TEXT = "text"
    CURRENCY = "currency"
    NUMBER = "number"
    MONEY = "money"
    QUANTITY = "quantity"
    TRUTH = "truth"
    DATE = "date"
    MOMENT = "moment"
    CHOICE = "choice"
    LINK = "link"


_FORMS: Mapping[str, Form] = {
    "Edm.String": Form.TEXT,
    "Edm.Guid": Form.TEXT,
    "Edm.Duration": Form.TEXT,
    "Edm.TimeOfDay": Form.TEXT,
    "Edm.Boolean": Form.TRUTH,
    "Edm.Date": Form.DATE,
    "Edm.DateTimeOffset": Form.MOMENT,
    **dict.fromkeys(
        ("Edm.Int16", "Edm.Int32", "Edm.Int64", "Edm.Byte", "Edm.Decimal", "Edm.Double", "Edm.Single"), Form.NUMBER
    ),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One property. `beside` names the property with its currency (of the document) or unit (of the row), or LOCAL.

    `members` are an enumeration's labels by the names that travel; `target` is the entity set of a link, `labels` the
    properties beside it that people read.
    """

    name: str
    form: Form
    beside: str = ""
    members: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    labels: tuple[str, ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        """The properties of its own row that are asked for with it."""
        unit = (self.beside,) if self.form is Form.QUANTITY else ()
        return (self.name, *unit, *self.labels)


@dataclass(frozen=True, slots=True)
class Group:
    """Properties of what a navigation property leads to: a document's lines, or one linked record."""

    name: str
    many: bool
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a kind is read. `hidden` names what does not exist for us, `unread` what has no single value."""

    kind: str
    entity_set: str
    key: str
    key_type: str
    stamp: str
    number: str
    columns: tuple[Column, ...]
    groups: tuple[Group, ...] = ()
    hidden: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()
    actions: frozenset[str] = frozenset()

    @property
    def select(self) -> tuple[str, ...]:
        """The properties of the record itself that are asked for."""
        own = (name for column in self.columns for name in column.needs)
        frame = (each for each in (self.key, self.stamp, self.number) if each)
        return tuple(dict.fromkeys((*frame, *own, *self.currencies)))

    @property
    def expand(self) -> str:
        """The text of `$expand`, empty where nothing is."""
        return ",".join(f"{each.name}($select={','.join(_needs(each.columns))})" for each in self.groups)

    @property
    def has_lines(self) -> bool:
        """Whether each record brings rows of its own."""
        return any(each.many for each in self.groups)


def layout_of(kind: str, chosen: Kind, model: Model) -> Layout:
    """Lay out what the settings name. Raises Misconfigured where the entity set is not there or cannot be followed."""
    entity_set = chosen.entity_set or kind
    entity = model.entity(entity_set)
    if entity is None:
        raise Misconfigured(f"The API {chosen.api} has no entity set {entity_set}: check its name and `api`.")
    if len(entity.keys) != 1:
        raise Misconfigured(f"{entity_set} has no key of a single property, so its records cannot be told apart.")
    stamp = chosen.stamp if chosen.reading is Reading.CHANGES else ""
    if stamp and entity.properties.get(stamp) != "Edm.DateTimeOffset":
        raise Misconfigured(
            f"{entity_set} has no time of the last change named {stamp}: name it (stamp), or read it as a snapshot."
        )
    found = _Found(model, chosen, model.sets[entity_set])
    columns, hidden, unread = found.of(entity, "", [path for path in chosen.fields if "." not in path])
    groups = tuple(_groups(found, entity, chosen.fields))
    lost = [each for _, names, _ in groups for each in names]
    odd = [each for _, _, names in groups for each in names]
    kept = tuple(group for group, _, _ in groups if group is not None)
    money = [each for part in (columns, *(one.columns for one in kept)) for each in part if each.form is Form.MONEY]
    return Layout(
        kind=kind,
        entity_set=entity_set,
        key=entity.keys[0],
        key_type=entity.properties.get(entity.keys[0], "Edm.String"),
        stamp=stamp,
        number=chosen.number if chosen.number in entity.properties else "",
        columns=columns,
        groups=kept,
        hidden=(*hidden, *lost),
        unread=(*unread, *odd),
        currencies=tuple(dict.fromkeys(each.beside for each in money if each.beside in entity.properties)),
        actions=frozenset(entity.actions),
    )


def label_of(member: str) -> str:
    """Return what people read for an enumeration's name: In Review for In_x0020_Review, nothing for the blank one."""
    return _ENCODED.sub(lambda found: chr(int(found[1], 16)), member).strip()


@dataclass(frozen=True, slots=True)
class _Found:
    """Finds the columns of a kind in the API's description; `document` is the type that holds the currency."""

    model: Model
    chosen: Kind
    document: str

    def of(
        self, entity: EntityType, prefix: str, names: Sequence[str]
    ) -> tuple[tuple[Column, ...], list[str], list[str]]:
        """Return the columns of these names, those that do not exist, and those without a single value."""
        columns: list[Column] = []
        hidden: list[str] = []
        unread: list[str] = []
        of = next((name for name, each in self.model.types.items() if each is entity), "")
        for name in names:
            if name not in entity.properties:
                (unread if name in entity.links else hidden).append(prefix + name)
                continue
            column = self._column(of, entity, prefix, name)
            if column is None:
                unread.append(prefix + name)
            else:
                columns.append(column)
        return tuple(columns), hidden, unread

    def _column(self, of: str, entity: EntityType, prefix: str, name: str) -> Column | None:
        kind = entity.properties[name]
        members = self.model.enums.get(bare(kind))
        if members is not None:
            return Column(name, Form.CHOICE, members={each: label_of(each) for each in members})
        form = _FORMS.get(kind)
        if form is None:
            return None
        if form is Form.NUMBER:
            return self._number(of, entity, prefix, name)
        if form is Form.TEXT and name == CURRENCY:
            return Column(name, Form.CURRENCY)
        return self._link(entity, name) if kind == "Edm.Guid" else Column(name, form)

    def _number(self, of: str, entity: EntityType, prefix: str, name: str) -> Column:
        """Money and quantities are told apart by the vendor's names, and by what the settings say of others."""
        currency = self.chosen.money.get(prefix + name) or MONEY.get(of, {}).get(name, "")
        owner = self.model.types[self.document]
        if currency == LOCAL or currency in owner.properties:
            return Column(name, Form.MONEY, beside=currency)
        unit = self.chosen.quantities.get(prefix + name) or QUANTITIES.get(of, {}).get(name, "")
        return Column(name, Form.QUANTITY, beside=unit) if unit in entity.properties else Column(name, Form.NUMBER)

    def _link(self, entity: EntityType, name: str) -> Column:
        target = next((each.target for each in entity.links.values() if each.key == name), "")
        stem = name.removesuffix("Id")
        beside = (f"{stem}{each}" for each in ("Name", "DisplayName", "Number", "Code"))
        labels = tuple(each for each in beside if entity.properties.get(each) == "Edm.String")[:1]
        if not target:
            return Column(name, Form.TEXT)
        return Column(name, Form.LINK, target=self.model.set_of(target), labels=labels)


def _groups(
    found: _Found, entity: EntityType, paths: Sequence[str]
) -> Iterator[tuple[Group | None, list[str], list[str]]]:
    """Lay out what lies behind navigation properties: the group, what does not exist, what has no single value."""
    wanted: dict[str, list[str]] = {}
    for path in paths:
        head, dot, rest = path.partition(".")
        if dot:
            wanted.setdefault(head, []).append(rest)
    for name, names in wanted.items():
        link = entity.links.get(name)
        target = found.model.types.get(link.target) if link else None
        if link is None or target is None:
            yield None, [f"{name}.{each}" for each in names], []
            continue
        columns, hidden, unread = found.of(target, f"{name}.", names)
        yield (Group(name, link.many, columns) if columns else None), hidden, unread


def _needs(columns: Sequence[Column]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for column in columns for name in column.needs))
