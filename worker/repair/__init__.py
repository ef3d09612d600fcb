"""What an operator sets right: held notices, messages that were given up, facts that are told again."""

from worker.ledger.replays import Chosen, Which, choose
from worker.repair.dead import Shown, dead, dead_show
from worker.repair.held import Held, Moved, Release, drop, held, release
from worker.repair.problems import Problem, dead_problems, held_problems
from worker.repair.recall import DONE, Recall, Recaller, Taken
from worker.repair.rehearsal import Rehearsed, Told, rehearse
from worker.repair.replay import MappedBy, Replay, Replayed, Today, replay

__all__ = [
    "DONE",
    "Chosen",
    "Held",
    "MappedBy",
    "Moved",
    "Problem",
    "Recall",
    "Recaller",
    "Rehearsed",
    "Release",
    "Replay",
    "Replayed",
    "Shown",
    "Taken",
    "Today",
    "Told",
    "Which",
    "choose",
    "dead",
    "dead_problems",
    "dead_show",
    "drop",
    "held",
    "held_problems",
    "rehearse",
    "release",
    "replay",
]
