"""A table of orders that answers searches as the vendor does: each page runs the search anew, on the table of then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.connectors.netsuite.soap.orders import cells, order
from tests.connectors.netsuite.soap.vendor import Asked, Said, Sheet, found, refused, rows

EARLY = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)
PAGE = 3


@dataclass
class Table:
    """Orders by id with their stamps; `meanwhile` is called before each answer with the number of answers given."""

    stamps: dict[int, datetime] = field(default_factory=dict)
    meanwhile: Callable[[int], None] = lambda _: None
    life: int = 100
    """So many pages of one search are given; then it is forgotten."""
    asked: list[tuple[str, int]] = field(default_factory=list)
    _searches: dict[str, tuple[datetime, datetime, int]] = field(default_factory=dict)

    def put(self, number: int, seconds: int) -> None:
        self.stamps[number] = EARLY + timedelta(seconds=seconds)

    def search(self, asked: Asked) -> Said:
        since, until = (datetime.fromisoformat(asked.text(name)[0]) for name in ("searchValue", "searchValue2"))
        name = f"WEBSERVICES_{len(self._searches)}"
        self._searches[name] = (since, until, 0)
        return self._page(name, 1, more=False, columns="SearchAdvanced" in _type(asked))

    def more(self, asked: Asked) -> Said:
        (name,), (page,) = asked.text("searchId"), asked.text("pageIndex")
        since, until, given = self._searches[name]
        self._searches[name] = (since, until, given + 1)
        if given >= self.life:
            return refused("INVALID_JOB_ID", more=True)
        return self._page(name, int(page), more=True, columns=asked.text("returnSearchColumns") == ["true"])

    def _page(self, name: str, page: int, *, more: bool, columns: bool) -> Said:
        self.meanwhile(len(self.asked))
        self.asked.append((name, page))
        since, until, _ = self._searches[name]
        matching = sorted(number for number, stamp in self.stamps.items() if since <= stamp <= until)
        pages = -(-len(matching) // PAGE)
        if more and page > pages:
            return refused("INVALID_SEARCH_PAGE_INDEX", more=True)
        shown = matching[(page - 1) * PAGE : page * PAGE]
        sheet = Sheet(len(matching), pages, page, name)
        if columns:
            return rows([(str(each), self._written(each)) for each in shown], sheet, more=more)
        return found([order(each, cells(self._written(each))) for each in shown], sheet, more=more)

    def _written(self, number: int) -> str:
        return self.stamps[number].isoformat(timespec="milliseconds")


def _type(asked: Asked) -> str:
    return str(asked.all("searchRecord")[0].get("{http://www.w3.org/2001/XMLSchema-instance}type"))
