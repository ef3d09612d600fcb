"""The demo's voice: one line for each thing that happens, in colour only where a person sits before a terminal."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Hong_Kong")
_RESET, _BOLD, _FAINT, _GREEN, _RED = "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[31m"
_INDENT = " " * 10


@dataclass(slots=True)
class Voice:
    """Says things on a stream."""

    stream: TextIO
    _colour: bool = field(init=False)

    def __post_init__(self) -> None:
        self._colour = self.stream.isatty() and not os.environ.get("NO_COLOR")

    def happens(self, sentence: str) -> None:
        """Say what somebody did, with the time in Hong Kong."""
        self._write(f"{self._in(_FAINT, f'{datetime.now(ZONE):%H:%M:%S}')}  {self._in(_BOLD, sentence)}")

    def follows(self, sentence: str) -> None:
        """Say what came of it."""
        self._write(_INDENT + (self._in(_GREEN, sentence) if sentence.startswith("→") else sentence))

    def note(self, sentence: str) -> None:
        """Say something beside the story."""
        self._write(self._in(_FAINT, sentence))

    def plain(self, sentence: str = "") -> None:
        """Say something as it is."""
        self._write(sentence)

    def wrong(self, sentence: str) -> None:
        """Say what is wrong."""
        self._write(self._in(_RED, sentence))

    def _in(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_RESET}" if self._colour else text

    def _write(self, line: str) -> None:
        self.stream.write(line + "\n")
        self.stream.flush()
