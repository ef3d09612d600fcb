"""Webhooks that Dataverse posts: verify the shared value, then name what is to be read again.

The vendor does not sign: a registered value in the query or in a header is all that tells it from anybody else. So nothing
but ids is believed of a push, and the records are read again through the Web API.
https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self
from urllib.parse import parse_qsl

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.contract import Hint, RawRequest, Received, Refusal, Reply

MAX_BODY = 1024 * 1024
"""The vendor cuts a body above 256 KB, and does not say how it counts."""
_SHORTEST_KEY = 20
_GUID = re.compile(r"\{?([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})\}?")
_NOBODY = "00000000-0000-0000-0000-000000000000"
_DATE = re.compile(r"/Date\((-?[0-9]{1,15})\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STATUS: Mapping[Refusal, int] = {
    Refusal.UNSIGNED: 401,
    Refusal.BAD_SIGNATURE: 401,
    Refusal.TOO_LARGE: 413,
    # 502, 503 and 504 alone are tried again, once.
    Refusal.OVERLOADED: 503,
}


class Place(StrEnum):
    """Where the registered value stands in a request."""

    QUERY = "query"
    HEADER = "header"


def _plain(value: SecretStr) -> SecretStr:
    # Nothing in it may be encoded in one way by the registration and in another by us.
    if not re.fullmatch(rf"[A-Za-z0-9._~-]{{{_SHORTEST_KEY},200}}", value.get_secret_value()):
        raise ValueError(f"a webhook's key is {_SHORTEST_KEY} to 200 letters, digits or . _ ~ -")
    return value


class Webhook(BaseModel):
    """How the webhook is registered.

    https://learn.microsoft.com/power-apps/developer/data-platform/register-web-hook#authentication-options
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    place: Place = Field(
        default=Place.QUERY,
        description="`query` for the authentication WebhookKey or HttpQueryString, `header` for HttpHeader.",
    )
    name: str = Field(
        default="code",
        pattern=r"^[A-Za-z0-9_-]{1,100}$",
        description="Name of the query's part or of the header; WebhookKey always calls it `code`.",
    )
    keys: tuple[Annotated[SecretStr, AfterValidator(_plain)], ...] = Field(
        min_length=1,
        max_length=5,
        description="The registered value; several while it is changed. At least 20 letters, digits or . _ ~ -",
    )

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.place is Place.HEADER and self.name == "code":
            raise ValueError("name the header that the webhook is registered with")
        return self


class _Pair(msgspec.Struct):
    key: str | None = None
    value: Any = None


class _Context(msgspec.Struct):
    """What is read of a RemoteExecutionContext; what a cut body lacks has a default."""

    primary_entity_name: str | None = msgspec.field(name="PrimaryEntityName", default=None)
    primary_entity_id: str | None = msgspec.field(name="PrimaryEntityId", default=None)
    given: list[_Pair] | None = msgspec.field(name="InputParameters", default=None)
    returned: list[_Pair] | None = msgspec.field(name="OutputParameters", default=None)
    before: list[_Pair] | None = msgspec.field(name="PreEntityImages", default=None)
    after: list[_Pair] | None = msgspec.field(name="PostEntityImages", default=None)


