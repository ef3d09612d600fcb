"""Decisions that people make on cards, carried back into the sources."""

from __future__ import annotations

from worker.actions.pressing import begin, shown

__all__ = ["begin", "shown"]
