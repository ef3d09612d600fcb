"""Short ways to declare columns."""

from __future__ import annotations

from connectors.netsuite.sandbox.schema import Column, Type


def ident(name: str = "id") -> Column:
    """Return the column of internal ids."""
    return Column(name, Type.ID, name, writable=False)


def external() -> Column:
    """Return the column of external ids."""
    return Column("externalid", Type.TEXT, "externalid", "externalId")


def text(name: str, rest: str = "", *, required: bool = False) -> Column:
    """Return a column of text."""
    return Column(name, Type.TEXT, name, rest, required=required)


def number(name: str, rest: str = "") -> Column:
    """Return a column of numbers."""
    return Column(name, Type.NUMBER, name, rest)


def flag(name: str, rest: str = "") -> Column:
    """Return a column of T and F."""
    return Column(name, Type.BOOLEAN, name, rest)


def refers(name: str, rest: str, target: str, *, required: bool = False) -> Column:
    """Return a reference to a row of `target`."""
    return Column(name, Type.REFERENCE, name, rest, target, required=required)


def stamp(name: str, rest: str = "") -> Column:
    """Return a time that the account sets by itself."""
    return Column(name, Type.DATETIME, name, rest, writable=False)
