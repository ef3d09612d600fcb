"""Plans as they were: what decided an event can be read again years later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import TypeAdapter
from sqlalchemy import Connection, func, select

from pipelines.case import KindProgram, program
from pipelines.clearances import Clearances
from pipelines.plan import Destination, Kind, Plan, Route, Silence, Summary
from pipelines.quiet import Personal
from worker.ledger.engine import Ledger
from worker.ledger.tables import configuration
from worker.ledger.tables import plan as table


@dataclass(frozen=True, slots=True)
class _Stored:
    """A plan with lists in place of the mappings, because a JSON key is one text."""

    fingerprint: str
    kinds: tuple[Kind, ...]
    routes: tuple[Route, ...]
    destinations: tuple[Destination, ...]
    silences: tuple[Silence, ...] = ()
    summaries: tuple[Summary, ...] = ()
    clearances: Clearances = field(default_factory=Clearances)
    personal: dict[str, Personal] = field(default_factory=dict)


_JSON = TypeAdapter(_Stored)


def dump_plan(plan: Plan) -> bytes:
    """Return a plan as JSON. It holds no secret and no record's value, so it is not sealed."""
    kinds, destinations = tuple(plan.kinds.values()), tuple(plan.destinations.values())
    stored = _Stored(
        plan.fingerprint,
        kinds,
        plan.routes,
        destinations,
        plan.silences,
        plan.summaries,
        plan.clearances,
        dict(plan.personal),
    )
    return _JSON.dump_json(stored)


def load_plan(data: bytes) -> Plan:
    """Return what `dump_plan` was given; raises `pydantic.ValidationError` for anything else."""
    stored = _JSON.validate_json(data)
    return Plan(
        stored.fingerprint,
        {(kind.source, kind.kind): kind for kind in stored.kinds},
        stored.routes,
        {destination.name: destination for destination in stored.destinations},
        stored.silences,
        stored.summaries,
        stored.clearances,
        stored.personal,
    )


def remember(ledger: Ledger, plan: Plan) -> int:
    """Store a plan unless its fingerprint is stored already; returns its id."""
    known = select(table.c.id).where(table.c.fingerprint == plan.fingerprint)
    with ledger.read() as connection:
        id_: int | None = connection.execute(known).scalar()
    if id_ is not None:
        return id_
    with ledger.write() as connection:
        row = {"fingerprint": plan.fingerprint, "at": ledger.now(connection), "content": dump_plan(plan)}
        connection.execute(ledger.insert(table).values(row).on_conflict_do_nothing())
        return int(connection.execute(known).scalar_one())


def stored_at(connection: Connection, plan_id: int) -> int:
    """Return when a plan was stored, in microseconds."""
    return int(connection.execute(select(table.c.at).where(table.c.id == plan_id)).scalar_one())


def recall(connection: Connection, plan_id: int) -> Plan | None:
    """Return the plan with this id, if the ledger has it."""
    content = connection.execute(select(table.c.content).where(table.c.id == plan_id)).scalar()
    return load_plan(content) if content else None


class Plans:
    """The plans of a ledger by id, each read and compiled once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._plans: dict[int, Plan | None] = {}
        self._programs: dict[int, Mapping[tuple[str, str], KindProgram]] = {}

    def get(self, plan_id: int) -> Plan | None:
        """Return a plan as it was, or None when the ledger never stored it."""
        if plan_id not in self._plans:
            with self._ledger.read() as connection:
                self._plans[plan_id] = recall(connection, plan_id)
        return self._plans[plan_id]

    def programs(self, plan_id: int) -> Mapping[tuple[str, str], KindProgram]:
        """Return a plan's compiled kinds; none when the ledger never stored the plan."""
        if plan_id not in self._programs:
            plan = self.get(plan_id)
            self._programs[plan_id] = program(plan) if plan is not None else {}
        return self._programs[plan_id]

    def newest(self) -> Plan | None:
        """Return the plan that is applied; before any was, the one that was stored last."""
        applied = select(configuration.c.plan_id).order_by(configuration.c.id.desc()).limit(1)
        with self._ledger.read() as connection:
            id_ = connection.execute(applied).scalar() or connection.execute(select(func.max(table.c.id))).scalar()
        return None if id_ is None else self.get(id_)
