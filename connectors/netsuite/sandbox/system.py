"""Operations on the account itself.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_5130114613.html
"""

from __future__ import annotations

from starlette.responses import Response

from connectors.netsuite.sandbox import moments
from connectors.netsuite.sandbox.gate import Call, answer, forbidden


async def governance_limits(call: Call) -> Response:
    """Return how many requests may run at once; to administrators alone."""
    if not call.caller.role.admin:
        raise forbidden(call.account, "Administrator")
    return answer(call.account.governance.limits())


async def server_time(call: Call) -> Response:
    """Return the time of the server, in UTC."""
    _ = call
    return answer({"serverTime": moments.iso(moments.now()).replace("Z", ".000Z")})
