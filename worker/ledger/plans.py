"""tmp"""

from __future__ import annotations
from sqlalchemy import select
from pipelines.plan import Plan
from worker.ledger.engine import Ledger, now
from worker.ledger.tables import plan as table


def remember(ledger: Ledger, plan: Plan) -> int:
    """x"""
    with ledger.write() as c:
        c.execute(
            ledger.insert(table).values(fingerprint=plan.fingerprint, at=now(), content=b"").on_conflict_do_nothing()
        )
        return int(c.execute(select(table.c.id).where(table.c.fingerprint == plan.fingerprint)).scalar_one())
