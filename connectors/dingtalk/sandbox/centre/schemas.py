"""Templates of the process centre.

https://open.dingtalk.com/document/development/create-orupdate-the-approval-template-new
https://open.dingtalk.com/document/development/obtain-the-template-code
https://open.dingtalk.com/document/development/self-owned-approval-deletion-template
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.dingtalk.sandbox.api.answers import bad
from connectors.dingtalk.sandbox.api.endpoint import Call, Endpoint
from connectors.dingtalk.sandbox.api.fields import part, text, truth
from connectors.dingtalk.sandbox.approvals.components import components_of
from connectors.dingtalk.sandbox.centre.board import Board
from connectors.dingtalk.sandbox.centre.tickets import Schema
from connectors.dingtalk.sandbox.state import State

PATH = "/v1.0/workflow/processCentres/schemas"
BY_NAME = "/v1.0/workflow/processCentres/schemaNames/processCodes"
READ, WRITE = "Workflow.Form.Read", "Workflow.Form.Write"
MOST_TEMPLATES = 200
LONGEST_NAME = 200


class SchemaCalls:
    """The calls for templates."""

    def __init__(self, state: State, board: Board) -> None:
        """Keep the templates in `state`."""
        self._state = state
        self._board = board

    def endpoints(self) -> Sequence[Endpoint]:
        """Return the calls."""
        return [
            Endpoint("POST", PATH, self._save, WRITE, writes="processCode", paid=True),
            Endpoint("DELETE", PATH, self._delete, WRITE, writes="processCode", paid=True),
            Endpoint("GET", BY_NAME, self._code, READ, paid=True),
        ]

    def _save(self, call: Call) -> Mapping[str, Any]:
        centre, code, name = self._state.centre, text(call.given, "processCode"), text(call.given, "name")
        if code and code not in centre.schemas:
            raise bad("processcode.error", "processCode对应的审批流程不存在")
        if code and centre.schemas[code].client_id != call.app.client_id:
            raise bad("aflowProcessSetupNoPermission", "无操作审批流的权限，请检查processCode是否正确")
        same = centre.named(name)
        if not name or len(name) > LONGEST_NAME or (same is not None and same.code != code):
            raise bad("formName.error", "已有相同名称表单")
        if not code and len(centre.schemas) >= MOST_TEMPLATES:
            raise bad("processes.error", "审批流已超过最大数量")
        code = code or f"PROC-{str(uuid.uuid4()).upper()}"
        silent = truth(part(call.given, "templateConfig"), "disableSendCard")
        centre.schemas[code] = Schema(code, name, call.app.client_id, components_of(call.given), silent, call.at)
        return {"result": {"processCode": code}}

    def _delete(self, call: Call) -> Mapping[str, Any]:
        code = text(call.given, "processCode")
        schema = self._state.centre.schemas.get(code)
        if schema is None:
            raise bad("processNotExist", "审批流不存在")
        if schema.client_id != call.app.client_id:
            raise bad("permission.error", "没有访问权限")
        del self._state.centre.schemas[code]
        if truth(call.given, "cleanRunningTask"):
            # an internal application deletes the template alone, its tickets stay
            for ticket in self._state.centre.tickets.values():
                if ticket.schema.code == code:
                    self._board.cancel(ticket, ticket.running())
        return {"result": {"processCode": code}}

    def _code(self, call: Call) -> Mapping[str, Any]:
        schema = self._state.centre.named(text(call.given, "name"))
        if schema is None:
            raise bad("process.error", "模板不存在")
        modified = datetime.fromtimestamp(schema.modified, UTC).strftime("%Y-%m-%dT%H:%MZ")
        return {"result": {"processCode": schema.code, "gmtModified": modified}}