_DECODER = msgspec.json.Decoder(_Context)


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the message: its id, empty where only its columns are known, and the columns that came with it."""

    id: str
    columns: Mapping[str, Any]


class Receiver:
    """Takes the pushes of one environment. Nothing is read but the request.

    `kinds` gives for each table that is read, by its logical name, the tables of its lines.
    """

    def __init__(self, webhook: Webhook | None, kinds: Mapping[str, Collection[str]]) -> None:
        self._webhook = webhook
        self._kinds = kinds
        self._lines = frozenset(line for lines in kinds.values() for line in lines)

    def receive(self, request: RawRequest) -> Received:
        """Verify one push and name the records to read again; raises nothing whatever the bytes are.

        A push of a table that nobody reads is taken, and brings nothing.
        """
        fault = self._unproven(request)
        if fault is not None:
            return fault
        if len(request.body) > MAX_BODY:
            return self._refused(Refusal.TOO_LARGE, f"The body has more than {MAX_BODY} bytes.")
        try:
            context = _DECODER.decode(request.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._refused(Refusal.MALFORMED, "The body is not an execution context as Dataverse documents it.")
        table = (context.primary_entity_name or "").lower()
        if table not in self._kinds and table not in self._lines:
            return Received(Reply(200))
        hints = tuple(dict.fromkeys(self._hints(table, context)))
        if not hints and table in self._kinds:
            return self._refused(
                Refusal.INCOMPLETE,
                "The push names no record: register the webhook on Create, Update and Delete, not on their "
                "messages for many rows.",
            )
        return Received(Reply(200), hints=hints)

    def refuse(self, refusal: Refusal) -> Reply:
        """Return the reply to a push that is not taken; its body is the reason's name."""
        return Reply(_STATUS.get(refusal, 400), refusal.encode())

    def _unproven(self, request: RawRequest) -> Received | None:
        webhook = self._webhook
        if webhook is None:
            return self._refused(Refusal.UNSIGNED, "No webhook is configured: name its key in `webhook`.")
        given = [each.encode("utf-8", "replace") for each in _given(webhook, request) if each]
        if not given:
            return self._refused(
                Refusal.UNSIGNED,
                f"The push has no {webhook.name} in its {webhook.place}: compare the webhook's authentication.",
            )
        held = False
        # Every pair is compared, so that time tells nothing.
        for key in webhook.keys:
            for value in given:
                held |= hmac.compare_digest(value, key.get_secret_value().encode())
        if held:
            return None
        return self._refused(Refusal.BAD_SIGNATURE, "The push's key is not the one of `webhook`.")

    def _hints(self, table: str, context: _Context) -> Iterator[Hint]:
        rows = list(_rows(context))
        if table in self._kinds:
            yield from (Hint(table, row.id, _modified(row.columns)) for row in rows if row.id)
        if table in self._lines:
            # A cut push, or one of a changed column alone, does not name the parent: its own change does.
            for row in (*rows, *_images(context.before)):
                for kind, parent in _references(row.columns):
                    if table in self._kinds.get(kind, ()):
                        yield Hint(kind, parent)

    def _refused(self, refusal: Refusal, reason: str) -> Received:
        return Received(self.refuse(refusal), refusal=refusal, reason=reason)


def _given(webhook: Webhook, request: RawRequest) -> list[str]:
    if webhook.place is Place.HEADER:
        return [request.headers.get(webhook.name.lower(), "")]
    try:
        return [value for name, value in parse_qsl(request.query, max_num_fields=50) if name == webhook.name]
    except ValueError:
        return []


def _rows(context: _Context) -> Iterator[_Row]:
    """Give the row of the message, or the rows of one for many, each with what is known of its new state."""
    given = {pair.key: pair.value for pair in context.given or ()}
    targets = given.get("Targets")
    many = targets.get("Entities") if isinstance(targets, dict) else None
    if isinstance(many, list):
        yield from (_Row(_id(each.get("Id")), _columns(each)) for each in many if isinstance(each, dict))
        return
    created = next((pair.value for pair in context.returned or () if pair.key == "id"), None)
    columns = dict(_columns(given.get("Target")))
    for image in _images(context.after):
        columns |= image.columns
    yield _Row(_id(context.primary_entity_id) or _id(created), columns)


def _images(pairs: Sequence[_Pair] | None) -> Iterator[_Row]:
    yield from (_Row("", _columns(pair.value)) for pair in pairs or ())


def _columns(entity: Any) -> Mapping[str, Any]:
    attributes = entity.get("Attributes") if isinstance(entity, dict) else None
    found = (each for each in attributes or () if isinstance(each, dict)) if isinstance(attributes, list) else ()
    return {str(each.get("key")): each.get("value") for each in found}


def _references(columns: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for value in columns.values():
        if isinstance(value, dict) and _id(value.get("Id")):
            yield str(value.get("LogicalName")), _id(value.get("Id"))


def _id(value: Any) -> str:
    """Return a row's id as the Web API writes it, empty where it is none."""
    match = _GUID.fullmatch(value) if isinstance(value, str) else None
    found = match[1].lower() if match else ""
    return "" if found == _NOBODY else found


def _modified(columns: Mapping[str, Any]) -> datetime | None:
    """Return the row's new `modifiedon` in whole seconds, as it will be read; None where it did not come.

    `OperationCreatedOn` is not used: in the vendor's own example it lies a second behind `modifiedon`, and its offset is
    counted twice, so that no read could reach it (A-DYNAMICS-201).
    """
    value = columns.get("modifiedon")
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    try:
        return _EPOCH + timedelta(seconds=int(match[1]) // 1000) if match else None
    except OverflowError:
        return None
