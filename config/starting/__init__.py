"""The starting mappings, made to be copied: a bridge file, a file for each system, and files for two systems together.

`systems/NAME.yaml` is a system's, `systems/ONE+OTHER.yaml` what needs both; `systems/cases` holds the cases of each under
the same name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from config.load import read
from config.tree import Table

BRIDGE = "bridge.yaml"
SYSTEMS = "systems"
INCLUDED = f"{SYSTEMS}/*.yaml"
"""What a bridge file includes that takes copies of systems."""
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class System:
    """A system that has a starting mapping: its name, its connector's, and the kinds that are read."""

    name: str
    connector: str
    kinds: tuple[str, ...]


def bridge() -> Path:
    """Return the bridge file with the destinations that the systems tell."""
    return _HERE / BRIDGE


def names() -> tuple[str, ...]:
    """Name the systems."""
    return tuple(name for name in _stems() if "+" not in name)


def systems() -> Iterator[System]:
    """Tell of each system what it reads."""
    for name in names():
        root = read(_HERE / SYSTEMS / f"{name}.yaml")
        for _, source in root.tables("sources") if isinstance(root, Table) else ():
            kinds = tuple(kind for kind, _ in source.tables("kinds"))
            yield System(name, source.text("connector") or "", kinds)


def files(chosen: Collection[str], beside: Collection[str] = ()) -> tuple[Path, ...]:
    """Return the files of the chosen systems, relative to the bridge file, each followed by that of its cases.

    `beside` are systems that are there already: what is for one of them and a chosen one is among the files.
    """
    wanted, all_ = set(chosen), {*chosen, *beside}
    taken = [name for name in _stems() if (parts := set(name.split("+"))) <= all_ and parts & wanted]
    return tuple(Path(SYSTEMS, *folder, f"{name}.yaml") for name in taken for folder in ((), ("cases",)))


def text(file: Path) -> str:
    """Return the content of one of the files."""
    return (_HERE / file).read_text("utf-8")


def _stems() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in (_HERE / SYSTEMS).glob("*.yaml")))
