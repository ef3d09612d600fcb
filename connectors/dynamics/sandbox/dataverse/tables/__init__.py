"""The tables of the environment.

See https://learn.microsoft.com/power-apps/developer/data-platform/reference/about-entity-reference
"""

from __future__ import annotations

from connectors.dynamics.sandbox.dataverse.tables.events import EVENTS
from connectors.dynamics.sandbox.dataverse.tables.people import PEOPLE
from connectors.dynamics.sandbox.dataverse.tables.sales import SALES
from connectors.dynamics.sandbox.dataverse.tables.service import SERVICE
from connectors.dynamics.sandbox.schema import Table

TABLES: tuple[Table, ...] = (*PEOPLE, *SALES, *SERVICE, *EVENTS)
