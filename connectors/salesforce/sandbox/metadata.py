"""Versions, resources, limits, identity and describe."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from connectors.salesforce.sandbox.describe import describe, describe_brief, describe_global
from connectors.salesforce.sandbox.errors import session_expired
from connectors.salesforce.sandbox.gate import Call, answer, base_url, bearer, refuse
from connectors.salesforce.sandbox.org import LATEST_VERSION, OLDEST_VERSION, ORG_ID, Org
from connectors.salesforce.sandbox.values import Limits

SEASONS = ("Winter", "Spring", "Summer")
WINTER_24 = 59


async def versions(_request: Request) -> Response:
    """Return the API versions; needs no session."""
    rows = [
        {"label": _release(n), "url": f"/services/data/v{n}.0", "version": f"{n}.0"}
        for n in range(OLDEST_VERSION, LATEST_VERSION + 1)
    ]
    return answer(rows)


def _release(number: int) -> str:
    year, season = divmod(number - WINTER_24, len(SEASONS))
    return f"{SEASONS[season]} '{24 + year}"


class Identity:
    """`GET /id/{org}/{user}`: who the caller is.

    See https://help.salesforce.com/s/articleView?id=sf.remoteaccess_using_openid.htm
    """

    def __init__(self, org: Org) -> None:
        self._org = org

    async def serve(self, request: Request) -> Response:
        """Answer 200 with the caller's names; 401 without a session."""
        user_id = self._org.sessions.user(bearer(request))
        row = self._org.store.find("User", user_id) if user_id else None
        if row is None:
            return refuse(session_expired())
        base = base_url(request)
        return answer(
            {
                "id": f"{base}/id/{ORG_ID}/{row.id}",
                "user_id": row.id,
                "organization_id": ORG_ID,
                "username": row.values["Username"],
                "display_name": row.values["Name"],
                "email": row.values["Email"],
                "active": row.values["IsActive"],
                "urls": {"rest": f"{base}/services/data/v{{version}}/"},
            }
        )


async def resources(call: Call) -> Response:
    """Return the resources of a version by name."""
    names = ("sobjects", "query", "queryAll", "limits", "composite", "process")
    links = {name: f"{call.base}/{name}" for name in names}
    return answer({**links, "identity": f"{base_url(call.request)}/id/{ORG_ID}/{call.user_id}"})


async def limits(call: Call) -> Response:
    """Return what is left of the org's limits."""
    return answer(call.org.quota.report())


async def sobjects(call: Call) -> Response:
    """Return the list of objects."""
    return answer(describe_global(call.org.catalogue.all(), call.base))


async def brief(call: Call) -> Response:
    """Return one object's metadata without fields."""
    return answer({"objectDescribe": describe_brief(call.sobject(), call.base), "recentItems": []})


async def full(call: Call) -> Response:
    """Return one object's metadata with the fields that the caller may see."""
    sobject = call.sobject()
    limits_of_caller = Limits(call.hidden(sobject), call.org.access.fixed(call.user_id, sobject))
    return answer(describe(sobject, call.org.catalogue, limits_of_caller, call.base))
