"""What stands in front of every call: token, address, permission, limits, and the shape of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import msgspec

from connectors.dingtalk.sandbox.api.account import ids_of
from connectors.dingtalk.sandbox.api.answers import NewRefusal, OldRefusal, of_gateway, old_body
from connectors.dingtalk.sandbox.api.endpoint import FORM, NEW, Call, Endpoint, Request, Table, body_of, query_of
from connectors.dingtalk.sandbox.api.fields import Given
from connectors.dingtalk.sandbox.api.rates import LIMITS, MINUTE, SECOND, Excess
from connectors.dingtalk.sandbox.api.uploads import MULTIPART
from connectors.dingtalk.sandbox.apps import App
from connectors.dingtalk.sandbox.state import State

JSON = "application/json"
XML = "application/xml"
TOKEN_HEADER = "x-acs-dingtalk-access-token"
NOBODY = App("", "", 0)


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: bytes
    content_type: str = JSON


class Gate:
    """The API of both hosts."""

    def __init__(self, state: State, table: Table) -> None:
        """Let the calls of `table` through."""
        self._state = state
        self._table = table

    def knows(self, path: str) -> bool:
        """Tell whether a path is one of the API's."""
        return bool(self._table.methods(path))

    def answer(self, request: Request) -> Reply:
        """Return the answer to a request."""
        new = request.path.startswith(NEW)
        try:
            return self._pass(request, new=new)
        except OldRefusal as refusal:
            self._state.count_refusal(request.path, refusal.sub_code or str(refusal.errcode))
            return Reply(200, msgspec.json.encode(refusal.body()))
        except NewRefusal as refusal:
            self._state.count_refusal(request.path, refusal.code)
            return Reply(refusal.status, msgspec.json.encode(refusal.body()))

    def _pass(self, request: Request, *, new: bool) -> Reply:
        found = self._table.find(request.method, request.path)
        if found is None:
            raise _unknown(request, self._table.methods(request.path), new=new)
        endpoint, in_path = found
        self._state.account.arrived(endpoint.api)
        query = query_of(request)
        if not new and request.headers.get("content-type", "").startswith((MULTIPART, FORM)):
            # the vendor's samples send the token as a field of the form
            query = {**_texts(body_of(request, new=new)), **query}
        app = NOBODY if endpoint.open else self._caller(request, query, new=new)
        self._permitted(app, endpoint, request.ip)
        self._within_limits(app, endpoint)
        call = Call(request, {**body_of(request, new=new), **query, **in_path}, app, self._state.clock.now())
        told = self._handled(endpoint, call)
        if not new:
            return Reply(200, old_body(dict(told)))
        # A-DINGTALK-128: an SDK's comment says so, no page does
        if endpoint.xml and self._state.app_switches.xml_by_default and JSON not in request.headers.get("accept", ""):
            return Reply(200, _xml(told), XML)
        return Reply(200, msgspec.json.encode(told))

    def _handled(self, endpoint: Endpoint, call: Call) -> Mapping[str, Any]:
        """Return what the endpoint answers, and put the call into the account."""
        account, failed = self._state.account, True
        try:
            told = endpoint.handler(call)
            failed = False
        finally:
            # A-DINGTALK-135: that throttled calls are free is documented, of other refusals nothing is
            if endpoint.paid and (self._state.app_switches.failures_count or not failed):
                account.charge(endpoint.api)
        account.done(endpoint.api)
        if endpoint.writes:
            account.wrote(call.app.client_id, endpoint.api, call.at, ids_of(endpoint.writes, told, call.given))
        return told

    def _caller(self, request: Request, query: dict[str, str], *, new: bool) -> App:
        given = request.headers.get(TOKEN_HEADER, "") if new else query.get("access_token", "")
        token = self._state.apps.token(given)
        app = self._state.apps.by_id.get(token.client_id) if token else None
        if token is not None and app is not None and token.until > self._state.clock.now():
            return app
        if new:
            # A-DINGTALK-102: the error page says 400, clients also report 401
            status = self._state.app_switches.invalid_token_status
            raise NewRefusal(status, "InvalidAuthentication", "不合法的access_token")
        # A-DINGTALK-129: two codes are listed for a token that is over
        known = self._state.app_switches.expired_token_errcode if token else 40014
        text = "access_token超时" if known == 42001 else "不合法的access_token"
        # A-DINGTALK-103: the same codes are seen alone and behind the gateway's 88
        if self._state.app_switches.token_refused_by == "gateway":
            raise of_gateway(known, text)
        raise OldRefusal(known, text)

    def _permitted(self, app: App, endpoint: Endpoint, ip: str) -> None:
        if app.ips and ip not in app.ips:
            if endpoint.new:
                raise NewRefusal(
                    403, "Forbidden.AccessDenied.IpNotInWhiteList", f"访问ip不在白名单之中，request ip={ip}"
                )
            raise of_gateway(60020, f"访问ip不在白名单之中,request ip={ip}")
        if endpoint.permission in app.lacks:
            text = f"应用尚未开通所需的权限：[{endpoint.permission}]"
            if endpoint.new:
                # A-DINGTALK-145: https://open.dingtalk.com/document/development/add-api-permission
                more: dict[str, Any] = {
                    self._state.app_switches.denied_detail: {"requiredScopes": [endpoint.permission]}
                }
                raise NewRefusal(403, "Forbidden.AccessDenied.AccessTokenPermissionDenied", text, more)
            raise of_gateway(60011, text)

    def _within_limits(self, app: App, endpoint: Endpoint) -> None:
        rates, settings, now = self._state.rates, self._state.settings, self._state.clock.monotonic()
        own, everybody = (app.client_id, endpoint.api), ("", endpoint.path)
        qps, qpm = (None, None) if endpoint.open else (settings.qps, settings.qpm)
        excess = None
        if rates.over(everybody, now, settings.platform_qps, SECOND):
            excess = Excess.PLATFORM
        elif rates.over(own, now, qps, SECOND):
            excess = Excess.QPS
        elif rates.over(own, now, qpm, MINUTE):
            excess = Excess.QPM
        elif (
            endpoint.paid
            and settings.monthly_calls is not None
            and self._state.account.month.paid >= settings.monthly_calls
        ):
            excess = Excess.MONTH
        if excess is not None:
            raise self._excess(excess, endpoint)
        for key, window in ((everybody, SECOND), (own, SECOND), (own, MINUTE)):
            rates.count(key, now, window)

    def _excess(self, excess: Excess, endpoint: Endpoint) -> NewRefusal | OldRefusal:
        code, number, text = LIMITS[excess]
        if endpoint.new:
            return NewRefusal(403, f"Forbidden.AccessDenied.{code}", text)
        # A-DINGTALK-104: the limits' page says 90018, what clients log is 88 with it as sub_code
        if self._state.app_switches.throttled_by == "errcode":
            return OldRefusal(number, text)
        return of_gateway(number, text)


def _texts(given: Given) -> dict[str, str]:
    return {name: value for name, value in given.items() if isinstance(value, str)}


def _unknown(request: Request, methods: list[str], *, new: bool) -> NewRefusal | OldRefusal:
    if new:
        if methods:
            return NewRefusal(405, "MethodNotAllowed", "Specified method is not allowed.")
        return NewRefusal(404, "InvalidAction.NotFound", f"Specified api is not found: {request.path}")
    if methods:
        return OldRefusal(43002 if "POST" in methods else 43001, f"需要{methods[0]}请求")
    # A-DINGTALK-19: the code is documented, its HTTP status is not; this host answers 200 to everything
    return OldRefusal(404, "请求的URI地址不存在")


def _xml(told: object) -> bytes:
    fields = told.items() if isinstance(told, dict) else ()
    inside = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields)
    return f"<result>{inside}</result>".encode()
