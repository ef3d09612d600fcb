"""Token-based authentication: signatures of requests to REST, RESTlets and SOAP.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1534941088.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlsplit

METHOD = "HMAC-SHA256"
NONCE = re.compile(r"[0-9A-Za-z]{6,64}")
_SIGNED = ("oauth_consumer_key", "oauth_nonce", "oauth_signature_method", "oauth_timestamp", "oauth_token")
_PART = re.compile(r'\s*(\w+)="([^"]*)"\s*')
_DEFAULT_PORT = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Passport:
    """What a caller says of itself, in a header of REST or of SOAP. `base` is what was signed."""

    account: str
    consumer: str
    token: str
    nonce: str
    timestamp: str
    method: str
    signature: str
    base: str


def encoded(text: str) -> str:
    """Percent-encode as RFC 5849 section 3.6 has it."""
    return quote(text, safe="-._~")


def signature(base: str, consumer_secret: str, token_secret: str) -> str:
    """Return the signature of a base string, in base64."""
    key = f"{encoded(consumer_secret)}&{encoded(token_secret)}"
    return base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha256)).decode()


def soap_base(parts: Sequence[str]) -> str:
    """Return the base string of SOAP: account, consumer key, token, nonce and timestamp."""
    return "&".join(encoded(part) for part in parts)


def rest_base(method: str, url: str, oauth: Mapping[str, str]) -> str:
    """Return the base string of REST and RESTlets: RFC 5849 over the URL with its query; the body is not signed."""
    split = urlsplit(url)
    host = (split.hostname or "").lower()
    if split.port and split.port != _DEFAULT_PORT.get(split.scheme):
        host = f"{host}:{split.port}"
    given = [*parse_qsl(split.query, keep_blank_values=True), *oauth.items()]
    pairs = sorted((encoded(name), encoded(value)) for name, value in given)
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join(encoded(part) for part in (method.upper(), f"{split.scheme.lower()}://{host}{split.path}", joined))


def from_header(method: str, url: str, header: str) -> Passport | None:
    """Read an Authorization header, None when it is none of OAuth 1.0 or lacks a part."""
    scheme, _, rest = header.partition(" ")
    if scheme.casefold() != "oauth":
        return None
    given = {name: unquote(value) for name, value in _PART.findall(rest)}
    if not {*_SIGNED, "oauth_signature"} <= given.keys():
        return None
    oauth = {name: value for name, value in given.items() if name not in {"realm", "oauth_signature"}}
    return Passport(
        given.get("realm", ""),
        given["oauth_consumer_key"],
        given["oauth_token"],
        given["oauth_nonce"],
        given["oauth_timestamp"],
        given["oauth_signature_method"],
        given["oauth_signature"],
        rest_base(method, url, oauth),
    )
