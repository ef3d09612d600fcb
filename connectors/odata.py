"""OData v4 as several vendors speak it: literals, query text, addresses, pages and errors.

https://docs.oasis-open.org/odata/odata/v4.0/os/part2-url-conventions/odata-v4.0-os-part2-url-conventions.html
https://docs.oasis-open.org/odata/odata-json-format/v4.0/os/odata-json-format-v4.0-os.html
Only what version 4.0 allows is written here; what one vendor adds is handed in by its connector.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeAlias
from urllib.parse import quote, urljoin, urlsplit
from uuid import UUID

import requests

HEADERS: Mapping[str, str] = MappingProxyType(
    {"Accept": "application/json", "OData-Version": "4.0", "OData-MaxVersion": "4.0"}
)
"""What every request carries: an answer of a later version would have another form."""

Literal: TypeAlias = str | bool | int | Decimal | date | datetime | UUID | None
RawRow: TypeAlias = Mapping[str, Any]

_NAME = re.compile(r"[A-Za-z_]\w{0,127}", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?")
# What has a meaning of its own in query text stands as it is; inside a text's quotes the grammar has no plain slash:
# https://docs.oasis-open.org/odata/odata/v4.0/os/abnf/odata-abnf-construction-rules.txt (rules string and pchar)
_PLAIN_IN_QUERY = "$(),/:;=@*"
_PLAIN_IN_TEXT = "'(),:@"
_WIDEST = 400
"""Digits before or behind the point; more is no number of a business, and would fill the memory."""


class NotOData(ValueError):
    """Not what the standard describes."""


class LeadsAway(NotOData):
    """A link leads to another server than the one that was asked."""


def name(text: str) -> str:
    """Return a property's path such as `customerid/name` if it is one. Raises ValueError.

    Letters outside ASCII, which the standard allows, are refused: no vendor here has them.
    """
    if all(_NAME.fullmatch(part) for part in text.split("/")):
        return text
    raise ValueError("this is no name of a property")


def literal(value: Literal) -> str:
    """Write a value as it stands in a filter or key, not yet percent-encoded.

    An aware datetime is written in UTC, with as many decimals as it needs; a UUID bare, text in single quotes. Raises
    ValueError for a datetime without zone and for a Decimal that is no number.
    """
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("this is no number")
        return format(value, "f")
    return str(value)


def guid(text: str) -> UUID:
    """Read an id that the standard calls Edm.Guid, with or without braces. Raises ValueError."""
    inner = text[1:-1] if text[:1] == "{" and text[-1:] == "}" else text
    if not re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", inner):
        raise ValueError("this is no GUID")
    return UUID(inner)


def compare(path: str, operator: str, value: Literal) -> str:
    """Write one condition; `operator` is eq, ne, gt, ge, lt or le. Raises ValueError."""
    if operator not in {"eq", "ne", "gt", "ge", "lt", "le"}:
        raise ValueError("this is no operator")
    return f"{name(path)} {operator} {literal(value)}"


def every(*conditions: str) -> str:
    """Join conditions by `and`, of which none may itself be joined by a bare `or`."""
    return " and ".join(conditions)


def either(conditions: Iterable[str]) -> str:
    """Join conditions by `or`, in brackets. Raises ValueError where there are none: that would select everything."""
    joined = " or ".join(conditions)
    if not joined:
        raise ValueError("a choice needs conditions")
    return f"({joined})"


def one_of(path: str, values: Iterable[Literal]) -> str:
    """Write that a property has one of these values; the operator `in` is younger than version 4.0."""
    return either(compare(path, "eq", value) for value in values)


def ascending(*paths: str) -> str:
    """Write the text of `$orderby`."""
    return ",".join(f"{name(path)} asc" for path in paths)


def selected(paths: Iterable[str]) -> str:
    """Write the text of `$select`, each name once."""
    return ",".join(dict.fromkeys(name(path) for path in paths))


def keyed(entity_set: str, key: Literal | Mapping[str, Literal]) -> str:
    """Write the path of one entity, percent-encoded: `accounts(…)`, or by an alternate key `orders(number='SO-1')`."""
    if isinstance(key, Mapping):
        inner = ",".join(f"{name(part)}={_key(value)}" for part, value in key.items())
    else:
        inner = _key(key)
    return f"{name(entity_set)}({inner})"


def address(service: str, path: str, options: Mapping[str, str] | None = None) -> str:
    """Write a whole address below a service's root; the values of `options` are percent-encoded here, blanks as %20."""
    where = f"{service.rstrip('/')}/{path}"
    if not options:
        return where
    written = (f"{quote(key, safe='$@')}={_encoded(value)}" for key, value in options.items())
    return f"{where}?{'&'.join(written)}"


