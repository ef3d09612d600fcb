"""The company that is read: its id, its name and its own currency, which documents in it leave out.

https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/resources/dynamics_company
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from connectors.contract import Misconfigured
from connectors.dynamics.business_central.errors import unreadable
from connectors.dynamics.business_central.settings import STANDARD, BusinessCentralSettings
from connectors.dynamics.business_central.wire import Account, Call
from connectors.odata import NotOData, address, guid, keyed, page

_CURRENCIES = (("generalLedgerSetup", "localCurrencyCode"), ("companyInformation", "currencyCode"))
"""Where the code stands: in the newer versions of the API, and in all."""


@dataclass(frozen=True, slots=True)
class Place:
    """A company's id and name."""

    id: UUID
    name: str


class Company:
    """One company of the environment. What it tells is used for `describe_age`."""

    def __init__(self, account: Account, settings: BusinessCentralSettings, now: Callable[[], datetime]) -> None:
        self._account = account
        self._settings = settings
        self._now = now
        self._place: tuple[datetime, Place] | None = None
        self._currency: tuple[datetime, str] | None = None

    @property
    def place(self) -> Place:
        """The company. Raises the contract's errors; Misconfigured where the application sees none of this name."""
        now = self._now()
        if self._place is None or now - self._place[0] >= self._settings.describe_age:
            self._place = (now, self._found())
        return self._place[1]

    @property
    def web(self) -> str:
        """Address of the environment's pages for people."""
        return f"{self._settings.web_url}/{self._settings.tenant}/{self._settings.environment}/"

    def url(self, route: str, path: str, options: Mapping[str, str] | None = None) -> str:
        """Return the whole address of something below the company in one of the APIs. Raises the contract's errors."""
        below = f"{keyed('companies', self.place.id)}/{path}"
        return address(f"{self._settings.api}/{route}", below, options)

    def currency(self) -> str:
        """Return the code of the company's own currency. Raises the contract's errors.

        An amount without currency is never told: Misconfigured where neither the vendor nor the settings name one.
        """
        if self._settings.local_currency is not None:
            return self._settings.local_currency
        now = self._now()
        if self._currency is None or now - self._currency[0] >= self._settings.describe_age:
            self._currency = (now, self._asked())
        return self._currency[1]

    def _found(self) -> Place:
        url = address(f"{self._settings.api}/{STANDARD}", "companies", {"$select": "id,name,displayName"})
        answer = self._account.call(Call("GET", url))
        wanted = self._settings.company.lower()
        try:
            for row in page(answer.body, url).rows:
                if wanted in {str(row.get(each) or "").lower() for each in ("id", "name", "displayName")}:
                    return Place(guid(str(row["id"])), str(row.get("name") or ""))
        except (ValueError, KeyError):
            raise unreadable(answer.content) from None
        raise Misconfigured(
            "The application sees no such company: check `company`, and the companies of its permission sets."
        )

    def _asked(self) -> str:
        for entity_set, name in _CURRENCIES:
            url = self.url(STANDARD, entity_set, {"$select": name})
            answer = self._account.call(Call("GET", url, refusable=True))
            if answer.status >= 300:
                continue
            code = _first(answer.body, url).get(name)
            if isinstance(code, str) and re.fullmatch(r"[A-Z]{3}", code):
                return code
        raise Misconfigured(
            "Business Central does not tell the company's own currency: grant Read on General Ledger Setup and Company "
            "Information, or give it as local_currency."
        )


def _first(body: Any, url: str) -> Mapping[str, Any]:
    """These sets hold one entity, which some versions answer with by itself."""
    try:
        rows = page(body, url).rows
    except NotOData:
        return body if isinstance(body, Mapping) else {}
    return rows[0] if rows else {}
