"""What stands before every resource: token, environment, limits, the shape of errors.

See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/endpoints-apis-for-dynamics
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from connectors.dynamics.sandbox.central.errors import no_resource, refuse
from connectors.dynamics.sandbox.central.place import ENVIRONMENT, Company, Place
from connectors.dynamics.sandbox.central.tables import EXTENDED, EXTENSION
from connectors.dynamics.sandbox.directory import TENANT_DOMAIN, TENANT_ID, Resource
from connectors.dynamics.sandbox.odata import asked
from connectors.dynamics.sandbox.odata.address import Segment
from connectors.dynamics.sandbox.odata.asked import Asked, in_parts
from connectors.dynamics.sandbox.refusal import Refusal
from connectors.dynamics.sandbox.schema import Table
from connectors.dynamics.sandbox.wire import answer, bearer

JSON = "application/json; odata.metadata=minimal; odata.streaming=true"


@dataclass(frozen=True, slots=True)
class Call(Asked):
    """One authenticated request. `user_id` is the application's user, `route` the API, empty for the vendor's own."""

    place: Place
    user_id: str
    route: str

    def serves(self, table: Table) -> bool:
        """Tell whether the API that the path names has a table."""
        return table.route == self.route or (self.route == EXTENSION and table.name in EXTENDED)

    def table(self, name: str) -> Table:
        """Return the table of this name. Raises `Refusal` 404."""
        found = self.place.catalogue.find(name)
        if found is None or not self.serves(found):
            raise no_resource(name)
        return found

    def company(self) -> Company:
        """Return the company that the path names. Raises `Refusal` 404."""
        wanted = self.segments[0].key.lower()
        found = next((c for c in self.place.companies if c.id == wanted), None)
        if self.segments[0].name != "companies" or found is None:
            raise refuse(
                404, "Internal_CompanyNotFound", "Cannot process the request because the company cannot be found."
            )
        return found


OWN = "v2.0"
BETA = "microsoft/runtime/beta"
ROUTES = frozenset({"", BETA, EXTENSION})
"""The APIs of the environment: the vendor's own by its version, others by publisher, group and version.

See https://learn.microsoft.com/dynamics365/business-central/dev-itpro/webservices/api-endpoint-structure
"""


def _in_company(call: Call) -> Call:
    """Return a call whose path names the company, also where the query did."""
    wanted = call.options.raw.get("company")
    if not wanted or not call.segments or call.segments[0].name == "companies":
        return call
    return replace(call, segments=[Segment("companies", {"": wanted}), *call.segments])


Handler = Callable[[Call], Awaitable[Response]]


def json(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer."""
    return answer(body, status, {"OData-Version": "4.0", **(headers or {})}, JSON)


class Api:
    """`/v2.0/[{tenant}/]{environment}/api/…`."""

    def __init__(self, place: Place, handle: Handler, tell: Callable[[], None]) -> None:
        """Take what answers a call, and what tells others of changes after it."""
        self._place = place
        self._handle = handle
        self._tell = tell

    async def serve(self, request: Request) -> Response:
        """Answer a request."""
        try:
            user_id = self._user(request)
            self._check_environment(request)
            async with self._place.limits.spend(user_id, request.url.path):
                response = await self._handle(await self._call(request, user_id))
        except Refusal as refusal:
            response = json(refusal.body(), refusal.status, refusal.headers)
        self._tell()
        return response

    async def _call(self, request: Request, user_id: str) -> Call:
        home, found, rest = asked.raw_path(request).partition("/api/")
        parts = rest.split("/")
        route = "" if parts[0] == OWN else "/".join(parts[:3])
        if not found or route not in ROUTES:
            raise no_resource(parts[0])
        given = await asked.read(request, f"{home}/api/{route or OWN}")
        call = Call(**in_parts(given), place=self._place, user_id=user_id, route=route)
        return _in_company(call)

    def _user(self, request: Request) -> str:
        client_id = self._place.directory.client(bearer(request), Resource.CENTRAL)
        user_id = self._place.applications.get(client_id or "")
        if user_id is None:
            message = "The server has rejected the client credentials."
            raise refuse(401, "Authentication_InvalidCredentials", message, {"WWW-Authenticate": "Bearer"})
        return user_id

    def _check_environment(self, request: Request) -> None:
        tenant = str(request.path_params.get("tenant", TENANT_ID)).lower()
        environment = str(request.path_params["environment"]).lower()
        if tenant not in {TENANT_ID, TENANT_DOMAIN} or environment != ENVIRONMENT:
            raise refuse(404, "NoEnvironment", "Environment does not exist.")
