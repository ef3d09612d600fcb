"""The vendor's data centres: an account lives in one of them, with hosts of its own.

https://www.zoho.com/crm/developer/docs/api/v8/multi-dc.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Region(StrEnum):
    """Where the account lives: the ending of the address at which its people sign in."""

    US = "us"
    EU = "eu"
    IN = "in"
    AU = "au"
    CN = "cn"
    JP = "jp"
    SA = "sa"
    CA = "ca"


@dataclass(frozen=True, slots=True)
class Centre:
    """The hosts of one data centre: where tokens are asked for, and where people open records."""

    accounts: str
    web: str


CENTRES: Mapping[Region, Centre] = MappingProxyType(
    {
        Region.US: Centre("https://accounts.zoho.com", "https://crm.zoho.com"),
        Region.EU: Centre("https://accounts.zoho.eu", "https://crm.zoho.eu"),
        Region.IN: Centre("https://accounts.zoho.in", "https://crm.zoho.in"),
        Region.AU: Centre("https://accounts.zoho.com.au", "https://crm.zoho.com.au"),
        Region.CN: Centre("https://accounts.zoho.com.cn", "https://crm.zoho.com.cn"),
        Region.JP: Centre("https://accounts.zoho.jp", "https://crm.zoho.jp"),
        Region.SA: Centre("https://accounts.zoho.sa", "https://crm.zoho.sa"),
        Region.CA: Centre("https://accounts.zohocloud.ca", "https://crm.zohocloud.ca"),
    }
)
