"""Twins of the vendors and of DingTalk, and a ledger between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import copy

import pytest

from connectors.dingtalk.sandbox import create
from tests.connectors.dingtalk.sandbox.served import Client as Twin
from tests.served import Host, serving
from tests.worker.approvals.books import BOSS, CLERK, FIELDS, ID, KIND, Books
from tests.worker.approvals.hall import AMY, DORA, Hall
from tests.worker.approvals.vendors import VENDORS, Waiting, hosting, waiting
from tests.worker.stand_ins import SEALER
from worker.ledger.engine import Ledger
from worker.limiter import Limiter


@pytest.fixture(scope="session")
def hosts() -> Iterator[dict[str, Host]]:
    with hosting() as hosts:
        yield hosts


@pytest.fixture(scope="session")
def dingtalk() -> Iterator[Host]:
    with serving(create) as host:
        yield host


@pytest.fixture
def twin(dingtalk: Host) -> Twin:
    dingtalk.fresh()
    return Twin(dingtalk.base)


@pytest.fixture
def file_ledger(tables: Path, tmp_path: Path) -> Iterator[Ledger]:
    path = tmp_path / "decisions.sqlite3"
    copy(tables, path)
    ledger = Ledger(f"sqlite:///{path}", SEALER)
    yield ledger
    ledger.close()


@pytest.fixture(params=VENDORS)
def asked(
    request: pytest.FixtureRequest, hosts: dict[str, Host], file_ledger: Ledger, limiter: Limiter, twin: Twin
) -> Iterator[tuple[Hall, Waiting]]:
    """A record that waits at each vendor's twin; Amy is its approver, Dora the one who may not decide it there."""
    with ExitStack() as stack:
        of = stack.enter_context(waiting(hosts, request.param))
        hall = Hall(file_ledger, limiter, twin, of.client, of.kind, of.id, of.fields)
        hall.match(of.approver, AMY)
        hall.match(of.junior, DORA)
        yield hall, of


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def hall(ledger: Ledger, limiter: Limiter, twin: Twin, books: Books) -> Hall:
    """A source that does as it is told, on either database; Amy is its boss, Dora its clerk."""
    hall = Hall(ledger, limiter, twin, books, KIND, ID, FIELDS)
    hall.match(BOSS, AMY)
    hall.match(CLERK, DORA)
    return hall
