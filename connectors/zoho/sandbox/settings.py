"""What `/__sandbox/settings` can change while the twin runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.zoho.sandbox.centres import HOME


@dataclass(slots=True)
class Settings:
    """Limits of the organisation.

    Credits count in any 24 hours. Tokens, grant codes, page tokens and the fuse's window live so many seconds.
    Days: how long the recycle bin keeps a record, and how long its deletion is told of.
    `centres` are the data centres in which the client is registered. `answer_seconds` is how long each call takes, so that calls overlap and the concurrency limits can be met.
    """

    credits: int = 54_000
    concurrency: int = 20
    sub_concurrency: int = 10
    answer_seconds: float = 0.0
    token_seconds: float = 3600.0
    code_seconds: float = 120.0
    fuse_tokens: int = 10
    fuse_seconds: float = 600.0
    page_token_seconds: float = 86_400.0
    page_token_rows: int = 100_000
    channel_seconds: float = 3600.0
    channel_max_seconds: float = 7 * 86_400.0
    recycle_days: int = 60
    deleted_days: int = 120
    centres: list[str] = field(default_factory=lambda: [HOME])
