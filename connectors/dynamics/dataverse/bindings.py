"""How a look-up is written: by the navigation property to its target, and never by its column.

https://learn.microsoft.com/power-apps/developer/data-platform/webapi/associate-disassociate-entities-using-web-api
"""

from __future__ import annotations

from connectors.contract import Ref
from connectors.dynamics.dataverse.schema import Schema
from connectors.dynamics.dataverse.values import Unwritable
from connectors.dynamics.dataverse.wire import Call, Environment
from connectors.odata import compare, guid, keyed, selected

_OWNERS = frozenset({"systemuser", "team"})
_SELECT = ("ReferencedEntity", "ReferencingEntityNavigationPropertyName")


class Bindings:
    """The look-ups of one environment's tables."""

    def __init__(self, environment: Environment, schema: Schema) -> None:
        self._environment = environment
        self._schema = schema

    def find(self, kind: str, column: str, target: Ref) -> tuple[str, str]:
        """Return the navigation property of a look-up column for a target, and the target's path.

        Raises Unwritable where the column does not point there, and the contract's errors.
        """
        try:
            record = guid(target.id)
        except ValueError:
            raise Unwritable(f"{column} takes the id of a record, and no other text.") from None
        found = self._navigation(kind, column)
        # An owner is a user or a team, and the look-up knows only that it is an owner.
        name = found.get(target.kind) or (found.get("owner") if target.kind in _OWNERS else None)
        if not name:
            raise Unwritable(f"{column} does not point to {target.kind or 'such a record'} in Dataverse.")
        return name, keyed(self._schema.table(target.kind).entity_set, record)

    def _navigation(self, kind: str, column: str) -> dict[str, str]:
        """Return the navigation properties of a look-up by the table that each leads to."""
        path = f"{keyed('EntityDefinitions', {'LogicalName': kind})}/ManyToOneRelationships"
        condition = compare("ReferencingAttribute", "eq", column)
        url = self._environment.at(path, {"$select": selected(_SELECT), "$filter": condition})
        rows = self._environment.page(self._environment.call(Call("GET", url)), url).rows
        return {str(row.get(_SELECT[0])): str(row.get(_SELECT[1]) or "") for row in rows}
