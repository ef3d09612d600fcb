"""The bridge file: checked as a whole, or loaded."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from config import compile as compiled
from config.beside import beside
from config.clearing import clearance_problems
from config.conditions import FaultOf, condition_problems, fault_of
from config.connection import Connections, Connectors
from config.deciding import decision_problems
from config.declared import Declared, declared
from config.include import Assembly, matching
from config.model import BridgeFile
from config.operating import OperatorsEntry
from config.problem import ConfigurationInvalid, Problem, problem
from config.recipients import recipient_problems
from config.references import References
from config.reported import reported
from config.routing import routing_problems
from config.settings import Settings
from config.shape import shapes
from config.tree import Items, Table, Text, dumped, plain, restored, with_start
from pipelines.plan import Plan


def check(
    path: Path, *, environ: Mapping[str, str] = os.environ, find_fault: FaultOf = fault_of
) -> tuple[Problem, ...]:
    """Return everything that is wrong with the bridge file at `path`, in the order of files and positions.

    `environ` holds the secrets that the file names as `env:NAME`, with what the file of secrets beside it adds;
    `find_fault` judges the conditions.
    """
    return _of_file(path, environ, find_fault).problems


def load(path: Path, *, environ: Mapping[str, str] = os.environ, find_fault: FaultOf = fault_of) -> compiled.Bridge:
    """Read the bridge file at `path`. Raises ConfigurationInvalid with everything that is wrong with it."""
    return _of_file(path, environ, find_fault).bridge()


def unreachable(bridge: compiled.Bridge, settings: Settings) -> tuple[Problem, ...]:
    """Return the sources that are to push, where nobody said at which address they reach the relay."""
    if settings.public_url is not None:
        return ()
    places = restored(bridge.content).table("sources").keys
    sentence = "it is subscribed to and needs to know where the relay is: set DINGBRIDGE_PUBLIC_URL"
    return tuple(problem(places[name], sentence) for name, source in bridge.sources.items() if source.push)


def ended(bridge: compiled.Bridge, now: datetime) -> tuple[Problem, ...]:
    """Return the silences that are over by `now` (aware): no mistake, and nobody needs to read them any more."""
    places = restored(bridge.content).table("silences").keys
    return tuple(
        problem(places[each.name], f"ended at {each.until.isoformat()}: remove it; {each.owner} ordered it")
        for each in bridge.plan.silences
        if each.until <= now
    )


def lapsed(bridge: compiled.Bridge, now: datetime) -> tuple[Problem, ...]:
    """Return the attestations whose last day is over at `now` (aware), by the clocks of their destinations."""
    destinations = restored(bridge.content).table("destinations")
    return tuple(
        problem(
            destinations.table(name).table("attestation").keys["until"],
            f"ended on {word.until}, so nothing goes there by it: have {word.by} give it again, or remove it",
        )
        for name, each in bridge.plan.destinations.items()
        if (word := each.attestation) is not None and now.astimezone(ZoneInfo(each.zone)).date() > word.until
    )


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A configuration that is looked at and carries nothing: what decides, and what its messages are packed by.

    `names` is what its cases may name; `cases` are the files of its pattern, as far as there are some.
    """

    plan: Plan
    destinations: Mapping[str, compiled.DestinationConfig]
    retention: compiled.RetentionConfig
    names: Declared
    cases: tuple[Path, ...]


def blueprint(path: Path, *, environ: Mapping[str, str] = os.environ) -> Blueprint:
    """Read the bridge file at `path` without needing its secrets. Raises ConfigurationInvalid."""
    assembly = Assembly(path)
    looked = _Examination(
        assembly.root, assembly.problems, environ, fault_of, complete=assembly.complete, stand_ins=True
    )
    return looked.blueprint()


def same(one: compiled.Bridge, other: compiled.Bridge) -> bool:
    """Tell whether two configurations say the same, wherever and with whatever comments."""
    return plain(restored(one.content)) == plain(restored(other.content))


