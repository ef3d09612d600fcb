"""The routes of one kind as a tree: which are never reached, and where what none of them tells would be lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from config.model import BridgeFile, RouteEntry
from config.problem import Problem, problem
from config.tree import Table
from pipelines.plan import Mode

_Routes = Sequence[tuple[str, RouteEntry]]


def routing_problems(root: Table, file: BridgeFile) -> Iterator[Problem]:
    """Judge the routes of each kind in their order."""
    of_kind: defaultdict[str, list[tuple[str, RouteEntry]]] = defaultdict(list)
    for name, entry in file.routes.items():
        of_kind[entry.from_].append((name, entry))
    for routes in of_kind.values():
        yield from _unreachable(root, sorted(routes, key=lambda each: each[1].fallback))
        yield from _open_ended(root, routes)


def _unreachable(root: Table, routes: _Routes) -> Iterator[Problem]:
    for place, (name, entry) in enumerate(routes):
        before = routes[:place]
        by = next((each for each, earlier in before if _takes_all(earlier, entry)), None)
        if by is not None:
            yield problem(
                root.table("routes").keys[name], f"is never told: '{by}' before it takes all that it asks for"
            )


def _takes_all(earlier: RouteEntry, later: RouteEntry) -> bool:
    if earlier.mode is not Mode.LIVE or (earlier.continue_ and not later.fallback):
        return False
    # conditions are not understood here: only the same one, or none, is known to hold whenever the later one does
    return earlier.equals.items() <= later.equals.items() and earlier.when in {"true", later.when}


def _open_ended(root: Table, routes: _Routes) -> Iterator[Problem]:
    ending = next((name for name, entry in routes if not entry.continue_), None)
    if ending is None or any(entry.fallback or _asks_nothing(entry) for _, entry in routes):
        return
    place = root.table("routes").table(ending).keys["continue"]
    yield problem(
        place,
        "the routes of this kind are a tree without a fallback: mark the one that tells what no other told with "
        "fallback: true",
    )


def _asks_nothing(entry: RouteEntry) -> bool:
    return entry.when == "true" and not entry.equals
