"""The demo from its beginning to its end, and the exit code that it deserves."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import msgspec
import requests

from worker.demo.day import Day
from worker.demo.figures import Figure, compare, seen, summary, table, written
from worker.demo.opening import SALES, Opened, open_company
from worker.demo.patience import DemoFault, Interrupted, Patience, TooLong
from worker.demo.processes import Processes
from worker.demo.promises import Promise, promises
from worker.demo.telling import Voice

DONE, PROBLEMS, INTERRUPTED = 0, 1, 130


@dataclass(frozen=True, slots=True)
class Demo:
    """How the demo is played: once or until somebody ends it, with or without a result for machines."""

    once: bool
    as_json: bool

    def play(self) -> int:
        """Play and return the exit code. Nothing is left behind but what was printed."""
        voice = Voice(sys.stderr if self.as_json else sys.stdout)
        patience = Patience()
        patience.end_on_signals()
        began = time.monotonic()
        try:
            with (
                tempfile.TemporaryDirectory(prefix="dingbridge-demo-", ignore_cleanup_errors=True) as folder,
                Processes(Path(folder), patience) as processes,
            ):
                return self._day(Path(folder), processes, patience, voice, began)
        except Interrupted:
            voice.note("Ended.")
            return INTERRUPTED if self.once else DONE
        except DemoFault as fault:
            voice.wrong(f"The demo cannot go on: {fault}")
            return PROBLEMS

    def _day(self, folder: Path, processes: Processes, patience: Patience, voice: Voice, began: float) -> int:
        try:
            voice.note("Starting twins of two CRMs, two ERPs and DingTalk, then relay, worker, Valkey and ledger …")
            opened = open_company(folder, processes, patience)
            voice.plain(f"The chat page, as the people in the groups see it: {opened.chat.page}")
            voice.note("Times are Hong Kong's. Nothing leaves this machine.\n")
            day = Day(opened, voice, patience)
            day.play(slowly=not self.once)
            code = self._count(opened, day, began).conclude(voice, sys.stdout if self.as_json else None)
            if not self.once and code == DONE:
                voice.plain(f"\nThe day goes on until Ctrl-C; the chat page moves: {opened.chat.page}\n")
                patience.without_end()
                day.live()
        except TooLong as fault:
            raise DemoFault(f"{fault}\n{processes.last_words()}") from fault
        except requests.RequestException as fault:
            patience.pause(1.0)  # where a process has died, this names it
            raise DemoFault(f"{fault}\n{processes.last_words()}") from fault
        return code

    def _count(self, opened: Opened, day: Day, began: float) -> Counted:
        tally = day.watch.quiet()
        figures = compare(tally, written(opened.ledger), seen(opened))
        chat = opened.chat
        promised = promises(chat.read_by(SALES), chat.messages(), opened.morning)
        result = summary(tally, figures, promised, time.monotonic() - began, chat.page)
        return Counted(figures, promised, result)


@dataclass(frozen=True, slots=True)
class Counted:
    """What came of the day: figures, promises, and both with all counts as values that JSON can hold."""

    figures: Sequence[Figure]
    promised: Sequence[Promise]
    result: Mapping[str, Any]

    def conclude(self, voice: Voice, machine: TextIO | None) -> int:
        """Say it to people and, as one line of JSON, to a machine; returns the exit code."""
        voice.plain("\nThe day in figures, from the ledger and counted again outside of it:")
        for line in table(self.figures):
            voice.plain(f"  {line}")
        counts = self.result
        reasons = ", ".join(f"{reason} {number}" for reason, number in counts["suppressed"].items())
        voice.plain(
            f"  accepted {counts['accepted']}, held {counts['held']}, dead {counts['dead']}; suppressed: {reasons}"
        )
        voice.plain("\nWhat people were shown, as each of them can read it:")
        for promise in self.promised:
            voice.plain(f"  {promise.name}: {'; '.join(promise.shown)}")
        wrong = [f"They differ. {figure.sentence}" for figure in self.figures if not figure.agrees]
        wrong += [f"Not as it should be. {promise.sentence}" for promise in self.promised if not promise.kept]
        for sentence in wrong:
            voice.wrong(sentence)
        if machine is not None:
            machine.write(msgspec.json.encode(counts).decode() + "\n")
            machine.flush()
        return PROBLEMS if wrong else DONE