def load_since(path: Path, start: datetime) -> compiled.Bridge:
    """Read the bridge file at `path` as if every kind had this `start` (aware). Raises ConfigurationInvalid."""
    assembly = Assembly(path)
    root = with_start(assembly.root, start.isoformat(timespec="seconds"))
    return _Examination(root, assembly.problems, os.environ, fault_of, complete=assembly.complete).bridge()


def restore(
    content: bytes, *, environ: Mapping[str, str] = os.environ, find_fault: FaultOf = fault_of
) -> compiled.Bridge:
    """Make again what `load` made of a file, from its `content`; the secrets are fetched anew.

    Raises ConfigurationInvalid: a secret may be missing here, or this program may not know what an older one did.
    """
    return _Examination(restored(content), (), environ, find_fault).bridge()


def _of_file(path: Path, environ: Mapping[str, str], find_fault: FaultOf) -> _Examination:
    assembly = Assembly(path)
    return _Examination(assembly.root, assembly.problems, environ, find_fault, complete=assembly.complete)


class _Examination:
    """One look at a file, from its syntax to its connections."""

    def __init__(
        self,
        root: Table,
        problems: Sequence[Problem],
        environ: Mapping[str, str],
        find_fault: FaultOf,
        *,
        complete: bool = True,
        stand_ins: bool = False,
    ) -> None:
        connectors = Connectors(root)
        self._names = names = declared(root, connectors.names, complete=complete)
        environ = {**beside(Path(root.place.file)), **environ}
        self._root = root
        self._file: BridgeFile | None = None
        self._connections = Connections(root, connectors, environ, stand_ins=stand_ins)
        found = [*problems, *connectors.problems, *self._connections.problems]
        secrets = References(environ, stand_ins)
        if root.entries:
            try:
                self._file = BridgeFile.model_validate(plain(_with_secrets(root, secrets)), context=names)
            except ValidationError as error:
                wrong = _known(reported(error, BridgeFile, root, root.place), complete=complete)
                found += [replace(each, sentence=secrets.hide(each.sentence)) for each in wrong]
            found += secrets.problems
            found += condition_problems(root, names, find_fault)
            found += decision_problems(root, self._connections.made)
        if self._file is not None:
            found += routing_problems(root, self._file)
            found += recipient_problems(root, self._file, self._connections.made)
            found += clearance_problems(root, self._file, self._connections.made)
        self.problems = tuple(sorted(set(found)))

    def bridge(self) -> compiled.Bridge:
        if self.problems or self._file is None:
            raise ConfigurationInvalid(self.problems)
        return replace(compiled.bridge(self._file, self._connections.made), content=dumped(self._root))

    def blueprint(self) -> Blueprint:
        destinations = compiled.destinations(self._connections.made)
        places = self._root.table("destinations").keys
        sentence = "what it sends cannot be laid out without its secrets: set them, stand-ins will do"
        bare = () if self.problems else tuple(problem(places[n], sentence) for n in places if n not in destinations)
        if self.problems or bare or self._file is None:
            raise ConfigurationInvalid(self.problems or bare)
        kept, cases = compiled.retention(self._file), tuple(_cases(self._root))
        return Blueprint(compiled.plan(self._file), destinations, kept, self._names, cases)


def _cases(root: Table) -> Iterator[Path]:
    """Give the files that the tree's patterns match, each seen from the file that names it, each once."""
    named = root.entries.get("cases")
    patterns = [each for each in (named.items if isinstance(named, Items) else (named,)) if isinstance(each, Text)]
    yield from dict.fromkeys(path for each in patterns for path in matching(Path(each.place.file).parent, each.value))


def _with_secrets(root: Table, secrets: References) -> Table:
    # those of sources and destinations are their connectors' settings, resolved apart
    operators = root.entries.get("operators")
    if operators is None:
        return root
    return replace(root, entries={**root.entries, "operators": secrets.resolve(operators, shapes(OperatorsEntry))})


def _known(problems: Iterator[Problem], *, complete: bool) -> Iterator[Problem]:
    # What is missing at the top may stand in the file that could not be read.
    return (each for each in problems if complete or each.key_path)
