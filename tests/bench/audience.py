"""What each member of a large group may see of a fact with many fields, once it is remembered who is cleared for what."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from connectors.contract import Members
from pipelines.clearances import Clearance, Clearances
from pipelines.plan import Destination
from pipelines.stages.clearance import allowed, clear
from tests.bench.figures import Report, at_most
from tests.pipelines.make import deal, field, notice
from tests.worker.company import APP, Company, person
from worker.clearing import Clearing
from worker.ledger import audiences, migrate
from worker.ledger.engine import Ledger
from worker.ledger.seal import Sealer

PEOPLE, FIELDS, ROUNDS = 500, 20, 200
MOST_MS = 2.0
PLACE = "cid-bench"


def run(report: Report, folder: Path) -> None:
    """Tell the median of many looks, in CPU of the thread that looks."""
    url = f"sqlite:///{folder / 'ledger.sqlite3'}"
    ledger = Ledger(url, Sealer(b"k" * 32))
    try:
        migrate.upgrade(ledger)
        company = _company(ledger)
        section = report.section()
        spent = sorted(_spent(ledger, company) for _ in range(ROUNDS))
        section.end()
    finally:
        ledger.close()
    of = f"the audience of {PEOPLE} people, and {FIELDS} fields by it, cached; CPU"
    section.tell("audience", spent[ROUNDS // 2] * 1e3, "ms", at_most(MOST_MS), of=of, best=round(spent[0] * 1e3, 3))


def _company(ledger: Ledger) -> Clearing:
    users = {f"u-{number}": person(f"u-{number}", "finance") for number in range(PEOPLE)}
    Company(ledger, users, {"r-control": set(users)}).read()
    with ledger.write() as connection:
        audiences.placed(ledger, connection, {"sales": PLACE})
        found = Members(dict.fromkeys(users, ""), {}, datetime.now(UTC))
        audiences.store(ledger, connection, PLACE, found, ledger.now(connection))
    rule = Clearance("finance", APP, roles=("Accounting/Controller",), departments=("Head office",))
    clearing = Clearing(ledger, Clearances((rule,)))
    _spent(ledger, clearing)
    return clearing


def _spent(ledger: Ledger, clearing: Clearing) -> float:
    destination = Destination("sales", "UTC", "en", application=APP)
    kind = deal(*(field(f"f{number}", data_class="finance") for number in range(FIELDS)))
    fact = notice({f"f{number}": "x" for number in range(FIELDS)})
    began = time.thread_time()
    with ledger.read() as connection:
        at = ledger.now(connection)
        known = audiences.known(connection, ["sales"])["sales"]
        audience = clearing.audience(connection, destination, known, at)
        settling = clearing.settling(connection, destination, known, at)
    may = allowed(replace(destination, audience=audience), date(2026, 1, 1))
    shown = clear(fact, kind, may.classes).fields
    spent = time.thread_time() - began
    if settling or len(shown) != FIELDS:
        raise RuntimeError("everybody is cleared for every field, and something was withheld")
    return spent
