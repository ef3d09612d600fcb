"""`POST /router/rest`: the gateway of another host, eco.taobao.com, through which older clients call the older host.

A-DINGTALK-147: no page of DingTalk's names it any more; `method` is the path with dots, `session` the token, and the answer
stands under the method's name.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import msgspec

from connectors.dingtalk.sandbox.api.endpoint import Request, query_of
from connectors.dingtalk.sandbox.api.gate import Gate, Reply

PATH = "/router/rest"
FAMILIES = ("dingtalk.oapi.", "dingtalk.corp.")
OF_GATEWAY = ("method", "session", "timestamp", "format", "v", "simplify", "partner_id")


class Router:
    """The gateway in front of the older host."""

    def __init__(self, gate: Gate) -> None:
        """Pass calls on to `gate`."""
        self._gate = gate

    def answer(self, request: Request) -> Reply:
        """Return the older host's answer, as the gateway wraps it."""
        given = {**dict(parse_qsl(request.body.decode("utf-8", "replace"))), **query_of(request)}
        method = given.get("method", "")
        family = next((one for one in FAMILIES if method.startswith(one)), None)
        if family is None:
            refusal = {"code": 22, "msg": "Invalid Method", "sub_msg": f"不存在的方法名:{method}"}
            return Reply(200, msgspec.json.encode({"error_response": refusal}))
        fields = {name: value for name, value in given.items() if name not in OF_GATEWAY}
        passed = replace(
            request,
            method="POST",
            path=f"/topapi/{method.removeprefix(family).replace('.', '/')}",
            query=urlencode({"access_token": given.get("session", "")}).encode(),
            headers={**request.headers, "content-type": "application/json"},
            body=msgspec.json.encode(fields),
        )
        reply = self._gate.answer(passed)
        wrapped = {f"{method.replace('.', '_')}_response": msgspec.Raw(reply.body)}
        return Reply(200, msgspec.json.encode(wrapped))
