"""What `/__sandbox/settings` can change while the twin runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Settings:
    """Limits of the org.

    `daily_max` calls in any 24 hours; at most `concurrent_max` calls that have run `long_seconds` or more; sessions
    and query locators live so many seconds; `page_size` is the most rows of one page, `updated_max` the most ids of
    one answer to what was updated. With `rotate_refresh_tokens` each renewal replaces the refresh token. `soap_login`
    allows `login()`, which new orgs do not.
    """

    daily_max: int = 15_000
    concurrent_max: int = 25
    long_seconds: float = 20.0
    session_seconds: float = 7200.0
    locator_seconds: float = 2 * 86_400.0
    page_size: int = 2000
    updated_max: int = 600_000
    rotate_refresh_tokens: bool = False
    soap_login: bool = True