def link(asked: str, found: Any, context: Any = None) -> str:
    """Return a link that an answer holds as a whole address, without a change to what it says.

    `asked` is the address that was called, `context` the answer's `@odata.context`: a relative link counts from there.
    Only a blank or a sign outside ASCII, which no request line can carry, is percent-encoded. Raises LeadsAway for a
    link to another server, NotOData for what is none.
    """
    if not isinstance(found, str) or not found or re.search(r"[\x00-\x1f\x7f]", found):
        raise NotOData("a link is not an address")
    written = re.sub(r"[ \x80-\U0010ffff]", lambda sign: quote(sign[0], errors="replace"), found)
    base = urljoin(asked, context) if isinstance(context, str) else asked
    whole = written if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", written) else urljoin(base, written)
    if _origin(whole) != _origin(asked):
        raise LeadsAway("a link leads to another server")
    return whole


@dataclass(frozen=True, slots=True)
class Removed:
    """A row that a delta says is gone: `id` as the vendor writes it, `reason` deleted or changed."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A page: its rows, what it says was removed, and where to read on or to ask for changes later (else empty)."""

    rows: tuple[RawRow, ...]
    removed: tuple[Removed, ...] = ()
    next_link: str = ""
    delta_link: str = ""


def page(body: Any, asked: str) -> Rows:
    """Read the answer to a query at the address `asked`, or to one of its links.

    Links between entities, which a delta may hold as well, are left out. Raises NotOData and LeadsAway.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("value"), list):
        raise NotOData("the answer is no collection")
    rows: list[RawRow] = []
    removed: list[Removed] = []
    for row in body["value"]:
        if not isinstance(row, Mapping):
            raise NotOData("a row is no object")
        context = str(row.get("@odata.context") or "")
        if context.endswith("/$deletedEntity"):
            removed.append(Removed(str(row.get("id") or ""), str(row.get("reason") or "")))
        elif not context.endswith(("/$link", "/$deletedLink")):
            rows.append(row)
    links = {key: link(asked, body[key], body.get("@odata.context")) for key in _LINKS if key in body}
    return Rows(tuple(rows), tuple(removed), *(links.get(key, "") for key in _LINKS))


def etag(row: RawRow) -> str:
    """Return the tag of a row's state for `If-Match`, empty where it has none."""
    return str(row.get("@odata.etag") or "")


def annotation(row: RawRow, prop: str, term: str) -> Any:
    """Return what an annotation says of a property, None where it is absent."""
    return row.get(f"{prop}@{term}")


