"""RESTlets: one script of the account, which approves and rejects as a button on the form would.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4567507062.html
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.netsuite.sandbox import approvals
from connectors.netsuite.sandbox.account import Account
from connectors.netsuite.sandbox.errors import ApiError
from connectors.netsuite.sandbox.gate import INVALID_LOGIN, base_url, called_url
from connectors.netsuite.sandbox.governance import LimitExceededError
from connectors.netsuite.sandbox.roles import Caller, Feature
from connectors.netsuite.sandbox.schema import Level
from connectors.netsuite.sandbox.store import Change
from connectors.netsuite.sandbox.tables.transactions import APPROVAL, APPROVED, PENDING, REJECTED

PATH = "/app/site/hosting/restlet.nl"
SCRIPT, DEPLOY = "customscript_approval", "customdeploy_approval"
SCOPE = "restlets"


class ScriptError(Exception):
    """An error that a script, or what runs it, answers with."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status

    def answer(self) -> Response:
        """Return the error in the form of RESTlets (A-NETSUITE-28)."""
        return JSONResponse({"error": {"code": self.code, "message": self.message}}, self.status)


class Restlets:
    """`POST /app/site/hosting/restlet.nl?script=…&deploy=…`."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def serve(self, request: Request) -> Response:
        """Answer a call of the script."""
        try:
            caller = self._caller(request)
            async with self._account.governance.place(caller.integration, request.url.path):
                answer = self._decide(caller, await request.body())
        except LimitExceededError:
            # https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/bridgehead_1525252812.html
            return ScriptError("SSS_REQUEST_LIMIT_EXCEEDED", "Request limit exceeded.").answer()
        except ScriptError as error:
            return error.answer()
        except ApiError as error:
            return ScriptError(error.code, error.detail).answer()
        self._account.events.wake(base_url(request))
        return JSONResponse(answer)

    def _caller(self, request: Request) -> Caller:
        header = request.headers.get("authorization", "")
        caller = self._account.login.by_header(request.method, called_url(request), header)
        if caller is None or (caller.scopes is not None and SCOPE not in caller.scopes):
            raise ScriptError("INVALID_LOGIN_ATTEMPT", INVALID_LOGIN, 401)
        if not caller.role.has(Feature.SCRIPTS):
            raise ScriptError("INSUFFICIENT_PERMISSION", "You do not have permissions to run this script.", 403)
        named = (request.query_params.get("script"), request.query_params.get("deploy"))
        if named != (SCRIPT, DEPLOY):
            raise ScriptError(
                "SSS_INVALID_SCRIPTLET_ID", f"That Suitelet is invalid, disabled, or no longer exists: {named}"
            )
        return caller

    def _decide(self, caller: Caller, body: bytes) -> dict[str, Any]:
        """Approve or reject: `{"type": "purchaseOrder", "id": "1001", "decision": "approve"}`."""
        try:
            given = msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise ScriptError("SSS_INVALID_POST_DATA", "The body is no JSON object.") from error
        record = self._account.catalogue.record(str(given.get("type", "")))
        key = str(given.get("id", ""))
        row = self._account.store.find(record, int(key)) if record and key.isdecimal() else None
        if record is None or row is None or not caller.role.may(Level.VIEW, record) or not caller.role.reaches(row):
            raise ScriptError("RCRD_DSNT_EXIST", "That record does not exist.")
        standard = {"approve": APPROVED, "reject": REJECTED}.get(str(given.get("decision")))
        if standard is None:
            raise ScriptError("SSS_MISSING_REQD_ARGUMENT", "decision is approve or reject")
        if approvals.meaning(row["approvalstatus"]) != PENDING:
            raise ScriptError("USER_ERROR", "This transaction was already decided.")
        values: dict[str, Any] = {"approvalstatus": approvals.code(self._account, standard)}
        approvals.decide(self._account, caller, record, row, values)
        self._account.store.update(record, row["id"], values, None, Change(caller.employee, context="restlet"))
        return {"id": key, "approvalStatus": {"id": values["approvalstatus"], "name": APPROVAL[standard]}}
