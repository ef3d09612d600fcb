"""Namespaces, prefixes, versions, operations and faults of the WSDL.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3413913.html
"""

from __future__ import annotations

VERSIONS = ("2023_2", "2024_1", "2024_2", "2025_1", "2025_2")
AREAS = {
    "relationships": ("lists", "listRel"),
    "employees": ("lists", "listEmp"),
    "accounting": ("lists", "listAcct"),
    "sales": ("transactions", "tranSales"),
    "purchases": ("transactions", "tranPurch"),
}
"""The parts of the WSDL that declare records: family and prefix by name."""

PLATFORM = {
    "core": "platformCore",
    "messages": "platformMsgs",
    "common": "platformCommon",
    "faults": "platformFaults",
}
XSD = "http://www.w3.org/2001/XMLSchema"
OPERATIONS = (
    "search",
    "searchMoreWithId",
    "get",
    "getList",
    "getDeleted",
    "getServerTime",
    "getDataCenterUrls",
    "getAccountGovernanceInfo",
    "getIntegrationGovernanceInfo",
)
FAULTS = (
    "InsufficientPermission",
    "InvalidAccount",
    "InvalidCredentials",
    "InvalidSession",
    "ExceededConcurrentRequestLimit",
    "ExceededRequestLimit",
    "ExceededUsageLimit",
    "ExceededRecordCount",
    "ExceededRequestSize",
    "InvalidVersion",
    "UnexpectedError",
)


def service(version: str) -> str:
    """Return the namespace of the service."""
    return f"urn:platform_{version}.webservices.netsuite.com"


def platform(part: str, version: str) -> str:
    """Return the namespace of a part of the platform."""
    return f"urn:{part}_{version}.platform.webservices.netsuite.com"


def area(name: str, version: str) -> str:
    """Return the namespace of a part that declares records."""
    return f"urn:{name}_{version}.{AREAS[name][0]}.webservices.netsuite.com"


def prefixes(version: str) -> dict[str, str]:
    """Return all namespaces by their prefixes."""
    platforms = {prefix: platform(part, version) for part, prefix in PLATFORM.items()}
    return platforms | {prefix: area(name, version) for name, (_, prefix) in AREAS.items()}
