"""OAuth 1.0a with HMAC-SHA256: https://www.rfc-editor.org/rfc/rfc5849#section-3.4."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, quote, urlsplit

METHOD = "HMAC-SHA256"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class OneTime:
    """What makes a request the only one of its kind: a nonce, and the Unix time in seconds. Never use one twice."""

    nonce: str
    timestamp: int

    @classmethod
    def make(cls, now: datetime) -> OneTime:
        """Make one with 32 letters and digits for `now` (aware)."""
        return cls(secrets.token_hex(16), int(now.timestamp()))


@dataclass(frozen=True, slots=True)
class Credentials:
    """An application's key and a token for it, each with its secret."""

    consumer_key: str
    consumer_secret: str = field(repr=False)
    token: str
    token_secret: str = field(repr=False)

    def signature(self, base: str) -> str:
        """Sign a base string; base64, not percent-encoded."""
        key = f"{encoded(self.consumer_secret)}&{encoded(self.token_secret)}".encode()
        return base64.b64encode(hmac.digest(key, base.encode(), "sha256")).decode()

    def header(self, method: str, url: str, once: OneTime, realm: str) -> str:
        """Return the Authorization header of a request whose body is no form; `url` with its query.

        The realm is not signed: https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1.3.1
        """
        parameters = [
            ("oauth_consumer_key", self.consumer_key),
            ("oauth_token", self.token),
            ("oauth_nonce", once.nonce),
            ("oauth_timestamp", str(once.timestamp)),
            ("oauth_signature_method", METHOD),
            ("oauth_version", "1.0"),
        ]
        signature = self.signature(base_string(method, url, parameters))
        shown = [("realm", realm), *parameters, ("oauth_signature", signature)]
        return "OAuth " + ", ".join(f'{name}="{encoded(value)}"' for name, value in shown)


def encoded(text: str) -> str:
    """Percent-encode all but letters, digits and `-._~`: https://www.rfc-editor.org/rfc/rfc5849#section-3.6."""
    return quote(text, safe="-._~")


def base_string(method: str, url: str, parameters: Sequence[tuple[str, str]]) -> str:
    """Return what is signed: the method, the address without its query, and all parameters in their order.

    See https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    port = "" if parts.port in {None, _PORTS.get(parts.scheme)} else f":{parts.port}"
    address = f"{parts.scheme.lower()}://{host}{port}{parts.path or '/'}"
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *parameters]
    written = "&".join(f"{name}={value}" for name, value in sorted((encoded(n), encoded(v)) for n, v in pairs))
    return "&".join(encoded(part) for part in (method.upper(), address, written))
