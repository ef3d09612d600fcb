"""The connectors that there are: a plain list, and modules that a configuration names."""

from __future__ import annotations

from importlib import import_module

from connectors.contract import Connector

BUILT_IN = (
    "connectors.salesforce",
    "connectors.zoho",
    "connectors.netsuite",
    "connectors.dynamics.dataverse",
    "connectors.dynamics.business_central",
    "connectors.dingtalk",
    "connectors.generic",
)


class ConnectorMissing(Exception):
    """No connector can be had under this name. `str(error)` is a sentence for the operator."""


def names() -> tuple[str, ...]:
    """Name the built-in connectors, without importing them."""
    return tuple(module.rpartition(".")[2] for module in BUILT_IN)


def connector(name: str) -> Connector:
    """Return the built-in connector `name`, imported when it is first asked for. Raises ConnectorMissing."""
    if name not in names():
        raise ConnectorMissing(f"there is no connector '{name}': known are {', '.join(names())}")
    return from_module(BUILT_IN[names().index(name)])


def from_module(module: str) -> Connector:
    """Return the `CONNECTOR` of a module. Raises ConnectorMissing when it cannot be imported or has none."""
    try:
        found = getattr(import_module(module), "CONNECTOR", None)
    except Exception as error:  # a module from elsewhere may fail in any way
        raise ConnectorMissing(f"the module '{module}' cannot be imported: {type(error).__name__}: {error}") from error
    if not isinstance(found, Connector):
        raise ConnectorMissing(f"the module '{module}' has no CONNECTOR of type connectors.contract.Connector")
    return found
