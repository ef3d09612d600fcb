"""Declarations of XML Schema as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Members = Sequence[tuple[str, str, str]]
"""Name, type and occurrence of each element: one, at most one (`?`), or any number (`*`)."""


def complex_type(
    name: str, members: Members, attributes: Iterable[tuple[str, str]] = (), *, base: str = "", abstract: bool = False
) -> str:
    """Return a type with elements in order, on top of `base` where it is given."""
    inner = sequence(members) if members else ""
    inner += "".join(f'<xsd:attribute name="{one}" type="{kind}"/>' for one, kind in attributes)
    if base:
        inner = f'<xsd:complexContent><xsd:extension base="{base}">{inner}</xsd:extension></xsd:complexContent>'
    mark = ' abstract="true"' if abstract else ""
    return f'<xsd:complexType name="{name}"{mark}>{inner}</xsd:complexType>'


def sequence(members: Members, *, before: str = "") -> str:
    """Return elements in order; `before` stands in front of them."""
    inner = "".join(member(*one) for one in members)
    return f"<xsd:sequence>{before}{inner}</xsd:sequence>"


def inline(name: str, members: Members) -> str:
    """Return an element whose type has no name."""
    return f'<xsd:element name="{name}"><xsd:complexType>{sequence(members)}</xsd:complexType></xsd:element>'


def member(name: str, kind: str, occurs: str) -> str:
    """Return an element inside a type."""
    least = ' minOccurs="0"' if occurs in {"?", "*"} else ""
    most = ' maxOccurs="unbounded"' if occurs == "*" else ""
    return f'<xsd:element name="{name}" type="{kind}"{least}{most}/>'


def element(name: str, kind: str) -> str:
    """Return an element of a document."""
    return f'<xsd:element name="{name}" type="{kind}"/>'


def lower(name: str) -> str:
    """Return a name as elements begin: with a small letter."""
    return name[0].lower() + name[1:]
