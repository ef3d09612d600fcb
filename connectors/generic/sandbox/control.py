"""What the company's system itself does not have: a look behind it, and a push on demand."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import anyio.to_thread
import msgspec
import requests
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.generic.sandbox.company import Company, PurchaseRequest
from connectors.settings_types import loopback_or_https

TIMEOUT_S = 10.0
CHANGEABLE = frozenset({"subject", "amount", "state", "cost_centre", "note", "limit_text", "decided_by", "comment"})
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


class ControlApi:
    """The twin's own part of `/__sandbox/`. `push_key` signs what is pushed."""

    def __init__(self, company: Company, push_key: bytes, describe: Callable[[str], Mapping[str, Any]]) -> None:
        self._company = company
        self._push_key = push_key
        self._describe = describe

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/", self._described, methods=["GET"]),
            Route("/writes", self._writes, methods=["GET"]),
            Route("/pace", self._pace, methods=["POST"]),
            Route("/records/{id}", self._shown, methods=["GET"]),
            Route("/records/{id}", self._change, methods=["PATCH"]),
            Route("/records/{id}", self._delete, methods=["DELETE"]),
            Route("/push/{id}", self._push, methods=["POST"]),
        ]

    async def _described(self, request: Request) -> Response:
        return JSONResponse(self._describe(str(request.base_url).rstrip("/").removesuffix("/__sandbox")))

    async def _writes(self, _request: Request) -> Response:
        return JSONResponse({"writes": self._company.writes})

    async def _pace(self, request: Request) -> Response:
        self._company.pace = float((await request.json())["seconds"])
        return JSONResponse({})

    async def _shown(self, request: Request) -> Response:
        return self._answer(self._known(request))

    async def _change(self, request: Request) -> Response:
        given = _DECODER.decode(await request.body())
        known, values = self._known(request), given["values"]
        if odd := sorted(set(values) - CHANGEABLE):
            raise HTTPException(400, f"no such values: {', '.join(odd)}; known are {', '.join(sorted(CHANGEABLE))}")
        return self._answer(self._company.change(known, given.get("by", "u-201"), **values))

    async def _delete(self, request: Request) -> Response:
        return self._answer(self._company.change(self._known(request), "u-201", deleted=True))

    async def _push(self, request: Request) -> Response:
        address = loopback_or_https((await request.json())["to"])
        body = _ENCODER.encode(self._company.shown(self._known(request)))
        status = await anyio.to_thread.run_sync(self._post, address, body)
        return JSONResponse({"status": status})

    def _post(self, address: str, body: bytes) -> int:
        at = str(int(time.time()))
        signature = hmac.new(self._push_key, at.encode() + b"." + body, "sha256").hexdigest()
        headers = {"X-Signature": f"sha256={signature}", "X-Signed-At": at, "Content-Type": "application/json"}
        return requests.post(address, data=body, headers=headers, timeout=TIMEOUT_S).status_code

    def _known(self, request: Request) -> PurchaseRequest:
        known = self._company.requests.get(request.path_params["id"])
        if known is None:
            raise HTTPException(404, f"there is no such request; known are {', '.join(self._company.requests)}")
        return known

    def _answer(self, request: PurchaseRequest) -> Response:
        return Response(_ENCODER.encode(self._company.shown(request)), media_type="application/json")
