"""What `/__sandbox/settings` can change while the twin runs. Times are in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Settings:
    """Limits and windows of both surfaces.

    Tokens live `token_seconds`. Dataverse: `servers` web servers, each of which allows a user `requests_max` requests
    and `execution_max` seconds of work in `window_seconds`, and `concurrent_max` at once; the first `Retry-After` is
    `retry_after`. Pages have at most `page_size` rows, changes can be asked for `change_tracking_days`, a webhook has
    `webhook_timeout`. Business Central: `central_requests_max` in `central_window_seconds`, `central_concurrent_max`
    at once and `central_queue_max` waiting at most `central_queue_seconds`; work is cut after
    `central_operation_seconds` (408) and `central_gateway_seconds` (504). Subscriptions live `subscription_seconds`,
    at most `subscriptions_max` of them; changes are told `notify_delay` after the first one, in one notification when
    they are more than `notify_max`, again after `notify_retry` until `notify_give_up`.
    """

    token_seconds: float = 3599.0
    servers: int = 1
    requests_max: int = 6000
    execution_max: float = 1200.0
    concurrent_max: int = 52
    window_seconds: float = 300.0
    retry_after: float = 5.0
    page_size: int = 5000
    change_tracking_days: float = 7.0
    webhook_timeout: float = 60.0
    central_requests_max: int = 6000
    central_window_seconds: float = 300.0
    central_concurrent_max: int = 5
    central_queue_max: int = 95
    central_queue_seconds: float = 480.0
    central_operation_seconds: float = 480.0
    central_gateway_seconds: float = 600.0
    central_page_size: int = 20_000
    subscription_seconds: float = 3 * 86_400.0
    subscriptions_max: int = 200
    notify_delay: float = 30.0
    notify_max: int = 1000
    notify_retry: float = 60.0
    notify_give_up: float = 36 * 3600.0
