"""Records as JSON: `attributes`, then the columns in their order, parents as objects or null, children as answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.salesforce.sandbox import values
from connectors.salesforce.sandbox.cursors import Children, Result
from connectors.salesforce.sandbox.soql.plan import Bound
from connectors.salesforce.sandbox.soql.view import View
from connectors.salesforce.sandbox.store import Row
from connectors.salesforce.sandbox.switches import Switches


@dataclass(frozen=True, slots=True)
class Printer:
    """Prints records for one user; `base` is the path of the API version."""

    view: View
    switches: Switches
    base: str

    def record(self, result: Result, row: Row) -> dict[str, Any]:
        """Return one row of an answer."""
        record = self._columns(result.object_name, result.columns, row)
        return record | {children.name: self._children(children, row) for children in result.children}

    def _children(self, children: Children, row: Row) -> dict[str, Any] | None:
        rows = children.rows[row.id]
        if not rows:
            return None
        records = [self._columns(children.object_name, children.columns, one) for one in rows]
        return {"totalSize": len(rows), "done": True, "records": records}

    def _columns(self, object_name: str, columns: Sequence[Bound], row: Row) -> dict[str, Any]:
        record: dict[str, Any] = {"attributes": attributes(object_name, row.id, self.base)}
        for column in columns:
            at, here = record, row
            for hop in column.hops:
                parent = self.view.follow(hop, here)
                if parent is None:
                    at[hop.relationship] = None
                    break
                here = parent.row
                shown = {"attributes": attributes(parent.shown.name, here.id, self.base)}
                at = at.setdefault(hop.relationship, shown)
            else:
                at[column.field.name] = values.render(here.values.get(column.field.name), self.switches)
        return record


def attributes(object_name: str, record_id: str, base: str) -> dict[str, str]:
    """Return what stands before the fields of every record; `base` is the path of the API version."""
    return {"type": object_name, "url": f"{base}/sobjects/{object_name}/{record_id}"}
