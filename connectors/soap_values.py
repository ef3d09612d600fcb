"""From a SOAP reply's XML to values, by the types of the schema.

zeep turns `xsd:double` into a binary float, and what it cannot read into None; here a number is a Decimal made from the
text, and what cannot be read is said. https://docs.python-zeep.org/en/master/datastructures.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeAlias

from lxml import etree  # type: ignore[import-untyped]  # has no types
from zeep.exceptions import Error as ZeepError
from zeep.xsd import AnySimpleType, ComplexType, Element
from zeep.xsd.types import builtins

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_TRUTHS: Mapping[str, bool] = MappingProxyType({"true": True, "1": True, "false": False, "0": False})


class Unreadable(Exception):
    """The element at `path` is not what the schema says. Holds no value."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Listed(str):
    """A text of a type that the schema itself defines: mostly one of a closed list."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Typed:
    """A complex element: the local name of its type, children that came, attributes; `value` is its own text.

    A child that may come many times is a tuple; one that came empty is None; one that did not come is absent.
    """

    type: str
    fields: Mapping[str, Cell]
    attributes: Mapping[str, str]
    value: Scalar = None


Scalar: TypeAlias = str | bool | int | Decimal | datetime | date | None
Cell: TypeAlias = "Scalar | Typed | tuple[Scalar | Typed, ...]"


class Form(Enum):
    """How a simple type's text is read."""

    TEXT = "text"
    LISTED = "listed"
    TRUTH = "truth"
    WHOLE = "whole"
    NUMBER = "number"
    MOMENT = "moment"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class _Child:
    type: Any
    many: bool


@dataclass(frozen=True, slots=True)
class _Shape:
    name: str
    children: Mapping[str, _Child]
    own: Form | None


class Types:
    """The types of one schema, as they are needed for reading. Safe for threads: what is kept is made twice at worst."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._shapes: dict[int, _Shape] = {}
        self._forms: dict[int, Form] = {}
        self._named: dict[str, Any] = {}
        self._by_name = {each.qname.localname: each for each in schema.types if each.qname is not None}

    def named(self, name: str) -> Any | None:
        """Return the type with this local name, or None."""
        return self._by_name.get(name)

    def children(self, kind: Any | None) -> Collection[str]:
        """Name the children of a type; none for a simple one, or None."""
        return self._shape(kind).children.keys() if isinstance(kind, ComplexType) else ()

    def items(self, kind: Any) -> Collection[str]:
        """Name the children of a complex type that may come many times."""
        return [name for name, child in self._shape(kind).children.items() if child.many]

    def read(self, node: Any, declared: Any, only: Collection[str] | None = None) -> Typed:
        """Read a complex element (lxml), of the children only those that are asked for. Raises Unreadable."""
        kind = self.actual(node, declared)
        if not isinstance(kind, ComplexType):
            raise Unreadable(_local(node.tag))
        return self._complex(node, kind, only)

    def root(self, node: Any) -> Part:
        """Return a global element (lxml) with its type. Raises Unreadable where the schema has none of this name."""
        try:
            return Part(node, self._schema.get_element(node.tag).type, self)
        except ZeepError:
            raise Unreadable(_local(node.tag)) from None

    def actual(self, node: Any, declared: Any) -> Any:
        """Return an element's type: what `xsi:type` names, else what the schema declares. Raises Unreadable."""
        said = node.get(_XSI + "type")
        if said is None:
            return declared
        prefix, _, name = said.rpartition(":")
        clark = f"{{{node.nsmap.get(prefix or None, '')}}}{name}"
        if clark not in self._named:
            try:
                self._named[clark] = self._schema.get_type(clark)
            except (ZeepError, ValueError):
                raise Unreadable(_local(node.tag)) from None
        return self._named[clark]

    def child(self, kind: Any, name: str) -> Any | None:
        """Return the declared type of a complex type's child, or None."""
        found = self._shape(kind).children.get(name)
        return None if found is None else found.type

    def _complex(self, node: Any, kind: Any, only: Collection[str] | None) -> Typed:
        shape = self._shape(kind)
        fields: dict[str, Any] = {}
        for part in node.iterchildren():
            name = _local(part.tag)
            child = shape.children.get(name)
            if child is None or (only is not None and name not in only):
                # What the schema does not name nobody has asked for.
                continue
            cell = self._cell(part, child.type, name)
            if child.many:
                fields.setdefault(name, []).append(cell)
            elif name in fields:
                raise Unreadable(name)
            else:
                fields[name] = cell
        whole = {name: tuple(cell) if isinstance(cell, list) else cell for name, cell in fields.items()}
        own = None if shape.own is None else _scalar(node.text, shape.own, shape.name)
        attributes = {_local(name): text for name, text in node.attrib.items() if not name.startswith(_XSI)}
        return Typed(shape.name, MappingProxyType(whole), MappingProxyType(attributes), own)

    def _cell(self, node: Any, declared: Any, name: str) -> Scalar | Typed:
        if node.get(_XSI + "nil") in {"true", "1"}:
            return None
        kind = self.actual(node, declared)
        try:
            if isinstance(kind, ComplexType):
                return self._complex(node, kind, None)
            return _scalar(node.text, self._form(kind), name)
        except Unreadable as fault:
            raise Unreadable(fault.path if fault.path == name else f"{name}.{fault.path}") from None

    def _shape(self, kind: Any) -> _Shape:
        shape = self._shapes.get(id(kind))
        if shape is None:
            shape = self._shapes[id(kind)] = self._made(kind)
        return shape

    def _made(self, kind: Any) -> _Shape:
        children: dict[str, _Child] = {}
        own = None
        for _, element in _elements(kind):
            if element is kind._element and isinstance(element.type, AnySimpleType):  # noqa: SLF001 - zeep tells a simple content by nothing else
                own = self._form(element.type)
            else:
                children[element.qname.localname] = _Child(element.type, bool(element.accepts_multiple))
        return _Shape(str(kind.name), MappingProxyType(children), own)

    def _form(self, kind: Any) -> Form:
        form = self._forms.get(id(kind))
        if form is None:
            form = self._forms[id(kind)] = next(
                (form for base, form in _FORMS if isinstance(kind, base)),
                Form.TEXT if type(kind) in builtins._types else Form.LISTED,  # noqa: SLF001 - zeep's list of the standard's own types
            )
        return form


