"""What an administrator of the company or the vendor would set; times are seconds, None is no limit."""

from __future__ import annotations

from typing import Literal

import msgspec

Edition = Literal["standard", "professional", "exclusive"]


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    """Limits, lives and waits. `monthly_quota` counts webhook messages and pushes, `monthly_calls` paid API calls."""

    monthly_quota: int | None = None
    monthly_calls: int | None = None
    qps: int | None = 20
    qpm: int | None = None
    platform_qps: int | None = None
    address_limit: int | None = None
    moderated_words: list[str] = []
    owners_out_of_scope: list[str] = []
    flow_controlled: list[str] = []
    paid_dings: int = 0
    msg_uuid_window_s: float = 600.0
    token_life_s: float = 7200.0
    session_life_s: float = 5400.0
    recall_window_s: float = 86_400.0
    query_key_delay_s: float = 0.0
    ticket_life_s: float = 90.0
    most_connections: int = 50
    stream_life_s: float | None = None
    stream_ping_s: float = 30.0  # A-DINGTALK-134: no page says how often
    stream_grace_s: float = 10.0
    stream_given_up_s: float = 60.0  # A-DINGTALK-146: no page says after how long
    ack_timeout_s: float = 3.0
    event_retries_s: tuple[float, ...] = (3.0, 10.0, 30.0, 60.0)
    http_timeout_s: float = 2.5
    http_retries_s: tuple[float, ...] = (10.0, 30.0)
    failed_kept_s: float = 240.0
    card_timeout_s: float = 2.0
    notice_settle_s: float = 0.0
    notice_day_s: float = 86_400.0
    notices_a_day: int = 500
    notices_to_all_a_day: int = 3
    notice_receivers_a_minute: int = 5_000
    notice_result_kept_s: float = 86_400.0
    terminate_after_s: float = 15.0
    approval_listed_after_s: float = 0.0
    centre_busy_s: float = 0.0
    centre_todos_of_a_ticket: int = 1_000  # A-DINGTALK-140: there is a limit, its number is on no page
    centre_calls_a_day: int | None = None
    centre_blacklist: list[str] = []


EDITIONS: dict[Edition, dict[str, int]] = {
    "standard": {"qps": 20, "monthly_calls": 5_000, "monthly_quota": 3_000},
    "professional": {"qps": 40, "monthly_calls": 200_000, "monthly_quota": 50_000},
    "exclusive": {"qps": 60, "monthly_calls": 800_000, "monthly_quota": 200_000},
}
"""The limits by edition: https://open.dingtalk.com/document/development/dingtalk-application-development-platform-billing-model

A-DINGTALK-108: the professional and the exclusive edition's numbers are answers in a forum.
"""
