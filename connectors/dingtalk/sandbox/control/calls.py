"""Control of what applications called: nothing is changed here, it is all for reading."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.dingtalk.sandbox.control.desk import answer, paging
from connectors.dingtalk.sandbox.state import State


class CallControl:
    """The routes for the account of calls."""

    def __init__(self, state: State) -> None:
        """Tell the account of `state`."""
        self._state = state

    def routes(self) -> list[Route]:
        """Return the routes, relative to the control mount."""
        return [
            Route("/calls", self._calls, methods=["GET"]),
            Route("/writes", self._writes, methods=["GET"]),
        ]

    async def _calls(self, _request: Request) -> Response:
        return answer({"months": self._state.account.months})

    async def _writes(self, request: Request) -> Response:
        account, (after, limit) = self._state.account, paging(request)
        api, id_ = request.query_params.get("api", ""), request.query_params.get("id", "")
        rows = [
            one for one in account.written if one.n > after and api in {"", one.api} and (not id_ or id_ in one.ids)
        ]
        return answer({"count": account.count, "writes": rows[:limit]})
