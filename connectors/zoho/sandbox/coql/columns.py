"""The columns of a query: fields of its module, and through look-ups those of others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connectors.zoho.sandbox.errors import ApiError
from connectors.zoho.sandbox.rendering import View
from connectors.zoho.sandbox.schema import LINKS, Field, Module, Type
from connectors.zoho.sandbox.store import Row

ID = Field("id", Type.LOOKUP, "id")
MAX_RELATIONS = 2


@dataclass(frozen=True, slots=True)
class Columns:
    """What a user may name in a query of one module: `Amount`, `Account_Name`, `Account_Name.Industry`."""

    view: View

    def find(self, name: str) -> Field:
        """Return the field at the end of a path.

        Raises `ApiError`: a field that is not there and one that is hidden give the same answer (A-ZOHO-81).
        """
        return self._steps(name)[-1]

    def reader(self, name: str) -> Callable[[Row], object]:
        """Return what reads a column as it is stored."""
        *links, last = self._steps(name)

        def read(row: Row) -> object:
            found: Row | None = row
            for link in links:
                value = found.values.get(link.name) if found else None
                found = self.view.org.store.find(link.lookup, value)
            if found is None:
                return None
            return found.id if last is ID else found.values.get(last.name)

        return read

    def _steps(self, name: str) -> list[Field]:
        if name.casefold() == "id":
            return [ID]
        words, module, steps = name.removesuffix(".id").split("."), self.view.module, list[Field]()
        if len(words) > MAX_RELATIONS + 1:
            details = {"column_name": name, "limit": MAX_RELATIONS}
            raise ApiError(400, "LIMIT_EXCEEDED", "Limit exceeded", details)
        for word in words:
            if steps:
                module = self._target(steps[-1], name)
            steps.append(self._known(module, word, name))
        if name.endswith(".id") and steps[-1].type not in LINKS:
            raise _invalid(name)
        return steps

    def _known(self, module: Module, word: str, name: str) -> Field:
        field = module.find(word)
        if field is None or word in self.view.org.rules.hidden(self.view.user, module):
            raise _invalid(name)
        return field

    def _target(self, field: Field, name: str) -> Module:
        if field.type is not Type.LOOKUP:
            raise _invalid(name)
        return self.view.org.modules[field.lookup]


def _invalid(name: str) -> ApiError:
    return ApiError(400, "INVALID_QUERY", "column given seems to be invalid", {"column_name": name})
