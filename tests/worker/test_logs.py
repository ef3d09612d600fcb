"""Log lines, as a process of its own writes them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import logging, threading, structlog
from worker.operators import logs
logs.start("debug", as_json=True)
def fail():
    raise ValueError("a-payload")
logging.getLogger("urllib3.connectionpool").debug("GET /robot/send?access_token=a-payload")
try:
    fail()
except ValueError as error:
    structlog.get_logger().info("one", exc_info=True)
    logging.getLogger("celery").error("task failed: %r", error, exc_info=True)
    structlog.get_logger().exception("two")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
logging.getLogger("celery").warning("a plain %s", "warning")
"""


def test_no_line_holds_the_words_of_an_error_and_every_line_is_json() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "a-payload" not in ran.stderr
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    events = ["one", "an error that nobody foresaw", "two", "a thread ended", "a plain warning"]
    assert [line["event"] for line in lines] == events
    assert all(line["error"].startswith("ValueError") for line in lines[:4])
    assert all({"level", "timestamp"} <= line.keys() for line in lines)
