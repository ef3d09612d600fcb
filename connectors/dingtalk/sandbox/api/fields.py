"""Reading of fields that a caller sent: untrusted JSON, or a form whose values are all texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Given: TypeAlias = Mapping[str, Any]


def text(given: Given, name: str) -> str:
    """Return a field as text; nothing for one that is missing, null, or no text or number."""
    value = given.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def whole(given: Given, name: str, default: int | None = None) -> int | None:
    """Return a field as a whole number, written as number or text; `default` for anything else."""
    value = text(given, name).strip()
    digits = value.removeprefix("-")
    return int(value) if digits.isascii() and digits.isdigit() and len(digits) < 20 else default


def truth(given: Given, name: str) -> bool:
    """Return whether a field is true, as JSON or as text."""
    return given.get(name) in (True, "true")


def texts(given: Given, name: str) -> list[str]:
    """Return a list of texts, empty when it is none."""
    value = given.get(name)
    return [one for one in value if isinstance(one, str) and one] if isinstance(value, list) else []


def listed(given: Given, name: str) -> list[str]:
    """Return the parts of a text that are separated by commas."""
    return [part.strip() for part in text(given, name).split(",") if part.strip()]


def part(given: Given, name: str) -> Given:
    """Return an object inside, empty when there is none."""
    value = given.get(name)
    return value if isinstance(value, dict) else {}


def rows(given: Given, name: str) -> list[Given]:
    """Return a list of objects, empty when there is none."""
    value = given.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
