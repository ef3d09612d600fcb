"""The files of deploy/, read without the tools that they are for."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.processes.process import ROOT

PROGRAM = "/opt/dingbridge/.venv/bin/dingbridge"
UNITS = ROOT / "deploy" / "systemd"
COMPOSE = ROOT / "deploy" / "compose.yaml"
SPECIFIERS = {"%i": "1", "%l": "host"}
"""What systemd puts in: https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html#Specifiers"""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its settings by section and key, each with all its values."""

    name: str
    sections: dict[str, dict[str, list[str]]]

    @property
    def service(self) -> dict[str, list[str]]:
        return self.sections["Service"]

    def only(self, key: str) -> str:
        (value,) = self.service[key]
        return value

    def commands(self) -> list[list[str]]:
        """The arguments of what is started before the service, and of the service itself."""
        lines = [*self.service.get("ExecStartPre", []), self.only("ExecStart")]
        return [_arguments(line) for line in lines]


def read(path: Path) -> Unit:
    """Read a unit; raises ValueError for a line that belongs to nothing."""
    sections: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] | None = None
    for line in path.read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            section = sections.setdefault(line[1:-1], {})
            continue
        key, equals, value = line.partition("=")
        if section is None or not equals or not key.isalnum():
            raise ValueError(f"{path.name}: {line}")
        section.setdefault(key, []).append(value)
    return Unit(path.name, sections)


def units() -> list[Unit]:
    return [read(path) for path in sorted(UNITS.glob("*.service"))]


def unit(name: str) -> Unit:
    return read(UNITS / name)


def _arguments(line: str) -> list[str]:
    for specifier, value in SPECIFIERS.items():
        line = line.replace(specifier, value)
    program, *arguments = shlex.split(line)
    if program != PROGRAM or "%" in line:
        raise ValueError(line)
    return arguments


def compose() -> dict[str, Any]:
    """Return the Compose file with its anchors put in."""
    found: dict[str, Any] = YAML(typ="safe").load(COMPOSE.read_text("utf-8"))
    return found


def services() -> dict[str, Any]:
    """Return the services of the Compose file that are this program."""
    return {name: each for name, each in compose()["services"].items() if each["image"] == "dingbridge:local"}
