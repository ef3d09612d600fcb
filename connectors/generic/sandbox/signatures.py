"""Whether a request was signed by the holder of the key.

https://www.rfc-editor.org/rfc/rfc9421#section-3.2
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

TOLERANCE_S = 300
CONDITIONS = ("idempotency-key", "if-match")
_SIGNED = re.compile(r'sig=(\(((?:"[a-z@-]+" ?)*)\);created=(\d{1,12});keyid="([^"]*)")')
_MADE = re.compile(r"sig=:([A-Za-z0-9+/=]*):")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it came: `path` percent-encoded, header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def fault(incoming: Incoming, keys: Mapping[str, bytes], now: float) -> str:
    """Return why a request is not believed, empty where it is. `keys` are known by id, `now` is Unix seconds."""
    headers = incoming.headers
    signed = _SIGNED.fullmatch(headers.get("signature-input", ""))
    made = _MADE.fullmatch(headers.get("signature", ""))
    if signed is None or made is None:
        return "not signed"
    parameters, listed, created, key_id = signed.groups()
    names = re.findall(r'"([^"]+)"', listed)
    needed = {"@method", "@path", *(name for name in CONDITIONS if name in headers)}
    if incoming.body:
        needed.add("content-digest")
    if missing := needed - set(names):
        return f"not signed: {', '.join(sorted(missing))}"
    if abs(now - int(created)) > TOLERANCE_S:
        return "signed at another time"
    if incoming.body and headers.get("content-digest") != digest(incoming.body):
        return "another body than the digest's"
    values = {**headers, "@method": incoming.method, "@path": incoming.path}
    base = "".join(f'"{name}": {values.get(name, "")}\n' for name in names) + f'"@signature-params": {parameters}'
    expected = base64.b64encode(hmac.digest(keys.get(key_id, b""), base.encode(), "sha256"))
    holds = key_id in keys and hmac.compare_digest(expected, made[1].encode())
    return "" if holds else "signed with another key"


def digest(body: bytes) -> str:
    """Return the Content-Digest of a body: https://www.rfc-editor.org/rfc/rfc9530#section-2."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
