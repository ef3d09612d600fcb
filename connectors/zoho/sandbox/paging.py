"""Page tokens: they belong to a user and to the list that they came from, and they end.

See https://www.zoho.com/crm/developer/docs/api/v8/get-records.html
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.zoho.sandbox import moments
from connectors.zoho.sandbox.errors import ApiError
from connectors.zoho.sandbox.order import Key
from connectors.zoho.sandbox.settings import Settings


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list goes on: page `page` begins after `last` in the present order, or at `start` of a frozen one."""

    user_id: int
    bound: frozenset[tuple[str, str]]
    page: int
    start: int
    last: Key
    frozen: Sequence[Key] | None
    until: float


class Pages:
    """All page tokens that were given."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._places: dict[str, Place] = {}

    @property
    def life(self) -> float:
        """How long a token lives, in seconds."""
        return self._settings.page_token_seconds

    def expiry(self) -> datetime:
        """Return when a token that is given now ends."""
        return moments.now() + timedelta(seconds=self.life)

    def give(self, place: Place) -> str:
        """Return a token for a place."""
        token = secrets.token_hex(40)
        self._places[token] = place
        return token

    def take(self, token: str, user_id: int, bound: frozenset[tuple[str, str]]) -> Place:
        """Return the place of a token. Raises `ApiError` 400."""
        place = self._places.get(token)
        if place is None or place.user_id != user_id:
            raise ApiError(400, "INVALID_DATA", "The token given seems to be invalid", {"param_name": "page_token"})
        if place.until <= time.monotonic():
            raise ApiError(400, "EXPIRED_VALUE", "The token given has expired", {"param_name": "page_token"})
        if place.bound != bound:
            raise ApiError(
                400,
                "TOKEN_BOUND_DATA_MISMATCH",
                "The page_token given seems to be invalid or input param is added, altered, or deleted.",
                {"param_name": "page_token"},
            )
        return place

    def expire(self) -> int:
        """End all tokens and return how many."""
        ended = len(self._places)
        self._places = {
            t: Place(p.user_id, p.bound, p.page, p.start, p.last, p.frozen, 0.0) for t, p in self._places.items()
        }
        return ended