def number(raw: Any) -> Decimal:
    """Read a number, which stands as text where the vendor writes it IEEE754Compatible. Raises ValueError.

    It keeps its value and loses the zeros at its end, so that two forms of one number are one.
    """
    if isinstance(raw, str) and _NUMBER.fullmatch(raw):
        raw = Decimal(raw)
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal) or abs(Decimal(raw).adjusted()) > _WIDEST:
        raise ValueError("this is no number")
    text = format(Decimal(raw), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return Decimal(text) if text.strip("-0.") else Decimal(0)


def moment(raw: Any) -> datetime:
    """Read an Edm.DateTimeOffset as aware UTC. Raises ValueError or TypeError."""
    at = datetime.fromisoformat(raw)
    if at.tzinfo is None:
        raise ValueError("a time without zone")
    return at.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer that is an error. `message` may quote a value: it is for recognising, not for a log."""

    status: int
    code: str = ""
    message: str = field(default="", repr=False)
    details: tuple[tuple[str, str], ...] = ()
    """(code, target) of each part."""

    @classmethod
    def read(cls, status: int, body: Any) -> Fault:
        """Read `{"error": {"code", "message", "details", "innererror"}}`; any other body leaves the status alone."""
        error = body.get("error") if isinstance(body, Mapping) else None
        if not isinstance(error, Mapping):
            return cls(status)
        details = error.get("details")
        parts = [part for part in details if isinstance(part, Mapping)] if isinstance(details, list) else []
        named = tuple((_code(part.get("code")), _code(part.get("target"))) for part in parts)
        return cls(status, _code(error.get("code")), str(error.get("message") or ""), named)

    @property
    def detail(self) -> str:
        """Status and code, without a value."""
        return f"HTTP {self.status} {self.code}".rstrip()


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a whole, percent-encoded address, which goes out as it stands."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, lower-case headers and the parsed body: numbers as int and Decimal, None where there is no JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any = None
    content: bytes = field(default=b"", repr=False)

    @property
    def fault(self) -> Fault:
        """Read as an error."""
        return Fault.read(self.status, self.body)


def send(session: requests.Session, request: Request, timeout: tuple[float, float]) -> Answer:
    """Send one request once; `timeout` is (connect, read) in seconds. Raises what requests raises.

    The address is handed on unchanged: a link holds text that is encoded several times over, and requests would undo
    some of it. (urllib3 still writes the letters of an escape large, which means the same:
    https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2.1)
    """
    headers = {**HEADERS, **request.headers}
    if request.body is not None:
        headers.setdefault("Content-Type", "application/json")
    ours = session.prepare_request(requests.Request(request.method, request.url, headers=headers, data=request.body))
    ours.url = request.url
    said = session.send(ours, timeout=timeout, allow_redirects=False)
    names = {key.lower(): value for key, value in said.headers.items()}
    return Answer(said.status_code, names, parsed(said.content), said.content)


def parsed(content: bytes) -> Any:
    """Parse JSON without a float; None for what is no JSON, an empty body included."""
    try:
        return json.loads(content, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None


def prefer(*wishes: str) -> Mapping[str, str]:
    """Write the header `Prefer`: https://www.rfc-editor.org/rfc/rfc7240."""
    return {"Prefer": ",".join(wishes)} if wishes else {}


def parts(values: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    """Cut a list into pieces of at most `size`."""
    return (values[start : start + size] for start in range(0, len(values), size))


_LINKS = ("@odata.nextLink", "@odata.deltaLink")


def _moment(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("a time without zone")
    bare = at.astimezone(UTC).replace(tzinfo=None)
    return bare.isoformat(timespec="auto" if bare.microsecond else "seconds") + "Z"


def _key(value: Literal) -> str:
    return quote(literal(value), safe="'")


def _encoded(value: str) -> str:
    """Percent-encode a query option's value; each second piece between its single quotes is a text."""
    pieces = re.split(r"('(?:[^']|'')*')", value)
    return "".join(
        quote(each, safe=_PLAIN_IN_TEXT if place % 2 else _PLAIN_IN_QUERY) for place, each in enumerate(pieces)
    )


def _origin(url: str) -> tuple[str, str, int | None]:
    try:
        found = urlsplit(url)
        port = found.port
    except ValueError:
        raise NotOData("a link is not an address") from None
    if found.username is not None:
        raise NotOData("a link names a user")
    return found.scheme, found.hostname or "", port or {"https": 443, "http": 80}.get(found.scheme)


def _code(value: Any) -> str:
    return re.sub(r"[^\w./ -]", "", str(value or ""))[:120]


def _no_number(_text: str) -> None:
    raise ValueError("not a number")
