"""The Celery application. Tasks carry wake-ups and nothing else, so they acknowledge early and nothing waits in them."""

from __future__ import annotations

from celery import Celery


def create_app(redis_url: str) -> Celery:
    """Return an application on this broker (`redis://…`, `rediss://…` or `unix://PATH`).

    Early acknowledgement: a broker that is killed while a late-acknowledging task runs ends the worker process, and
    a wake-up that is lost is found by the tick. Visibility and sweep are set because their defaults bring a task back
    only after minutes: https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html
    """
    app = Celery("dingbridge", broker=broker_url(redis_url))
    app.conf.update(
        task_acks_late=False,
        task_ignore_result=True,
        task_create_missing_queues=True,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": 300,
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "socket_timeout": 10,
            "socket_connect_timeout": 5,
            "health_check_interval": 25,
            "global_keyprefix": "dingbridge:celery:",
        },
    )
    return app


def broker_url(redis_url: str) -> str:
    """Return the address as Celery writes it."""
    return f"redis+socket://{redis_url.removeprefix('unix://')}" if redis_url.startswith("unix://") else redis_url
