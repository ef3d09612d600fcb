"""What `/__sandbox/settings` can change while the twin runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Settings:
    """Limits of the org.

    `daily_max` calls in any 24 hours; sessions and query locators live so many seconds; `page_size` is the most
    rows of one page. With `rotate_refresh_tokens` each renewal replaces the refresh token.
    """

    daily_max: int = 15_000
    session_seconds: float = 7200.0
    locator_seconds: float = 2 * 86_400.0
    page_size: int = 2000
    rotate_refresh_tokens: bool = False
