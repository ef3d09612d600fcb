"""What an operator sets right: held notices, messages that were given up."""

from worker.repair.dead import Replay, Replayed, Shown, dead, dead_show, replay
from worker.repair.held import Held, Moved, Release, drop, held, release

__all__ = [
    "Held",
    "Moved",
    "Release",
    "Replay",
    "Replayed",
    "Shown",
    "dead",
    "dead_show",
    "drop",
    "held",
    "release",
    "replay",
]
