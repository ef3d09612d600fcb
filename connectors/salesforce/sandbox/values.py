"""Field values: what a writer may send, and how a reader gets them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import msgspec

from connectors.salesforce.sandbox import ids, moments
from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.schema import NUMBERS, Field, SObject, Type, Values
from connectors.salesforce.sandbox.switches import Switches

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def encode(body: object) -> bytes:
    """Return the JSON of an answer."""
    return _encoder.encode(body)


def decode(body: bytes) -> dict[str, Any]:
    """Read a JSON object with its numbers exact. Raises `ApiError` 400 `JSON_PARSER_ERROR`."""
    try:
        given = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(400, "JSON_PARSER_ERROR", str(error)) from error
    if not isinstance(given, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "The HTTP entity body must be a JSON object")
    return given


def render(value: Any, switches: Switches) -> Any:
    """Return a stored value in the form of JSON answers."""
    if isinstance(value, datetime):
        return moments.render(value.replace(microsecond=0) if switches.hidden_milliseconds else value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        # A-SALESFORCE-51: no page says how numbers are written
        return msgspec.Raw((_double(value) if switches.numbers == "double" else _plain(value)).encode())
    return value


def _double(value: Decimal) -> str:
    """Return a number as Java prints a double: 100.0, and 1.25E7 from ten million up."""
    number = float(value)
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return repr(number)
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    text = "".join(map(str, digits))
    power = len(text) - 1 + int(exponent)
    return f"{'-' if sign else ''}{text[0]}.{text[1:] or '0'}E{power}"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a writer may not do: the fields that are hidden from them, and those that they may only read."""

    hidden: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()


NO_LIMITS = Limits()


def accept(sobject: SObject, given: Mapping[str, Any], limits: Limits, *, creating: bool) -> Values:
    """Check what a writer sent and return it typed, by the fields' own names.

    Raises `ApiError` 400: `INVALID_FIELD` for fields that do not exist or are hidden from the writer,
    `INVALID_FIELD_FOR_INSERT_UPDATE` for read-only ones, `REQUIRED_FIELD_MISSING`, `STRING_TOO_LONG` and the like.
    """
    typed: Values = {}
    locked: list[str] = []
    for name, value in given.items():
        if name == "attributes":
            continue
        field = sobject.field(name)
        if field is None or field.name in limits.hidden:
            message = f"No such column '{name}' on sobject of type {sobject.name}"
            raise ApiError(400, "INVALID_FIELD", message)
        if field.type is Type.ID:
            raise ApiError(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.")
        if field.name in limits.fixed or not (field.createable if creating else field.updateable):
            locked.append(field.name)
            continue
        typed[field.name] = _typed(field, value)
    if locked:
        raise _read_only(locked)
    _require(sobject, typed, creating=creating)
    return typed


def _read_only(names: list[str]) -> ApiError:
    message = (
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of this field "
        "and verify that it is read/write for your profile or permission set."
    )
    return ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, tuple(names))


def _require(sobject: SObject, typed: Values, *, creating: bool) -> None:
    wanted = [f.name for f in sobject.fields.values() if f.required and f.createable]
    missing = [n for n in wanted if (creating or n in typed) and typed.get(n) is None]
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise ApiError(400, "REQUIRED_FIELD_MISSING", message, tuple(missing))


def _typed(field: Field, value: Any) -> Any:
    if value is None or value == "":
        return False if field.type is Type.BOOLEAN else None
    return _READERS[field.type](field, value)


def _parser_error(field: Field, value: Any) -> ApiError:
    kind = {bool: "BOOLEAN", str: "STRING"}.get(type(value), "NUMBER")
    message = f"Cannot deserialize instance of {field.type} from VALUE_{kind} value {value}"
    return ApiError(400, "JSON_PARSER_ERROR", f"{message} or request may be missing a required field")


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _parser_error(field, value)
    if len(value) > field.length:
        message = f"{field.label}: data value too large: {value} (max length={field.length})"
        raise ApiError(400, "STRING_TOO_LONG", message, (field.name,))
    return value


def _choice(field: Field, value: Any) -> str:
    text = _text(field, value)
    if field.restricted and text not in field.picklist:
        message = f"{field.label}: bad value for restricted picklist field: {text}"
        raise ApiError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, (field.name,))
    return text


def _number(field: Field, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise _parser_error(field, value)
    try:
        number = Decimal(value)
        if not number.is_finite():
            raise _parser_error(field, value)
        rounded = number.quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP)
    except InvalidOperation as error:
        raise _parser_error(field, value) from error
    if abs(rounded) >= Decimal(10) ** (field.precision - field.scale):
        message = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", message, (field.name,))
    return rounded


def _whole(field: Field, value: Any) -> int:
    return int(_number(field, value))


def _date(field: Field, value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise _parser_error(field, value) from error


def _datetime(field: Field, value: Any) -> datetime:
    moment = moments.parse(value) if isinstance(value, str) else None
    if moment is None:
        raise _parser_error(field, value)
    return moment


def _boolean(field: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _parser_error(field, value)
    return value


def _id(field: Field, value: Any) -> str:
    full = ids.canonical(value) if isinstance(value, str) else None
    if full is None:
        message = f"{field.label}: id value of incorrect type: {value}"
        raise ApiError(400, "MALFORMED_ID", message, (field.name,))
    return full


_READERS: dict[Type, Callable[[Field, Any], Any]] = {
    Type.STRING: _text,
    Type.TEXTAREA: _text,
    Type.EMAIL: _text,
    Type.PHONE: _text,
    Type.PICKLIST: _choice,
    Type.DATE: _date,
    Type.DATETIME: _datetime,
    Type.BOOLEAN: _boolean,
    Type.REFERENCE: _id,
    **dict.fromkeys(NUMBERS, _number),
    Type.INT: _whole,
}
