"""Single values out of DingTalk's JSON, where a number may be a text, a list one value, and a key be written any way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

LONGEST_ID = 256
LONGEST_TEXT = 20_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# a float would change what it reads: a sum in an approval, an id with seventeen digits
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


class NotPlain(ValueError):
    """What came is not what DingTalk documents."""


def read_object(raw: bytes | str) -> Mapping[str, Any]:
    """Read a JSON object. Raises NotPlain for anything else."""
    try:
        value = _DECODER.decode(raw)
    except (ValueError, ArithmeticError, RecursionError):
        raise NotPlain("it is no JSON") from None
    return as_object(value)


def as_object(value: Any) -> Mapping[str, Any]:
    """Return a JSON object as it is. Raises NotPlain for anything else."""
    if not isinstance(value, dict):
        raise NotPlain("it is no JSON object")
    return value


def folded(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object with keys in lower case and without `_`: userId, UserId, user_id and userid are one."""
    return {key.replace("_", "").lower(): each for key, each in value.items()}


def text_of(value: Any) -> str:
    """Return a single value as text without control signs; anything but text, number and truth becomes empty.

    Spaces of every width stay spaces: one of them parts the robot's name from what is said to it.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | Decimal):
        return ""
    text = value if isinstance(value, str) else _digits(value)
    if text.isprintable():
        return text[:LONGEST_TEXT]
    return "".join(filter(None, map(_shown, text)))[:LONGEST_TEXT]


def _shown(sign: str) -> str:
    if sign.isprintable() or sign in "\n\t":
        return sign
    return " " if sign.isspace() else ""


def id_of(value: Any) -> str:
    """Return an id as text, empty where there is none. Raises NotPlain for what can be no id of anything."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise NotPlain("an id is neither text nor number")
    text = value if isinstance(value, str) else _digits(value)
    if len(text) > LONGEST_ID or not text.isprintable() or text != text.strip():
        raise NotPlain("an id holds what no id holds")
    return text


def ids_of(value: Any) -> tuple[str, ...]:
    """Return ids of a list, or of one value that stands for a list; the sample pages print both, and '[2,3]' as text."""
    if isinstance(value, str) and value.startswith("["):
        try:
            value = _DECODER.decode(value)
        except (ValueError, ArithmeticError, RecursionError):
            raise NotPlain("a list of ids is no list") from None
    values: Iterable[Any] = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(found for found in map(id_of, values) if found))


def truth_of(value: Any) -> bool:
    """Read true, "true", 1 and "1" as true."""
    return value is True or text_of(value) in {"true", "1"}


def moment_of(value: Any) -> datetime | None:
    """Read milliseconds since 1970, number or text, as aware UTC; None where that is no time of this century."""
    text = text_of(value)
    if not (text.isascii() and text.isdecimal() and len(text) <= 13):
        return None
    moment = _EPOCH + timedelta(milliseconds=int(text))
    return moment if moment.year >= 2000 else None


def stable_id(*parts: bytes | str) -> str:
    """Return the same id for the same parts, for what has no id of its own."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "replace") if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()[:40]


def _digits(number: int | Decimal) -> str:
    if isinstance(number, Decimal):
        return str(number)
    return str(number) if abs(number) < 10**LONGEST_ID else ""
