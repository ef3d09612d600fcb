"""What an organisation has bought, and what that includes.

https://open.dingtalk.com/document/development/dingtalk-application-development-platform-billing-model
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Edition(StrEnum):
    """What the organisation has bought."""

    STANDARD = "standard"
    PROFESSIONAL = "professional"
    EXCLUSIVE = "exclusive"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an edition includes: calls of one API by one application a second, counted calls and pushes a month.

    Pushes are messages by webhooks together with what comes by Stream and callbacks.
    """

    calls_a_second: int
    calls_a_month: int
    pushes_a_month: int


ALLOWANCES: Mapping[Edition, Allowance] = MappingProxyType(
    {
        Edition.STANDARD: Allowance(20, 5_000, 3_000),
        # the smallest of what may be chosen, for one set
        Edition.PROFESSIONAL: Allowance(40, 200_000, 50_000),  # A-DINGTALK-108
        Edition.EXCLUSIVE: Allowance(60, 200_000, 50_000),  # A-DINGTALK-202
    }
)


def fingerprint(*parts: str) -> str:
    """Return a short stable name that tells nothing."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
