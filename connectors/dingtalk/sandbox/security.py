"""The three security settings of a custom robot: keywords, signature, address.

https://open.dingtalk.com/document/dingstart/customize-robot-security-settings
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from urllib.parse import unquote

from connectors.dingtalk.sandbox.company import Robot
from connectors.dingtalk.sandbox.refusals import KEYWORDS, SIGN, TIMESTAMP, Refusal, address_refused

HOUR_MS = 3_600_000
_DIGITS = re.compile(r"[0-9]{1,15}")


def sign(timestamp: str, secret: str) -> str:
    """Return the signature for a timestamp (Unix milliseconds, as text): base64, not yet URL-encoded."""
    digest = hmac.digest(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


def sign_refused(robot: Robot, query: dict[str, str], now_ms: float, *, twice_encoded: bool) -> Refusal | None:
    """Check `timestamp` and `sign` of the URL; `twice_encoded` also takes a sign that was URL-encoded twice."""
    if not robot.secret:
        return None
    timestamp, given = query.get("timestamp", ""), query.get("sign", "")
    if not timestamp or not given:
        return SIGN
    if not _DIGITS.fullmatch(timestamp) or abs(now_ms - int(timestamp)) > HOUR_MS:
        return TIMESTAMP
    expected = sign(timestamp, robot.secret).encode()
    candidates = [given, unquote(given)] if twice_encoded else [given]
    if any(hmac.compare_digest(candidate.encode(), expected) for candidate in candidates):
        return None
    return SIGN


def keywords_refused(robot: Robot, texts: Sequence[str]) -> Refusal | None:
    """Check that one of the robot's keywords stands in the message."""
    if not robot.keywords or any(word in text for word in robot.keywords for text in texts):
        return None
    return KEYWORDS


def address_of_caller_refused(robot: Robot, ip: str) -> Refusal | None:
    """Check the caller's address against single IPv4 addresses and CIDR blocks."""
    if not robot.ips:
        return None
    caller = ip_address(ip)
    if any(caller in ip_network(listed, strict=False) for listed in robot.ips):
        return None
    return address_refused(ip)
