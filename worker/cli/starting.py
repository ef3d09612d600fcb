"""`dingbridge init --from` and `--list`: starting mappings are copied, and what is left to fill in is named."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from config import starting
from config.beside import beside, path_beside
from worker.cli.common import fail, out, table

_SECRET = re.compile(r"\benv:([A-Z][A-Z0-9_]*)")
_FILE = re.compile(r"\bfile:([^\s,}]+)")


def show() -> None:
    """List the systems that have a starting mapping, with the kinds that they read."""
    from connectors.registry import connector

    rows = [(one.name, connector(one.connector).title, ", ".join(one.kinds)) for one in starting.systems()]
    table([("system", "connector", "reads"), *rows])


def copy(bridge: Path, chosen: Sequence[str], *, force: bool) -> None:
    """Copy the chosen systems beside the bridge file, with their cases, and the bridge file where there is none.

    A bridge file that includes such systems is kept as it is; so is each system that is there and was not chosen.
    """
    if unknown := [name for name in chosen if name not in starting.names()]:
        raise fail(f"there is no starting mapping of {', '.join(unknown)}: known are {', '.join(starting.names())}", 2)
    folder = bridge.parent
    there = [name for name in starting.names() if (folder / starting.SYSTEMS / f"{name}.yaml").exists()]
    copies = {folder / file: starting.text(file) for file in starting.files(chosen, there)}
    if not _takes(bridge):
        copies = {bridge: starting.text(Path(starting.BRIDGE)), **copies}
    if not force and (taken := [str(path) for path in copies if path.exists()]):
        raise fail(f"{', '.join(taken)} is there already: --force overwrites it", 2)
    for path, text in copies.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    _leave_room(bridge, _found(_SECRET, copies.values()))
    _examine(bridge)
    _tell(bridge, copies)


def _takes(bridge: Path) -> bool:
    """Tell whether there is a bridge file that includes systems."""
    return bridge.exists() and starting.INCLUDED in bridge.read_text("utf-8")


def _found(pattern: re.Pattern[str], texts: Iterable[str]) -> list[str]:
    lines = (line for text in texts for line in text.splitlines() if not line.lstrip().startswith("#"))
    return list(dict.fromkeys(name for line in lines for name in pattern.findall(line)))


def _leave_room(bridge: Path, names: Sequence[str]) -> None:
    """Write a line for each secret that the file of secrets lacks; a new one can be read by this user alone."""
    path = path_beside(bridge)
    head = "# Secrets: NAME=value, everything behind the sign is the value.\n"
    if path.exists():
        head = "" if path.read_text("utf-8").endswith("\n") else "\n"
    known = beside(bridge)
    lines = head + "".join(f"{name}=\n" for name in names if name not in known)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
        file.write(lines)


def _examine(bridge: Path) -> None:
    from config.bridge import blueprint
    from config.problem import ConfigurationInvalid, format_problems

    try:
        blueprint(bridge)
    except ConfigurationInvalid as error:
        raise fail(f"the files were copied, and {bridge} has problems:\n{format_problems(error.problems)}") from None


def _tell(bridge: Path, copies: dict[Path, str]) -> None:
    for path in copies:
        out(f"Wrote {path}")
    out(f"Secrets go into {path_beside(bridge)}: {', '.join(_found(_SECRET, copies.values()))}")
    for path, text in copies.items():
        for name in _found(_FILE, [text]):
            out(f"A private key goes into {path.parent / name}")
    out("The comments say what to change. `dingbridge test` runs the cases and needs no secret.")
    out("Then: dingbridge check, dingbridge check --live, dingbridge backtest --all, dingbridge up.")