@dataclass(frozen=True, slots=True)
class Part:
    """An element of a reply, as lxml has it, with the type that the schema declares for it."""

    node: Any = field(repr=False)
    declared: Any = field(repr=False)
    types: Types = field(repr=False)

    @property
    def kind(self) -> str:
        """The local name of its type, or nothing where the schema has no such type."""
        try:
            return str(self.types.actual(self.node, self.declared).name)
        except Unreadable:
            return ""

    def parts(self, name: str) -> list[Part]:
        """Return its children of this local name. Raises Unreadable where the schema has no such child."""
        declared = self.types.child(self.types.actual(self.node, self.declared), name)
        if declared is None:
            raise Unreadable(name)
        return [Part(each, declared, self.types) for each in self.node.iterchildren() if _local(each.tag) == name]

    def part(self, *path: str) -> Part:
        """Return the first child of this name, and so on along the path. Raises Unreadable where one did not come."""
        found = self
        for name in path:
            first = next(iter(found.parts(name)), None)
            if first is None:
                raise Unreadable(name)
            found = first
        return found

    def read(self, only: Collection[str] | None = None) -> Typed:
        """Read it, of its children only those that are asked for. Raises Unreadable."""
        return self.types.read(self.node, self.declared, only)

    def raw(self) -> bytes:
        """Write it as XML."""
        return bytes(etree.tostring(self.node))


def _elements(kind: Any) -> Iterator[tuple[str, Any]]:
    return ((name, element) for name, element in kind.elements if isinstance(element, Element))


def _local(tag: Any) -> str:
    return str(tag).rpartition("}")[2]


def _scalar(text: str | None, form: Form, name: str) -> Scalar:
    if not text:
        return None
    if form is Form.TEXT:
        return text
    try:
        return _read(text.strip(), form)
    except (ValueError, KeyError, ArithmeticError):
        raise Unreadable(name) from None


def _read(text: str, form: Form) -> Scalar:
    if form is Form.NUMBER:
        if not _NUMBER.fullmatch(text):
            # Infinity and not-a-number are numbers to the schema, and none to people.
            raise ValueError(form)
        return Decimal(text)
    if form is Form.MOMENT:
        return datetime.fromisoformat(text)
    if form is Form.TRUTH:
        return _TRUTHS[text]
    if form is Form.WHOLE:
        return int(text)
    return date.fromisoformat(text) if form is Form.DAY else Listed(text)


# A derived type is also one of its base, so the narrower comes first.
_FORMS: tuple[tuple[Any, Form], ...] = (
    (builtins.Boolean, Form.TRUTH),
    (builtins.Integer, Form.WHOLE),
    ((builtins.Decimal, builtins.Float, builtins.Double), Form.NUMBER),
    (builtins.DateTime, Form.MOMENT),
    (builtins.Date, Form.DAY),
)
