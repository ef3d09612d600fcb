"""Is the webhook registered, and for what? Looked at, never changed.

https://learn.microsoft.com/power-apps/developer/data-platform/register-web-hook
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors.contract import ConnectorError, Finding, Level
from connectors.dynamics.dataverse.push import Place, Webhook
from connectors.dynamics.dataverse.settings import Kind
from connectors.dynamics.dataverse.wire import Environment
from connectors.odata import RawRow, guid, keyed

ABOUT = "webhook"
MESSAGES = ("Create", "Update", "Delete")
_STEPS = "serviceendpoint_sdkmessageprocessingstep"
_AUTH_TYPES: Mapping[Place, frozenset[int]] = {Place.QUERY: frozenset({4, 6}), Place.HEADER: frozenset({5})}
"""WebhookKey and HttpQueryString, HttpHeader."""


class Registration:
    """Looks at the registration of one source's webhook, whose address ends with the source's name."""

    def __init__(self, name: str, environment: Environment) -> None:
        self._path = f"/hooks/{name}"
        self._environment = environment

    def findings(self, webhook: Webhook | None, kinds: Mapping[str, Kind]) -> Iterator[Finding]:
        """Say what is missing; never raises for what the vendor or the network did."""
        if webhook is None:
            yield Finding(ABOUT, Level.FINE, "No webhook is configured: changes come by polling alone.")
            return
        try:
            found = [row for row in self._endpoints() if self._ours(row)]
            if not found:
                yield Finding(
                    ABOUT,
                    Level.DOUBT,
                    f"No webhook is registered for an address that ends with {self._path}: register it, as the "
                    "connector's README shows. Until then changes come by polling alone.",
                )
            for row in found:
                yield from self._endpoint(row, webhook, kinds)
        except ConnectorError as error:
            yield Finding(
                ABOUT,
                Level.DOUBT,
                f"Whether the webhook is registered cannot be seen: give the role read access to Service Endpoint and "
                f"Sdk Message Processing Step. ({error})",
            )

    def _endpoints(self) -> tuple[RawRow, ...]:
        options = {"$select": "serviceendpointid,name,url,authtype", "$filter": "contract eq 8"}
        return self._environment.rows(self._environment.at("serviceendpoints", options), {}).rows

    def _ours(self, row: RawRow) -> bool:
        return urlsplit(str(row.get("url") or "")).path.rstrip("/").endswith(self._path)

    def _endpoint(self, row: RawRow, webhook: Webhook, kinds: Mapping[str, Kind]) -> Iterator[Finding]:
        if row.get("authtype") not in _AUTH_TYPES[webhook.place]:
            yield Finding(
                ABOUT,
                Level.WRONG,
                f"The webhook is registered with another authentication than `webhook` says: its {webhook.place} has "
                "nothing that proves it.",
            )
        # A step that is switched off sends nothing.
        steps = [step for step in self._steps(str(row.get("serviceendpointid"))) if step.get("statecode") in {None, 0}]
        covered = {(_table(step), _message(step)) for step in steps}
        wanted = [*kinds, *(line for kind in kinds.values() for line in kind.lines)]
        missing = [
            f"{message} of {table}" for table in wanted for message in MESSAGES if (table, message) not in covered
        ]
        if missing:
            yield Finding(ABOUT, Level.DOUBT, f"The webhook has no step for {', '.join(missing)}: register them.")
        # https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks#synchronous-webhooks
        if any(step.get("mode") == 0 for step in steps):
            yield Finding(
                ABOUT,
                Level.WRONG,
                "A step of the webhook is synchronous: people could not save while the bridge does not answer. Make it "
                "asynchronous.",
            )
        if not missing:
            yield Finding(ABOUT, Level.FINE, "The webhook is registered for every table that is read.")

    def _steps(self, endpoint: str) -> tuple[RawRow, ...]:
        options = {
            "$select": "name,mode,stage,statecode",
            "$expand": "sdkmessageid($select=name),sdkmessagefilterid($select=primaryobjecttypecode)",
        }
        path = f"{keyed('serviceendpoints', guid(endpoint))}/{_STEPS}"
        return self._environment.rows(self._environment.at(path, options), {}).rows


def _table(step: RawRow) -> str:
    return str(_inner(step, "sdkmessagefilterid").get("primaryobjecttypecode") or "")


def _message(step: RawRow) -> str:
    return str(_inner(step, "sdkmessageid").get("name") or "")


def _inner(row: RawRow, name: str) -> Mapping[str, Any]:
    found = row.get(name)
    return found if isinstance(found, dict) else {}
