"""Token-based authentication: signatures of requests to REST, RESTlets and SOAP.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1534941088.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from oauthlib.oauth1.rfc5849 import signature as rfc5849
from oauthlib.oauth1.rfc5849.utils import parse_authorization_header

METHOD = "HMAC-SHA256"
NONCE = re.compile(r"[0-9A-Za-z]{6,64}")
_SIGNED = ("oauth_consumer_key", "oauth_nonce", "oauth_signature_method", "oauth_timestamp", "oauth_token")


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


def rest_base(method: str, url: str, header: str) -> str:
    """Return the base string of REST and RESTlets: RFC 5849 over the URL with its query; the body is not signed.

    Raises ValueError for a header or a URL that cannot be signed.
    """
    given = rfc5849.collect_parameters(urlsplit(url).query, headers={"Authorization": header})
    joined = rfc5849.normalize_parameters(given)
    base: str = rfc5849.signature_base_string(method, rfc5849.base_string_uri(url), joined)
    return base


def from_header(method: str, url: str, header: str) -> Passport | None:
    """Read an Authorization header, None when it is none of OAuth 1.0 or lacks a part."""
    try:
        given = {name: unquote(value) for name, value in parse_authorization_header(header)}
        base = rest_base(method, url, header)
    except ValueError:
        return None
    if not {*_SIGNED, "oauth_signature"} <= given.keys():
        return None
    return Passport(
        given.get("realm", ""),
        given["oauth_consumer_key"],
        given["oauth_token"],
        given["oauth_nonce"],
        given["oauth_timestamp"],
        given["oauth_signature_method"],
        given["oauth_signature"],
        base,
    )
