"""The five resources of the protocol, below one path."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from connectors.generic.sandbox.company import KIND, Carried, Company, PurchaseRequest
from connectors.generic.sandbox.decisions import Decision, Declined, changes, permitted
from connectors.generic.sandbox.signatures import Incoming, fault

ROOT = "purchasing"
_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose sight of which records is asked for."""

    actor: str
    kind: str
    ids: tuple[str, ...]


_DECISION = msgspec.json.Decoder(Decision, float_hook=Decimal)
_ASKED = msgspec.json.Decoder(Asked)


class Protocol:
    """An ASGI application. `keys` are those that requests may be signed with, by their ids."""

    def __init__(self, company: Company, keys: Mapping[str, bytes]) -> None:
        self._company = company
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        raw_path = scope["raw_path"].decode("ascii")
        incoming = Incoming(request.method, raw_path, dict(request.headers), await request.body())
        why = fault(incoming, self._keys, time.time())
        try:
            response = _problem(401, {"detail": why}) if why else await self._answer(incoming)
        except (msgspec.MsgspecError, KeyError):
            response = _problem(400, {"detail": "This is not what the protocol asks for."})
        await response(scope, receive, send)

    async def _answer(self, incoming: Incoming) -> Response:
        match [incoming.method, *(unquote(part) for part in incoming.path.strip("/").split("/"))]:
            case ["POST", root, "sees"] if root == ROOT:
                return self._seen(_ASKED.decode(incoming.body))
            case ["GET", root, kind, id_] if root == ROOT:
                return self._of(kind, id_, lambda known: _json(self._company.shown(known)))
            case ["POST", root, kind, id_, "may"] if root == ROOT:
                return self._of(kind, id_, lambda known: self._may(known, _DECISION.decode(incoming.body)))
            case ["GET", root, kind, id_, "actions", key] if root == ROOT:
                return self._carried(kind, id_, key)
            case ["POST", root, kind, id_, "actions"] if root == ROOT:
                return await self._act(kind, id_, incoming)
        return Response("Not Found", 404)

    def _of(self, kind: str, id_: str, answer: Callable[[PurchaseRequest], Response]) -> Response:
        known = self._company.requests.get(id_) if kind == KIND else None
        if known is None:
            return _problem(404, {"kind": kind, "id": id_})
        return _problem(410, {"kind": kind, "id": id_}) if known.deleted else answer(known)

    def _may(self, known: PurchaseRequest, decision: Decision) -> Response:
        why = permitted(self._company, decision, known)
        return _json({"allowed": False, "reason": why} if why else {"allowed": True})

    def _seen(self, asked: Asked) -> Response:
        user = self._company.users.get(asked.actor)
        known = [self._company.requests[each] for each in asked.ids if each in self._company.requests]
        if user is None or asked.kind != KIND:
            return _json({})
        seen = {str(each.id): self._company.fields_for(user, each) for each in known}
        return _json({id_: names for id_, names in seen.items() if names})

    def _carried(self, kind: str, id_: str, key: str) -> Response:
        carried = self._company.carried.get((id_, key)) if kind == KIND else None
        return _problem(404, {"kind": kind, "id": id_}) if carried is None else _json(carried.answer)

    async def _act(self, kind: str, id_: str, incoming: Incoming) -> Response:
        key = (id_, _unquoted(incoming.headers["idempotency-key"]))
        said = hashlib.sha256(incoming.body).digest()
        if (before := self._company.carried.get(key)) is not None:
            same = before.digest == said
            return _json(before.answer) if same else _problem(422, {"detail": "The key came with another body."})
        if key in self._company.working:
            return _problem(409, {"detail": "This is being carried out."}, {"Retry-After": "1"})
        self._company.working.add(key)
        try:
            await asyncio.sleep(self._company.pace)
            return self._of(kind, id_, lambda known: self._write(known, key, incoming))
        finally:
            self._company.working.discard(key)

    def _write(self, known: PurchaseRequest, key: tuple[str, str], incoming: Incoming) -> Response:
        decision = _DECISION.decode(incoming.body)
        try:
            values = changes(self._company, decision, known, _unquoted(incoming.headers["if-match"]))
        except Declined as declined:
            return _problem(declined.status, declined.problem)
        answer = self._company.shown(self._company.change(known, decision.actor, **values))
        self._company.writes += 1
        self._company.carried[key] = Carried(hashlib.sha256(incoming.body).digest(), answer)
        return _json(answer)


def _unquoted(header: str) -> str:
    return unquote(header.removeprefix('"').removesuffix('"'))


def _json(body: object, status: int = 200) -> Response:
    return Response(_ENCODER.encode(body), status, media_type="application/json")


def _problem(status: int, members: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    content = _ENCODER.encode({"status": status, **members})
    return Response(content, status, dict(headers or {}), media_type="application/problem+json")
