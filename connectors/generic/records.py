"""From a parsed body to records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from connectors.contract import Record, Ref, Refusal, Scalar, Value
from connectors.generic.settings import GenericSettings
from connectors.signature import EPOCH, instant

MAX_NAME = 512
"""Characters of a flattened name. Nested names repeat their beginning, so a small body could grow into gigabytes."""
MAX_IDENTITY = 512
MAX_WHOLE = 10**100
SECONDS_END = 100_000_000_000
"""Unix times from here on are milliseconds: as seconds they lie after the year 5000, as milliseconds before 1974."""
FLAGS: Mapping[str, bool] = {"true": True, "1": True, "false": False, "0": False, "": False}

Json: TypeAlias = Any
Steps: TypeAlias = tuple[tuple[str, int], ...]
"""A path, each step as a key and as an index (-1: not an index)."""

MISSING = object()


class Unusable(Exception):
    """A genuine body that no record can be made of; the sentence is for the operator and holds no payload."""

    def __init__(self, refusal: Refusal, sentence: str) -> None:
        super().__init__(sentence)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Shape:
    """The settings' paths, ready to walk."""

    source: str
    kind: str
    paths: Mapping[str, Steps]
    """By the name of the setting; what is not configured is absent."""
    fields: tuple[tuple[str, Steps], ...]
    """Empty: everything."""

    @classmethod
    def of(cls, source: str, settings: GenericSettings) -> Shape:
        """Prepare the paths of `settings` for the source named `source`."""
        names = ("kind_path", "items", "id", "version", "time", "number", "url", "changed_by", "deleted")
        paths = {name: _steps(path) for name in names if (path := getattr(settings, name)) is not None}
        return cls(source, settings.kind or "", paths, tuple((path, _steps(path)) for path in settings.fields or ()))

    def records(self, document: Json, digest: str, received_at: datetime) -> tuple[Record, ...]:
        """Make the records of one body, all or none.

        `digest` is the version and `received_at` (aware) the stamp of a record whose settings name no path for them.
        Raises Unusable.
        """
        if type(document) is not dict:
            raise Unusable(Refusal.MALFORMED, "The body is not a JSON object.")
        if "items" not in self.paths:
            return (self.record(document, digest, received_at),)
        items = _find(document, self.paths["items"])
        if type(items) is not list:
            raise Unusable(Refusal.INCOMPLETE, "The body has no array at the path `items`.")
        made: list[Record] = []
        for count, item in enumerate(items, 1):
            try:
                made.append(self.record(item, digest, received_at))
            except Unusable as error:
                raise Unusable(error.refusal, f"Event {count} of {len(items)}: {error}") from None
        return tuple(made)

    def record(self, event: Json, digest: str, received_at: datetime) -> Record:
        """Make the record of one event; see `records`."""
        if type(event) is not dict:
            raise Unusable(Refusal.MALFORMED, "The event is not a JSON object.")
        paths = self.paths
        changed_by = self._label(event, "changed_by")
        url = self._label(event, "url")
        return Record(
            source=self.source,
            kind=self._identity(event, "kind_path") if "kind_path" in paths else self.kind,
            id=self._identity(event, "id"),
            version=self._identity(event, "version") if "version" in paths else digest,
            stamp=_time(_find(event, paths["time"])) if "time" in paths else received_at,
            fields=self._fields(event),
            number=self._label(event, "number"),
            # a link becomes something to click: other schemes could start an application
            url=url if url.lower().startswith(("https://", "http://")) else "",
            changed_by=Ref("user", changed_by) if changed_by else None,
            deleted="deleted" in paths and _flag(_find(event, paths["deleted"])),
        )

    def _identity(self, event: Json, name: str) -> str:
        value = _find(event, self.paths[name])
        if value is MISSING or value is None or value == "":
            raise Unusable(Refusal.INCOMPLETE, f"The event has nothing at the path `{name}`.")
        if type(value) is int:
            return str(_bounded(value))
        if type(value) is not str:
            raise Unusable(Refusal.INCOMPLETE, f"What stands at the path `{name}` is neither text nor a whole number.")
        # identities are keys in databases, which take neither NUL nor texts of any length
        if len(value) > MAX_IDENTITY or not value.isprintable():
            raise Unusable(Refusal.MALFORMED, f"What stands at the path `{name}` is too long or holds control signs.")
        return value

    def _label(self, event: Json, name: str) -> str:
        """Return what stands at an optional path as text, "" when it is not there."""
        value = _find(event, self.paths[name]) if name in self.paths else MISSING
        return "" if value is MISSING or type(value) in {dict, list, bool} else _text(value)

    def _fields(self, event: Json) -> Mapping[str, Value]:
        fields: dict[str, Value] = {}
        if not self.fields:
            for name, value in event.items():
                _put(fields, name, value)
        for name, steps in self.fields:
            value = _find(event, steps)
            if value is not MISSING:
                _put(fields, name, value)
        return fields


