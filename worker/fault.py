"""What ends a command with a sentence instead of a trace."""

from __future__ import annotations


class Fault(Exception):
    """The program cannot go on here; the message says why and what to do."""
