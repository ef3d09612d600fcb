"""The bridge file: checked as a whole, or loaded."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from config import compile as compiled
from config.conditions import FaultOf, condition_problems, fault_of
from config.connection import Connections, Connectors
from config.declared import declared
from config.include import Assembly
from config.model import BridgeFile, OperatorsEntry
from config.problem import ConfigurationInvalid, Problem
from config.references import References
from config.reported import reported
from config.shape import shapes
from config.tree import Table, plain


def check(
    path: Path, *, environ: Mapping[str, str] = os.environ, find_fault: FaultOf = fault_of
) -> tuple[Problem, ...]:
    """Return everything that is wrong with the bridge file at `path`, in the order of files and positions.

    `environ` holds the secrets that the file names as `env:NAME`; `find_fault` judges the conditions.
    """
    return _Examination(path, environ, find_fault).problems


def load(path: Path, *, environ: Mapping[str, str] = os.environ, find_fault: FaultOf = fault_of) -> compiled.Bridge:
    """Read the bridge file at `path`. Raises ConfigurationInvalid with everything that is wrong with it."""
    examination = _Examination(path, environ, find_fault)
    if examination.problems or examination.file is None:
        raise ConfigurationInvalid(examination.problems)
    return compiled.bridge(examination.file, examination.connections.made)


class _Examination:
    """One look at a file, from its syntax to its connections."""

    def __init__(self, path: Path, environ: Mapping[str, str], find_fault: FaultOf) -> None:
        assembly = Assembly(path)
        root = assembly.root
        connectors = Connectors(root)
        names = declared(root, connectors.names, complete=assembly.complete)
        self.file: BridgeFile | None = None
        self.connections = Connections(root, connectors, environ)
        found = [*assembly.problems, *connectors.problems, *self.connections.problems]
        secrets = References(environ)
        if root.entries:
            try:
                self.file = BridgeFile.model_validate(plain(_with_secrets(root, secrets)), context=names)
            except ValidationError as error:
                wrong = _known(reported(error, BridgeFile, root, root.place), complete=assembly.complete)
                found += [replace(each, sentence=secrets.hide(each.sentence)) for each in wrong]
            found += secrets.problems
            found += condition_problems(root, names, find_fault)
        self.problems = tuple(sorted(set(found)))


def _with_secrets(root: Table, secrets: References) -> Table:
    # those of sources and destinations are their connectors' settings, resolved apart
    operators = root.entries.get("operators")
    if operators is None:
        return root
    return replace(root, entries={**root.entries, "operators": secrets.resolve(operators, shapes(OperatorsEntry))})


def _known(problems: Iterator[Problem], *, complete: bool) -> Iterator[Problem]:
    # What is missing at the top may stand in the file that could not be read.
    return (each for each in problems if complete or each.key_path)
