"""Several files as one: `include` is followed, and the sections of all files are merged."""

from __future__ import annotations

from glob import glob
from pathlib import Path

from config.load import SyntaxInvalid, read
from config.problem import Place, Problem, problem
from config.tree import Items, Node, Table, Text


class Assembly:
    """The merged files of a configuration.

    `root` holds what could be read; `complete` is False when a file is missing from it, so that a name which is not
    found may yet exist; `problems` are the mistakes met on the way.
    """

    def __init__(self, path: Path) -> None:
        self.problems: list[Problem] = []
        self.complete = True
        self._entries: dict[str, Node] = {}
        self._keys: dict[str, Place] = {}
        self._seen: set[Path] = set()
        self._follow(path, ())
        self.root = Table(self._entries, Place(str(path), 1, 1), self._keys)

    def _follow(self, path: Path, including: tuple[Path, ...]) -> None:
        self._seen.add(path.resolve())
        try:
            node = read(path)
        except SyntaxInvalid as error:
            self.problems += error.problems
            self.complete = False
            return
        if not isinstance(node, Table):
            self.problems.append(problem(node.place, "the file must be a mapping with keys such as `routes:`"))
            self.complete = False
            return
        for key, value in node.entries.items():
            if key != "include":
                self._merge(key, value, node.keys[key])
        for wanted in self._patterns(node):
            for found in self._matches(path, wanted):
                self._include(found, wanted.place, (*including, path.resolve()))

    def _patterns(self, node: Table) -> list[Text]:
        wanted = node.entries.get("include", Items((), node.place))
        items = wanted.items if isinstance(wanted, Items) else (wanted,)
        for item in items:
            if not isinstance(item, Text):
                self.problems.append(problem(item.place, "include takes a file pattern or a list of them"))
                self.complete = False
        return [item for item in items if isinstance(item, Text)]

    def _matches(self, path: Path, wanted: Text) -> list[Path]:
        files = matching(path.parent, wanted.value)
        if not files:
            self.problems.append(problem(wanted.place, f"no file matches '{wanted.value}', seen from {path.parent}"))
            self.complete = False
        return files

    def _include(self, path: Path, place: Place, including: tuple[Path, ...]) -> None:
        if path.resolve() in including:
            self.problems.append(problem(place, f"{path} would include itself: narrow the pattern"))
        elif path.resolve() in self._seen:
            self.problems.append(problem(place, f"{path} is included a second time: include it once"))
        else:
            self._follow(path, including)

    def _merge(self, key: str, value: Node, place: Place) -> None:
        match self._entries.get(key), value:
            case None, _:
                self._entries[key], self._keys[key] = value, place
            case Table() as known, Table():
                self._entries[key] = self._merged(known, value)
            case Items() as known, Items():
                self._entries[key] = self._joined(known, value)
            case Text(before), Text(now) if before == now and key == "version":
                pass
            case _:
                self.problems.append(problem(place, f"'{key}' contradicts {self._keys[key]}: write it there alone"))

    def _merged(self, known: Table, value: Table) -> Table:
        entries, keys = dict(known.entries), dict(known.keys)
        for name, entry in value.entries.items():
            if name in entries:
                self._twice(value.keys[name], name, keys[name])
            else:
                entries[name], keys[name] = entry, value.keys[name]
        return Table(entries, known.place, keys)

    def _joined(self, known: Items, value: Items) -> Items:
        earlier = {item.value: item.place for item in known.items if isinstance(item, Text)}
        items = list(known.items)
        for item in value.items:
            if isinstance(item, Text) and item.value in earlier:
                self._twice(item.place, item.value, earlier[item.value])
            else:
                items.append(item)
        return Items(tuple(items), known.place)

    def _twice(self, place: Place, name: str, earlier: Place) -> None:
        self.problems.append(problem(place, f"'{name}' is already defined at {earlier}: keep one, or rename one"))


def matching(folder: Path, pattern: str) -> list[Path]:
    """Return the files that a pattern means, seen from `folder`, in order."""
    found = sorted(glob(pattern, root_dir=folder, recursive=True))  # noqa: PTH207 Path.glob refuses absolute patterns
    return [folder / each for each in found if (folder / each).is_file()]
