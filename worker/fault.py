"""What ends a command with a sentence instead of a trace, and how an error is named that nobody foresaw."""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb


class Fault(Exception):
    """The program cannot go on here; the message says why and what to do."""


def whereabouts(error: Exception) -> str:
    """Return an unforeseen error's kind and where it was raised, without its text: that may hold a field's value."""
    frames = extract_tb(error.__traceback__)
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in (frames[0], frames[-1])] if frames else []
    return " ".join([type(error).__name__, *dict.fromkeys(places)])
