"""Our requests, signed by HTTP Message Signatures with HMAC-SHA256.

https://www.rfc-editor.org/rfc/rfc9421#section-3.1
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import quote

# what stands unescaped in an entity tag and in a structured string alike, less the percent sign itself:
# https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3 https://www.rfc-editor.org/rfc/rfc8941#section-3.3.3
_PLAIN = "!#$&'()*+,-./:;<=>?@[]^_`{|}~"


@dataclass(frozen=True, slots=True)
class Signer:
    """A key and its name."""

    key: bytes = field(repr=False)
    key_id: str

    def headers(self, components: Mapping[str, str], created: int) -> Mapping[str, str]:
        """Return the two headers that sign `components`, by their names in lower case; `created` is Unix seconds."""
        names = " ".join(f'"{name}"' for name in components)
        parameters = f'({names});created={created};keyid="{self.key_id}"'
        lines = [f'"{name}": {value}' for name, value in components.items()]
        base = "\n".join([*lines, f'"@signature-params": {parameters}'])
        mac = base64.b64encode(hmac.digest(self.key, base.encode(), "sha256")).decode()
        return {"Signature-Input": f"sig={parameters}", "Signature": f"sig=:{mac}:"}


def content_digest(body: bytes) -> str:
    """Return the value of Content-Digest: https://www.rfc-editor.org/rfc/rfc9530#section-2."""
    return f"sha-256=:{base64.b64encode(sha256(body).digest()).decode()}:"


def quoted(text: str) -> str:
    """Return a version or a key as it stands in `If-Match` and `Idempotency-Key`."""
    return f'"{quote(text, safe=_PLAIN)}"'
