"""What of an object is read, and as what: the settings' paths joined with the vendor's description of the object.

https://developer.salesforce.com/docs/platform/api-rest/guide/resources-sobject-describe.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from connectors.contract import Malformed, Misconfigured
from connectors.salesforce.errors import ObjectUnknown
from connectors.salesforce.settings import Kind

Describe = Callable[[str], Mapping[str, Any]]
"""Object name -> its description for our user. Raises ObjectUnknown where our user has no access."""

_PARTS_ONLY = frozenset({"address", "location", "base64", "complexvalue"})
_CURRENCY = "CurrencyIsoCode"
HTML = "html"
"""The type of a column whose text is HTML, which the vendor tells beside the type."""


@dataclass(frozen=True, slots=True)
class Column:
    """One field: its path from the object, and how the vendor types it."""

    path: tuple[str, ...]
    type: str
    labels: Mapping[str, str] = field(default_factory=dict)
    """Picklist: code -> label for people, in the integration user's language."""
    target: str = ""
    """Reference: the object it points to, empty when there may be several."""
    relation: tuple[str, ...] = ()
    """Reference: the path of the related object."""
    currency: tuple[str, ...] = ()
    """Currency: the path of its currency code, empty in an org with one currency."""
    scale: int = 0
    """Numbers: digits behind the point."""

    @property
    def name(self) -> str:
        """The path as the settings write it."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Layout:
    """How one kind is read."""

    kind: str
    columns: tuple[Column, ...]
    hidden: tuple[str, ...]
    """Configured paths that our user may not see."""
    stamp: str
    """SystemModstamp, or LastModifiedDate for the few objects that lack it."""
    number: str
    """Empty when our user may not see it."""
    system: tuple[str, ...]
    """Paths that every record needs, as far as the object has them."""
    logged: bool
    """Whether the vendor keeps a log of its deletions."""

    @property
    def select(self) -> tuple[str, ...]:
        """Every path to name in a query, each once."""
        currencies = (".".join(column.currency) for column in self.columns if column.currency)
        number = (self.number,) if self.number else ()
        return tuple(dict.fromkeys((*self.system, *number, *(column.name for column in self.columns), *currencies)))


def layout_of(name: str, kind: Kind, describe: Describe) -> Layout:
    """Join settings and description.

    Raises Misconfigured when the object has no stamp to be read by, or a field has no single value.
    """
    described = describe(name)
    own = _fields(described)
    stamp = next((each for each in ("SystemModstamp", "LastModifiedDate") if each in own), "")
    if not stamp:
        raise Misconfigured(f"{name} carries no time of change, so it cannot be polled: take it out of `kinds`.")
    found = {path: _column(tuple(path.split(".")), own, describe) for path in kind.fields}
    system = ("Id", stamp, *(each for each in ("LastModifiedDate", "LastModifiedById", "IsDeleted") if each in own))
    if own.get("LastModifiedById", {}).get("relationshipName"):
        system = (*system, "LastModifiedBy.Name")
    return Layout(
        kind=name,
        columns=tuple(column for column in found.values() if column is not None),
        hidden=tuple(path for path, column in found.items() if column is None),
        stamp=stamp,
        number=kind.number if kind.number in own else "",
        system=tuple(dict.fromkeys(system)),
        logged=described.get("replicateable") is True,
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One field on the way of a path. `open`: permissions do not cover it, so whoever sees the record sees it."""

    object: str
    field: str
    open: bool


Steps = tuple[Step, ...]


def steps_of(path: str, name: str, describe: Describe) -> Steps | None:
    """Return the fields that a path goes by, links included; None where our own user does not see one of them."""
    *relations, last = path.split(".")
    found: list[Step] = []
    for relation, wanted in pairwise([*relations, last]):
        own = _fields(describe(name))
        link = next((entry for entry in own.values() if entry.get("relationshipName") == relation), None)
        target = _target(link, wanted, describe)
        if link is None or target is None:
            return None
        found.append(_step(name, link))
        name = target
    entry = _fields(describe(name)).get(last)
    return None if entry is None else (*found, _step(name, entry))


def _step(name: str, entry: Mapping[str, Any]) -> Step:
    return Step(name, str(entry["name"]), entry.get("permissionable") is False)


def _target(link: Mapping[str, Any] | None, wanted: str, describe: Describe) -> str | None:
    """The object behind a link: the first that has what is wanted, else the first that we see (A-SALESFORCE-7)."""
    seen = None
    for target in (link or {}).get("referenceTo") or ():
        try:
            candidate = _fields(describe(target))
        except ObjectUnknown:
            continue
        seen = seen or str(target)
        if wanted in candidate or any(entry.get("relationshipName") == wanted for entry in candidate.values()):
            return str(target)
    return seen


def _column(path: tuple[str, ...], own: Mapping[str, Mapping[str, Any]], describe: Describe) -> Column | None:
    """Follow the relationships of `path` to its field; None when our user may not see a step of it."""
    fields = own
    for step in path[:-1]:
        owner = _behind(step, path[-1], fields, describe)
        if owner is None:
            return None
        fields = owner
    entry = fields.get(path[-1])
    return None if entry is None else _typed(path, entry, has_currency=_CURRENCY in fields)


def _behind(
    relation: str, wanted: str, fields: Mapping[str, Mapping[str, Any]], describe: Describe
) -> Mapping[str, Mapping[str, Any]] | None:
    """Find the fields of the object behind a relationship. An owner may be a User or a Group."""
    link = next((entry for entry in fields.values() if entry.get("relationshipName") == relation), None)
    target = _target(link, wanted, describe)
    return None if target is None else _fields(describe(target))


def _typed(path: tuple[str, ...], entry: Mapping[str, Any], *, has_currency: bool) -> Column:
    kind = HTML if entry.get("htmlFormatted") is True else str(entry.get("type"))
    prefix = path[:-1]
    if kind in _PARTS_ONLY:
        raise Misconfigured(f"{'.'.join(path)} has no single value: name its parts instead, such as BillingCity.")
    if kind == "picklist":
        values = entry.get("picklistValues") or ()
        return Column(path, kind, labels={str(v["value"]): str(v.get("label") or v["value"]) for v in values})
    if kind == "reference":
        targets: Sequence[str] = entry.get("referenceTo") or []
        relation = entry.get("relationshipName")
        return Column(
            path,
            kind,
            target=targets[0] if len(targets) == 1 else "",
            relation=(*prefix, str(relation)) if relation else (),
        )
    currency = (*prefix, _CURRENCY) if kind == "currency" and has_currency else ()
    return Column(path, kind, currency=currency, scale=int(entry.get("scale") or 0))


def _fields(description: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    try:
        return {entry["name"]: entry for entry in description["fields"]}
    except (KeyError, TypeError):
        raise Malformed("Salesforce described an object without fields.", body=b"") from None
