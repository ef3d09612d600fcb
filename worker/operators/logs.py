"""Log lines: JSON for machines, text for people. None holds a payload, a token or the words of an unforeseen error."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor, WrappedLogger

from worker.fault import whereabouts


def start(level: str, *, as_json: bool) -> None:
    """Log to stderr from `level` on; what libraries say, from warnings on, takes the same form."""
    least = getattr(logging, level.upper())
    last: Processor = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    before: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _place_errors,
    ]
    structlog.configure(
        processors=[*before, last],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    lines = logging.StreamHandler(sys.stderr)
    plain: list[Processor] = [structlog.stdlib.add_logger_name, *before]
    lines.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last], foreign_pre_chain=plain
        )
    )
    lines.addFilter(_without_words)
    logging.basicConfig(level=max(least, logging.WARNING), handlers=[lines])
    # its debug lines hold whole URLs, and with them access tokens
    logging.getLogger("urllib3").setLevel(logging.INFO)
    threading.excepthook = _thread_failed


def _place_errors(_logger: WrappedLogger, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put where an error was raised in the place of its words, which may hold a field's value."""
    found = event.pop("exc_info", None)
    error = found[1] if isinstance(found, tuple) else sys.exc_info()[1] if found is True else found
    if isinstance(error, Exception):
        event["error"] = whereabouts(error)
    return event


def _without_words(record: logging.LogRecord) -> bool:
    # a library writes the error's words into its own sentence as well
    if record.exc_info and record.exc_info[1] is not None:
        record.msg, record.args = "an error that nobody foresaw", ()
    return True


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    if isinstance(failed.exc_value, Exception):
        name = failed.thread.name if failed.thread else ""
        structlog.get_logger().error("a thread ended", thread=name, error=whereabouts(failed.exc_value))
