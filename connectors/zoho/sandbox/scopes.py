"""Scopes: `ZohoCRM.modules.deals.READ` and the like, whatever their case.

See https://www.zoho.com/crm/developer/docs/api/v8/scopes.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_WRITES = frozenset({"create", "update", "delete"})


@dataclass(frozen=True, slots=True)
class Need:
    """What a call needs: `area` such as modules, settings, coql; `operation` READ, CREATE, UPDATE or DELETE."""

    area: str
    operation: str


def allowed(scopes: Iterable[str], need: Need, name: str = "") -> bool:
    """Tell whether any of the scopes allows the operation, on the whole area or on `name` in it."""
    operation = need.operation.casefold()
    words = {"all", operation, *({"write"} if operation in _WRITES else ())}
    areas = {need.area, f"{need.area}.{_plain(name)}"} if name else {need.area}
    wanted = {f"zohocrm.{area}.{word}" for area in areas for word in words}
    return any(_plain(scope) in wanted for scope in scopes)


def _plain(text: str) -> str:
    return text.casefold().replace("_", "")