def _steps(path: str) -> Steps:
    return tuple((part, int(part) if part.isascii() and part.isdigit() else -1) for part in path.split("."))


def _find(value: Json, steps: Steps) -> Json:
    for name, index in steps:
        if type(value) is dict:
            value = value.get(name, MISSING)
        elif type(value) is list and 0 <= index < len(value):
            value = value[index]
        else:
            return MISSING
    return value


def _put(fields: dict[str, Value], name: str, value: Json) -> None:
    """Put a value under its name: objects by dotted names, arrays of objects as rows."""
    kind = type(value)
    if kind is dict and value:
        for key, inner in value.items():
            _put(fields, f"{name}.{key}", inner)
    elif kind is list and value and all(type(item) is dict for item in value):
        fields[_named(name)] = tuple(
            {inner: scalar for key, part in item.items() for inner, scalar in _scalars(key, part)} for item in value
        )
    elif kind is list:
        fields.update(_scalars(name, value))
    else:
        fields[_named(name)] = _scalar(value)


def _scalars(name: str, value: Json) -> Iterator[tuple[str, Scalar]]:
    """Yield a value as scalars only: where an array cannot be texts, its places become names (`taxes.0.rate`)."""
    inner: Iterable[tuple[object, Json]] = ()
    if type(value) is dict:
        inner = value.items()
    elif type(value) is list and any(type(item) in {dict, list} for item in value):
        inner = enumerate(value)
    if not inner:
        yield _named(name), _scalar(value)
    for key, part in inner:
        yield from _scalars(f"{name}.{key}", part)


def _named(name: str) -> str:
    if len(name) > MAX_NAME:
        raise Unusable(Refusal.MALFORMED, f"The name of a field has more than {MAX_NAME} characters.")
    return name


def _scalar(value: Json) -> Scalar:
    if type(value) is int:
        return Decimal(_bounded(value))
    if type(value) is list:
        return tuple(_text(item) for item in value)
    if type(value) is dict:
        # only the empty object comes here: it is there, and nothing is in it
        return None
    scalar: Scalar = value
    return scalar


def _text(value: Json) -> str:
    if value is None:
        return ""
    if type(value) is bool:
        return "true" if value else "false"
    return str(_bounded(value) if type(value) is int else value)


def _bounded(value: int) -> int:
    if -MAX_WHOLE < value < MAX_WHOLE:
        return value
    raise Unusable(Refusal.MALFORMED, "A number has more than 100 digits.")


def _time(value: Json) -> datetime:
    """Read a time as aware UTC: ISO 8601 with a zone, or Unix seconds or milliseconds, which size tells apart."""
    if type(value) is str and not (value.isascii() and value.isdigit()):
        try:
            return instant(value)
        except ValueError:
            sentence = "What stands at the path `time` is not ISO 8601 with a zone (like 2026-11-22T09:30:00Z)."
            raise Unusable(Refusal.INCOMPLETE, sentence) from None
    if type(value) not in {str, int, Decimal} or len(str(value)) > 32:
        raise Unusable(Refusal.INCOMPLETE, "The event has no time at the path `time`.")
    number = Decimal(value)
    try:
        scale = 1_000_000 if abs(number) < SECONDS_END else 1_000
        return EPOCH + timedelta(microseconds=int(number * scale))
    except OverflowError:
        raise Unusable(Refusal.INCOMPLETE, "The time at the path `time` lies outside the calendar.") from None


def _flag(value: Json) -> bool:
    if value is MISSING:
        return False
    known = None if type(value) in {dict, list} else FLAGS.get(_text(value).lower())
    if known is None:
        raise Unusable(Refusal.INCOMPLETE, "What stands at the path `deleted` is neither true nor false.")
    return known
