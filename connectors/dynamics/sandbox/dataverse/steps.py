"""Steps: which changes go to which address, read from the rows that register them.

See https://learn.microsoft.com/power-apps/developer/data-platform/register-web-hook
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from connectors.dynamics.sandbox.dataverse.contexts import MESSAGES, Image
from connectors.dynamics.sandbox.dataverse.org import Org
from connectors.dynamics.sandbox.refusal import Refusal, unsupported
from connectors.dynamics.sandbox.schema import Ref, Table
from connectors.dynamics.sandbox.store import Kind, Row, Written

WEBHOOK = 8
SYNCHRONOUS, ASYNCHRONOUS = 0, 1
POST_OPERATION = 40
PRE_IMAGE, POST_IMAGE, BOTH_IMAGES = 0, 1, 2
_SETTING = re.compile(r'<setting\s+name="([^"]*)"\s+value="([^"]*)"\s*/?>')


class Auth(StrEnum):
    """Where the shared value stands."""

    HEADER = "HttpHeader"
    KEY = "WebhookKey"
    QUERY = "HttpQueryString"


AUTH_TYPES = {Auth.KEY: 4, Auth.HEADER: 5, Auth.QUERY: 6}


@dataclass(frozen=True, slots=True)
class Step:
    """Changes of one kind in `table` go to `url`.

    `columns` filter updates, none for all; `values` are the shared values.
    """

    id: str
    endpoint: str
    url: str
    table: str
    kind: Kind
    columns: frozenset[str]
    images: Sequence[Image]
    auth: Auth
    values: Mapping[str, str]

    def asks_for(self, written: Written) -> bool:
        """Tell whether a change is sent."""
        if self.table != written.table or written.kind is not self.kind:
            return False
        return self.kind is not Kind.UPDATED or not self.columns or bool(self.columns & set(written.names))


def living(org: Org) -> Iterator[Step]:
    """Yield the steps that are enabled and whose webhook is there."""
    for row in org.store.rows("sdkmessageprocessingstep"):
        endpoint = _led(org, row, "eventhandler")
        if row.values.get("statecode") == 0 and endpoint is not None and endpoint.values.get("contract") == WEBHOOK:
            yield from _step(org, row, endpoint)


def check(org: Org, table: Table, given: Mapping[str, Any]) -> None:
    """Let a registration pass that can be. Raises `Refusal` 400, 501."""
    if table.name == "serviceendpoint" and given.get("contract") == WEBHOOK:
        _shared_values(_auth(given), str(given.get("authvalue") or ""))
    if table.name != "sdkmessageprocessingstep":
        return
    if given.get("mode") == SYNCHRONOUS:
        raise unsupported("steps that run synchronously")
    if given.get("stage", POST_OPERATION) != POST_OPERATION:
        raise Refusal(400, "0x80040203", "Asynchronous steps can only be registered in the stage Post-operation.")
    step = Row("", dict(given), 0)
    narrowed, message = _led(org, step, "sdkmessagefilterid"), _led(org, step, "sdkmessageid")
    if narrowed is not None and message is not None and narrowed.values["sdkmessageid"].id != message.id:
        raise Refusal(400, "0x80040203", "The message filter does not belong to the message.")


def auth_value(auth: Auth, values: Mapping[str, str]) -> str:
    """Return shared values as they are written into a registration."""
    if auth is Auth.KEY:
        return next(iter(values.values()), "")
    listed = (f'<setting name="{html.escape(k)}" value="{html.escape(v)}" />' for k, v in values.items())
    return f"<settings>{''.join(listed)}</settings>"


def _step(org: Org, row: Row, endpoint: Row) -> Iterator[Step]:
    message, narrowed = _led(org, row, "sdkmessageid"), _led(org, row, "sdkmessagefilterid")
    kind = next((k for k, name in MESSAGES.items() if message is not None and message.values["name"] == name), None)
    if kind is None or narrowed is None:
        return
    auth = _auth(endpoint.values)
    yield Step(
        id=row.id,
        endpoint=endpoint.id,
        url=str(endpoint.values.get("url") or ""),
        table=str(narrowed.values["primaryobjecttypecode"]),
        kind=kind,
        columns=frozenset(_names(row.values.get("filteringattributes"))),
        images=list(_images(org, row)),
        auth=auth,
        values=_shared_values(auth, str(endpoint.values.get("authvalue") or "")),
    )


def _images(org: Org, step: Row) -> Iterator[Image]:
    for row in org.store.rows("sdkmessageprocessingstepimage"):
        if row.values.get("sdkmessageprocessingstepid") == Ref("sdkmessageprocessingstep", step.id):
            kind = row.values.get("imagetype")
            yield Image(
                alias=str(row.values.get("entityalias") or ""),
                columns=_names(row.values.get("attributes")),
                before=kind in {PRE_IMAGE, BOTH_IMAGES},
                after=kind in {POST_IMAGE, BOTH_IMAGES},
            )


def _led(org: Org, row: Row, column: str) -> Row | None:
    ref = row.values.get(column)
    return org.store.find(ref.table, ref.id) if isinstance(ref, Ref) else None


def _names(text: object) -> Sequence[str]:
    return [name.strip() for name in str(text or "").split(",") if name.strip()]


def _auth(values: Mapping[str, Any]) -> Auth:
    found = next((auth for auth, code in AUTH_TYPES.items() if code == values.get("authtype")), None)
    if found is None:
        raise Refusal(400, "0x80040203", "A webhook needs an authentication type of its own.")
    return found


def _shared_values(auth: Auth, text: str) -> Mapping[str, str]:
    # A-DYNAMICS-26: the pages do not show how several values are written into one
    if auth is Auth.KEY:
        return {"code": text}
    found = {html.unescape(name): html.unescape(value) for name, value in _SETTING.findall(text)}
    if text and not found and "<settings" not in text:
        raise Refusal(400, "0x80040203", "The authentication value is not a list of settings.")
    return found
