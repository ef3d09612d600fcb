"""The bridge file: checked as a whole, or loaded."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from config import compile as compiled
from config.beside import beside
from config.conditions import FaultOf, condition_problems, fault_of
from config.connection import Connections, Connectors
from config.deciding import decision_problems
from config.declared import declared
from config.include import Assembly
from config.model import BridgeFile, OperatorsEntry
from config.problem import ConfigurationInvalid, Problem, problem
from config.references import References
from config.reported import reported
from config.settings import Settings
from config.shape import shapes
from config.tree import Table, dumped, plain, restored, with_start


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
    ) -> None:
        connectors = Connectors(root)
        names = declared(root, connectors.names, complete=complete)
        environ = {**beside(Path(root.place.file)), **environ}
        self._root = root
        self._file: BridgeFile | None = None
        self._connections = Connections(root, connectors, environ)
        found = [*problems, *connectors.problems, *self._connections.problems]
        secrets = References(environ)
        if root.entries:
            try:
                self._file = BridgeFile.model_validate(plain(_with_secrets(root, secrets)), context=names)
            except ValidationError as error:
                wrong = _known(reported(error, BridgeFile, root, root.place), complete=complete)
                found += [replace(each, sentence=secrets.hide(each.sentence)) for each in wrong]
            found += secrets.problems
            found += condition_problems(root, names, find_fault)
            found += decision_problems(root, self._connections.made)
        self.problems = tuple(sorted(set(found)))

    def bridge(self) -> compiled.Bridge:
        if self.problems or self._file is None:
            raise ConfigurationInvalid(self.problems)
        return replace(compiled.bridge(self._file, self._connections.made), content=dumped(self._root))


def _with_secrets(root: Table, secrets: References) -> Table:
    # those of sources and destinations are their connectors' settings, resolved apart
    operators = root.entries.get("operators")
    if operators is None:
        return root
    return replace(root, entries={**root.entries, "operators": secrets.resolve(operators, shapes(OperatorsEntry))})


def _known(problems: Iterator[Problem], *, complete: bool) -> Iterator[Problem]:
    # What is missing at the top may stand in the file that could not be read.
    return (each for each in problems if complete or each.key_path)
