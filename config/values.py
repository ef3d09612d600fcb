"""The values of the bridge file: each is written as text and read strictly."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any

from babel import Locale, UnknownLocaleError
from babel.numbers import is_currency
from pydantic import AfterValidator, BeforeValidator

from config import cron
from connectors.contract import Money, Quantity, Value
from connectors.settings_types import Duration, ZoneName
from pipelines import windows
from pipelines.plan import FieldType
from pipelines.quiet import calendars
from pipelines.units import are_same
from pipelines.written import written

DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CEL_WORDS = frozenset(
    {
        *("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop"),
        *("namespace", "null", "package", "return", "true", "var", "void", "while"),
    }
)
"""Reserved by the language: https://github.com/cel-expr/cel-spec/blob/master/doc/langdef.md."""
_GIVEN_WORDS = frozenset({"changed", "deleted", "is_new", "now", "present", "was"})
"""What every condition sees beside fields and thresholds."""


@dataclass(frozen=True, slots=True)
class Written:
    """How a value is written, for the reference."""

    how: str


def _matches(pattern: str, sentence: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if re.fullmatch(pattern, value) is None:
            raise ValueError(f"'{value}' cannot stand here: {sentence}")
        return value

    return check


def _identifier(value: str) -> str:
    if value in _CEL_WORDS | _GIVEN_WORDS:
        raise ValueError(f"'{value}' is a word of the conditions: take another name")
    return value


def _flag(value: Any) -> bool:
    if value in ("true", "false", True, False):
        return value in ("true", True)
    raise ValueError("write true or false")


def _day(value: Any) -> date:
    if isinstance(value, str) and re.fullmatch(DAY, value):
        return date.fromisoformat(value)
    raise ValueError("write a day as 2026-11-01")


def moment(value: Any) -> datetime:
    """Read a time with its zone, such as 2026-11-01T00:00:00+08:00. Raises ValueError."""
    if not isinstance(value, str) or not re.match(f"{DAY}T[0-9]{{2}}:[0-9]{{2}}", value):
        raise ValueError("write a time as 2026-11-01T00:00:00+08:00")
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("say in which zone: write +08:00 or Z behind the time")
    return found


def _clock(value: Any) -> Any:
    if isinstance(value, time):
        return value
    if isinstance(value, str) and re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", value):
        return time.fromisoformat(value)
    raise ValueError("write a time of the day as 09:00")


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than nothing")
    return value


def _locale(value: str) -> str:
    try:
        return str(Locale.parse(value.replace("-", "_")))
    except (ValueError, UnknownLocaleError) as error:
        raise ValueError(f"there is no locale '{value}': write a name such as en, zh_Hans_CN or zh_Hant_HK") from error


def _currency(value: str) -> str:
    if not is_currency(value):
        raise ValueError(f"there is no currency '{value}': write an ISO 4217 code such as HKD")
    return value


def _filled(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def _cron(value: Any) -> cron.Cron:
    return cron.parse(value if isinstance(value, str) else "")


def _window(value: Any) -> windows.DayWindow:
    return windows.window(value if isinstance(value, str) else "")


def _calendar(value: str) -> str:
    if value not in calendars():
        raise ValueError(f"there is no calendar '{value}': write a country such as HK, CN, ID or SG")
    return value


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _unique(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = {value for value in values if values.count(value) > 1}
    if twice:
        raise ValueError(f"'{min(twice)}' stands here twice: keep one")
    return values


def _factor(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", value) and Decimal(value):
        return Decimal(value)
    raise ValueError("write how much of the other unit one of this is, such as 24 or 0.001")


def _places(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch("1?[0-9]", value):
        return int(value)
    raise ValueError("write how many decimals there are at least: 0 to 19")


def given(field_type: FieldType, text: str) -> Value:
    """Read a value of a field of this type, as `pipelines.written` does, in a currency that there is.

    Raises ValueError.
    """
    found = written(field_type, text)
    if isinstance(found, Money):
        _currency(found.currency)
    return found


def bound(field_type: FieldType, text: str, constant: str = "") -> Decimal | Money | Quantity:
    """Read the bound of a threshold: `1000000`, `HKD 1000000` or `100 EA`, as the field's type demands.

    `constant` is the currency or unit that the field always has, if it has one. Raises ValueError.
    """
    wrong = f"the field is {field_type}: thresholds compare number, money and quantity"
    if field_type not in {FieldType.NUMBER, FieldType.MONEY, FieldType.QUANTITY}:
        raise ValueError(wrong)
    match given(field_type, text):
        case Money() as money:
            _same(money.currency, constant)
            return money
        case Quantity() as quantity:
            _same(quantity.unit, constant)
            return quantity
        case Decimal() as number:
            return number
        case _:
            raise ValueError(wrong)


def _same(unit: str, constant: str) -> None:
    if constant and not are_same(unit, constant):
        raise ValueError(f"the field is always in {constant}: it cannot be compared with {unit}")


Filled = Annotated[str, AfterValidator(_filled), Written("text")]
Name = Annotated[
    str,
    AfterValidator(_matches(r"[a-z0-9][a-z0-9-]*", "write small letters, digits and hyphens")),
    Written("name"),
]
Identifier = Annotated[
    str,
    AfterValidator(_matches(r"[a-z][a-z0-9_]*", "write small letters, digits and underscores, a letter first")),
    AfterValidator(_identifier),
    Written("field name"),
]
Flag = Annotated[bool, BeforeValidator(_flag), Written("true or false")]
Day = Annotated[date, BeforeValidator(_day), Written("day")]
Moment = Annotated[datetime, BeforeValidator(moment), Written("time with zone")]
Span = Annotated[Duration, AfterValidator(_positive), Written("duration")]
CronTimes = Annotated[cron.Cron, BeforeValidator(_cron), Written("five fields")]
Window = Annotated[windows.DayWindow, BeforeValidator(_window), Written("window")]
Calendar = Annotated[str, AfterValidator(_calendar), Written("country")]
Clock = Annotated[time, BeforeValidator(_clock), Written("time of the day")]
MailAddress = Annotated[
    str,
    AfterValidator(_matches(r"[^@\s<>,;:]+@[^@\s<>,;:]+", "write an address such as ops@example.com")),
    Written("mail address"),
]
Zone = Annotated[ZoneName, Written("IANA time zone")]
LocaleName = Annotated[str, AfterValidator(_locale), Written("locale")]
Currency = Annotated[str, AfterValidator(_currency), Written("ISO 4217 code")]
Factor = Annotated[Decimal, BeforeValidator(_factor), Written("positive number")]
Places = Annotated[int, BeforeValidator(_places), Written("whole number")]
Listed = BeforeValidator(_listed)
Unique = AfterValidator(_unique)
