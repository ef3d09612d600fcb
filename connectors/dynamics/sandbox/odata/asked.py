"""A request as both surfaces read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from starlette.requests import Request

from connectors.dynamics.sandbox.odata import address, options, preferences
from connectors.dynamics.sandbox.odata.address import Segment
from connectors.dynamics.sandbox.odata.options import Options
from connectors.dynamics.sandbox.odata.preferences import Preferences
from connectors.dynamics.sandbox.wire import base_url


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client sent. `root` is the address of the API, `segments` what stands behind it."""

    root: str
    method: str
    segments: Sequence[Segment]
    options: Options
    headers: Mapping[str, str]
    body: bytes

    @property
    def prefer(self) -> Preferences:
        """What the client prefers."""
        return preferences.read(self.headers.get("prefer", ""))


def in_parts(asked: Asked) -> dict[str, Any]:
    """Return the fields of a request by name, for what a surface adds to it."""
    return {part.name: getattr(asked, part.name) for part in fields(asked)}


def raw_path(request: Request) -> str:
    """Return the path as it was sent, still encoded."""
    raw: bytes = request.scope.get("raw_path", request.url.path.encode())
    return raw.decode("latin-1").partition("?")[0]


async def read(request: Request, prefix: str) -> Asked:
    """Read a request whose path begins with `prefix`. Raises `Refusal` for options that cannot be."""
    return Asked(
        root=base_url(request) + prefix,
        method="GET" if request.method == "HEAD" else request.method,
        segments=address.segments(raw_path(request).removeprefix(prefix)),
        options=options.read(request.scope["query_string"].decode("latin-1")),
        headers={name.casefold(): value for name, value in request.headers.items()},
        body=await request.body(),
    )
