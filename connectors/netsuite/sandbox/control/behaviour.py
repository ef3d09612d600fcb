"""How the twin behaves: access tokens that end, places that are taken, settings and switches."""

from __future__ import annotations

import re
import time
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from connectors.netsuite.sandbox import approvals
from connectors.netsuite.sandbox.control.desk import Desk, Table, order, told
from connectors.netsuite.sandbox.governance import Slowness
from connectors.netsuite.sandbox.settings import Settings
from connectors.netsuite.sandbox.switches import CLAIMS, Switches
from connectors.sandbox.switches import described


class Occupy(msgspec.Struct, forbid_unknown_fields=True):
    """Let other integrations hold `places` of the account's, for `seconds` or until they are cleared."""

    places: int
    seconds: float | None = None


class Slow(msgspec.Struct, forbid_unknown_fields=True):
    """Let the next `count` requests whose path matches take `seconds`, each in its place."""

    seconds: float
    path: str = ""
    count: int = 1


class Revoke(msgspec.Struct, forbid_unknown_fields=True):
    """Revoke a certificate by its id, or take that back."""

    kid: str
    revoked: bool = True


class BehaviourOrders:
    """`expire-tokens`, `expire-search`, `certificates`, `governance`, `slow`, `settings` and `switches`."""

    def __init__(self, desk: Desk) -> None:
        self._account = desk.account

    def table(self) -> Table:
        """Return the orders."""
        return [
            ("POST", "/expire-tokens", self._expire),
            ("POST", "/expire-search", self._end_searches),
            ("POST", "/certificates", self._revoke),
            ("GET", "/governance", self._governance),
            ("POST", "/governance", self._occupy),
            ("DELETE", "/governance", self._release),
            ("DELETE", "/governance/counts", self._count_anew),
            ("POST", "/slow", self._slow),
            ("GET", "/settings", self._settings),
            ("POST", "/settings", self._set),
            ("GET", "/switches", self._switches),
            ("POST", "/switches", self._switch),
        ]

    async def _expire(self, _request: Request) -> Response:
        return told({"expired": self._account.credentials.expire()})

    async def _end_searches(self, _request: Request) -> Response:
        self._account.searches_ended = time.monotonic()
        return told({})

    async def _revoke(self, request: Request) -> Response:
        given = await order(request, Revoke)
        certificate = self._account.credentials.certificates.get(given.kid)
        if certificate is None:
            raise ValueError(f"no certificate '{given.kid}'")
        certificate.revoked = given.revoked
        return told({})

    async def _governance(self, _request: Request) -> Response:
        governance = self._account.governance
        return told({**governance.limits(), "refused": governance.refused, "highest": governance.highest})

    async def _occupy(self, request: Request) -> Response:
        given = await order(request, Occupy)
        until = None if given.seconds is None else time.monotonic() + given.seconds
        self._account.governance.occupy(given.places, until)
        return told({}, 201)

    async def _release(self, _request: Request) -> Response:
        self._account.governance.clear()
        return told({})

    async def _count_anew(self, _request: Request) -> Response:
        self._account.governance.count_anew()
        return told({})

    async def _slow(self, request: Request) -> Response:
        given = await order(request, Slow)
        self._account.governance.slow(Slowness(re.compile(given.path), given.seconds, given.count))
        return told({}, 201)

    async def _settings(self, _request: Request) -> Response:
        return told(msgspec.to_builtins(self._account.settings))

    async def _set(self, request: Request) -> Response:
        present = msgspec.to_builtins(self._account.settings)
        given = await _object(request)
        if unknown := set(given) - set(present):
            raise ValueError(f"unknown settings {sorted(unknown)}; known are {sorted(present)}")
        wanted = msgspec.convert(present | given, Settings)
        for name in given:
            setattr(self._account.settings, name, getattr(wanted, name))
        return told(msgspec.to_builtins(self._account.settings))

    async def _switches(self, _request: Request) -> Response:
        return told({"switches": described(self._account.switches, CLAIMS)})

    async def _switch(self, request: Request) -> Response:
        present = msgspec.to_builtins(self._account.switches)
        self._account.switches = msgspec.convert(present | await _object(request), Switches)
        approvals.renumber(self._account, other=self._account.switches.approval_codes == "renumbered")
        return await self._switches(request)


async def _object(request: Request) -> dict[str, Any]:
    return msgspec.json.decode(await request.body() or b"{}", type=dict[str, Any])
