"""What `/__sandbox/settings` can change while the twin runs."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Settings:
    """The company and its limits.

    `company_zone` and `user_zone` are IANA names (an empty `user_zone`: the company's), `date_format` is how users write
    dates. At most `account_concurrency` requests run at once, of one integration at most `integration_concurrency` (0:
    whatever is left). Access tokens live `token_seconds`, signed requests may be `clock_skew` seconds off, a searchId
    lives `search_seconds`. `ceiling` is the most rows of one SuiteQL query. `soap_page_size` holds where the caller
    names none. With `shuffle_ties`, rows that ORDER BY does not part come in another order each time. Lists of the types
    in `unlistable` are refused. `approval_routing` lets approvalStatus be written. `catalogue_seconds` is how long the
    metadata catalogue takes.
    """

    company_zone: str = "Asia/Hong_Kong"
    user_zone: str = ""
    date_format: str = "MM/DD/YYYY"
    language: str = "en"
    account_concurrency: int = 5
    integration_concurrency: int = 0
    token_seconds: float = 3600.0
    clock_skew: float = 300.0
    search_seconds: float = 900.0
    ceiling: int = 100_000
    soap_page_size: int = 1000
    shuffle_ties: bool = True
    unlistable: list[str] = field(default_factory=list)
    approval_routing: bool = True
    catalogue_seconds: float = 0.0
