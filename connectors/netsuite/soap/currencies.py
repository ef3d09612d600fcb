"""A currency's ISO code by its internal id: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N3439878.html."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.contract import Malformed
from connectors.netsuite.soap.errors import UNREADABLE, explain_status
from connectors.netsuite.soap.searches import Searches
from connectors.soap_values import Unreadable


class Currencies:
    """The codes, each read once: an account's currencies do not change their codes."""

    def __init__(self, searches: Searches) -> None:
        self._searches = searches
        self._codes: dict[str, str] = {}

    def learn(self, ids: Iterable[str]) -> None:
        """Read those that are not known, all of them in one call. Raises the contract's errors."""
        wanted = sorted({each for each in ids if each and each not in self._codes})
        if not wanted:
            return
        for each, answer in zip(wanted, self._searches.records("currency", wanted), strict=True):
            if answer.part is None:
                raise explain_status(answer.details)
            try:
                symbol = answer.part.read({"symbol"}).fields.get("symbol")
            except Unreadable as fault:
                raise Malformed(UNREADABLE, body=answer.part.raw(), detail=fault.path) from None
            self._codes[each] = str(symbol or "").upper()

    def code(self, currency: str) -> str:
        """Return a code, empty where it is not known."""
        return self._codes.get(currency, "")
