"""A POST to an application's own address."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import requests


@dataclass(frozen=True, slots=True)
class Posted:
    """What came back: the body, or what went wrong instead."""

    body: bytes = b""
    trouble: str = ""

    def json(self) -> Any:
        """Return the body's JSON, or None."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError):
            return None


def post(
    url: str,
    body: bytes,
    seconds: float,
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Posted:
    """Post JSON and wait for the whole answer at most so many seconds."""
    own = {"content-type": "application/json; charset=utf-8", **(headers or {})}
    begun = time.monotonic()
    try:
        with requests.Session() as session:
            # an application of this machine is called without a proxy
            session.trust_env = False
            reply = session.post(url, data=body, params=query, headers=own, timeout=seconds, allow_redirects=False)
    except requests.RequestException as error:
        return Posted(trouble=type(error).__name__)
    if time.monotonic() - begun > seconds:
        return Posted(trouble="too slow")
    return Posted(reply.content) if reply.status_code == 200 else Posted(trouble=f"HTTP {reply.status_code}")
