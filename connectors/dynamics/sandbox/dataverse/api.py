"""What stands before every resource of the Web API: token, user, impersonation, limits, headers, the shape of errors.

See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/compose-http-requests-handle-errors
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from connectors.dynamics.sandbox.dataverse.access import Caller
from connectors.dynamics.sandbox.dataverse.org import Org
from connectors.dynamics.sandbox.directory import TENANT_ID, Resource
from connectors.dynamics.sandbox.odata import asked
from connectors.dynamics.sandbox.odata.asked import Asked, in_parts
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.schema import Table
from connectors.dynamics.sandbox.wire import answer, base_url, bearer

JSON = "application/json; odata.metadata=minimal"
VERSIONS = frozenset({"v9.0", "v9.1", "v9.2"})
AFFINITY = "ARRAffinity"


@dataclass(frozen=True, slots=True)
class Call(Asked):
    """One authenticated request."""

    org: Org
    caller: Caller

    def table(self) -> Table:
        """Return the table that the first segment names. Raises `Refusal` 404."""
        found = self.org.catalogue.of_set(self.segments[0].name)
        if found is None:
            raise no_resource(self.segments[0].name)
        return found


Handler = Callable[[Call], Response]


def no_resource(name: str) -> Refusal:
    """Return the 404 of an unknown segment."""
    return Refusal(404, "0x8006088a", f"Resource not found for the segment '{name}'.")


def json(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer."""
    return answer(body, status, {"OData-Version": "4.0", **(headers or {})}, JSON)


def applied(call: Call) -> dict[str, str]:
    """Return the header that says which preferences were followed."""
    prefer = call.prefer
    said = [f"odata.maxpagesize={prefer.page_size}"] if prefer.page_size and call.options.top is None else []
    said += ["odata.track-changes"] if prefer.has("track-changes") else []
    wanted = prefer.given.get("include-annotations")
    said += [f'odata.include-annotations="{wanted}"'] if wanted else []
    return {"Preference-Applied": ",".join(said)} if said else {}


def refused(refusal: Refusal) -> Response:
    """Return the answer to a refused request."""
    return json(refusal.body(), refusal.status, refusal.headers)


class Api:
    """`/api/data/{version}/…`."""

    def __init__(self, org: Org, handle: Handler, tell: Callable[[], None]) -> None:
        """Take what answers a call, and what tells others of changes after it."""
        self._org = org
        self._handle = handle
        self._tell = tell

    async def serve(self, request: Request) -> Response:
        """Answer a request."""
        version = str(request.path_params["version"])
        sender = self._sender(request)
        if isinstance(sender, Response):
            return sender
        server = self._org.protection.server(request.cookies.get(AFFINITY, ""))
        try:
            if version not in VERSIONS:
                raise no_resource(version)
            async with self._org.protection.spend(sender, server, request.url.path) as meter:
                response = await self._answer(request, version, sender)
                response.headers.update(self._org.protection.headers(meter))
        except Refusal as refusal:
            response = refused(refusal)
        response.set_cookie(AFFINITY, f"{server:064x}", path="/", httponly=True)
        response.headers["x-ms-service-request-id"] = str(uuid.uuid4())
        self._tell()
        return response

    async def _answer(self, request: Request, version: str, sender: str) -> Response:
        given = await asked.read(request, f"/api/data/{version}")
        return self._handle(Call(**in_parts(given), org=self._org, caller=self._caller(request, sender)))

    def _sender(self, request: Request) -> str | Response:
        """Return the id of the user whose token it is, or the refusal."""
        client_id = self._org.directory.client(bearer(request), Resource.DATAVERSE)
        if client_id is None:
            login = f"https://login.microsoftonline.com/{TENANT_ID}/oauth2/authorize"
            challenge = f"Bearer authorization_uri={login}, resource_id={base_url(request)}/"
            return Response(status_code=401, headers={"WWW-Authenticate": challenge})
        user_id = self._org.user_of_application(client_id)
        user = self._org.store.find("systemuser", user_id) if user_id else None
        if user is None:
            return refused(Refusal(403, "0x80072560", "The user is not a member of the organization."))
        if user.values.get("isdisabled"):
            return refused(_disabled(user.id))
        return user.id

    def _caller(self, request: Request, sender: str) -> Caller:
        """Return as whom a request runs.

        See https://learn.microsoft.com/power-apps/developer/data-platform/webapi/impersonate-another-user-web-api
        """
        by_object, by_user = request.headers.get("callerobjectid"), request.headers.get("mscrmcallerid")
        if not by_object and not by_user:
            return Caller(sender, sender)
        if not self._org.access.may_act_for_others(sender):
            message = "User does not have the privilege to act on behalf another user."
            raise Refusal(403, "0x8004a110", message)
        given = str(by_object or by_user).casefold()
        column = "azureactivedirectoryobjectid" if by_object else "systemuserid"
        users = self._org.store.rows("systemuser")
        found = next((user for user in users if str(user.values.get(column)).casefold() == given), None)
        if found is None:
            message = f"SystemUser With Ids = {given} Do Not Exist"
            raise Refusal(403, "0x80072560", message) if by_object else Refusal(404, "0x80040217", message)
        if found.values.get("isdisabled"):
            raise _disabled(found.id)
        return Caller(found.id, sender)


def _disabled(user_id: str) -> Refusal:
    message = f"The user with SystemUserId={user_id} in OrganizationContext is disabled."
    return Refusal(403, "0x80040225", message)
