"""As whom a call is made: the application user, or the person who decides.

https://learn.microsoft.com/power-apps/developer/data-platform/webapi/impersonate-another-user-web-api
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.dynamics.dataverse.errors import explain
from connectors.dynamics.dataverse.settings import ActAs
from connectors.dynamics.dataverse.wire import Call, Environment
from connectors.odata import guid, keyed

USER = "systemuser"
USERS = "systemusers"
AGE = timedelta(minutes=1)
"""How long it is believed that somebody is an enabled user."""


@dataclass(frozen=True, slots=True)
class Person:
    """An enabled user of the environment; `object_id` is theirs in Microsoft Entra, empty where they have none."""

    id: str
    object_id: str


class People:
    """The users of one environment, by their `systemuserid`."""

    def __init__(self, environment: Environment, act_as: ActAs, now: Callable[[], datetime]) -> None:
        self._environment = environment
        self._act_as = act_as
        self._now = now
        self._known: dict[str, tuple[datetime, Person | None]] = {}

    @property
    def impersonates(self) -> bool:
        """Whether decisions are written as the person who made them."""
        return self._act_as is not ActAs.APPLICATION_USER

    def find(self, actor: str) -> Person | None:
        """Return a user, None where there is none or it is disabled. Raises the contract's errors."""
        known = self._known.get(actor)
        if known is None or self._now() - known[0] >= AGE:
            known = (self._now(), self._asked(actor))
            self._known[actor] = known
        return known[1]

    def acting(self, actor: str) -> Mapping[str, str] | None:
        """Return the headers of a call in the name of a user, None where nothing can be done in it.

        Raises the contract's errors.
        """
        person = self.find(actor)
        if person is None:
            return None
        if self._act_as is ActAs.CALLER_OBJECT_ID:
            return {"CallerObjectId": person.object_id} if person.object_id else None
        return {"MSCRMCallerID": person.id} if self._act_as is ActAs.CALLER_ID else {}

    def _asked(self, actor: str) -> Person | None:
        try:
            path = keyed(USERS, guid(actor))
        except ValueError:
            return None
        url = self._environment.at(path, {"$select": "azureactivedirectoryobjectid,isdisabled"})
        answer = self._environment.call(Call("GET", url, refusable=True))
        if answer.status == 404:
            return None
        if answer.status >= 300:
            raise explain(answer.fault)
        row = answer.body if isinstance(answer.body, dict) else {}
        if row.get("isdisabled") is not False:
            return None
        return Person(str(guid(actor)), str(row.get("azureactivedirectoryobjectid") or ""))
