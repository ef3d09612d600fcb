"""Waiting by asking, bounded, and ended by a signal at a place where nothing is left half done."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import TypeVar

LOOK_S = 0.1
LONGEST_WAIT_S = 60.0
LONGEST_DAY_S = 300.0

T = TypeVar("T")


class DemoFault(Exception):
    """The demo cannot go on; the message says what happened."""


class TooLong(DemoFault):
    """Something was waited for in vain."""


class Interrupted(Exception):
    """Somebody asked the demo to end."""


class Patience:
    """How the demo waits. `check` is called meanwhile, and raises when there is nothing left to wait for."""

    def __init__(self) -> None:
        self.check: Callable[[], None] = lambda: None
        self._asked = False
        self._end = time.monotonic() + LONGEST_DAY_S

    def end_on_signals(self) -> None:
        """Let SIGINT, SIGTERM and SIGHUP end the next wait; a second one changes nothing."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.end())

    def end(self) -> None:
        """Ask the demo to end."""
        self._asked = True

    def without_end(self) -> None:
        """Lift the limit of the whole day."""
        self._end = float("inf")

    def pause(self, seconds: float) -> None:
        """Wait. Raises `Interrupted` as soon as the demo shall end, `TooLong` when the day has no time left."""
        until = time.monotonic() + seconds
        while True:
            if self._asked:
                raise Interrupted
            self.check()
            at = time.monotonic()
            if at > self._end:
                raise TooLong(f"the day took longer than {LONGEST_DAY_S:g} s")
            if at >= until:
                return
            time.sleep(min(LOOK_S, until - at))

    def until(self, what: str, look: Callable[[], T | None]) -> T:
        """Return what `look` finds, asked again and again. Raises `TooLong` when it finds nothing in a minute."""
        end = time.monotonic() + LONGEST_WAIT_S
        while (found := look()) is None:
            if time.monotonic() > end:
                raise TooLong(f"waited {LONGEST_WAIT_S:g} s in vain for {what}")
            self.pause(LOOK_S)
        return found
