"""The approval resource: the processes of the org; submit, approve, reject.

See https://developer.salesforce.com/docs/platform/api-rest/guide/resources-process-approvals.html
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from connectors.salesforce.sandbox import ids, values
from connectors.salesforce.sandbox.approvals import Progress, Status
from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.gate import Call, answer

DECISIONS = {"approve": Status.APPROVED, "reject": Status.REJECTED}


class Request(msgspec.Struct, rename="camel"):
    """One of the requests of a call."""

    action_type: str
    context_id: str
    comments: str | None = None
    context_actor_id: str | None = None
    next_approver_ids: list[str] | None = None
    process_definition_name_or_id: str | None = None
    skip_entry_criteria: str | bool | None = None


class Requests(msgspec.Struct):
    """The body of a call."""

    requests: list[Request]


async def processes(call: Call) -> Response:
    """Return the approval processes by object."""
    by_object: dict[str, list[dict[str, Any]]] = {}
    for defined in call.org.approvals.defined:
        process = defined.process
        by_object.setdefault(process.object_name, []).append(
            {
                "description": None,
                "id": defined.id[:15],
                "name": process.label,
                "object": process.object_name,
                "sortOrder": defined.order,
            }
        )
    return answer({"approvals": by_object})


async def decide(call: Call) -> Response:
    """Carry out requests: what succeeds stays, what fails has errors.

    A single request that fails is answered with 400 and a list of errors.
    """
    try:
        given = msgspec.convert(values.decode(await call.body()), Requests).requests
    except msgspec.ValidationError as error:
        raise ApiError(400, "JSON_PARSER_ERROR", str(error)) from error
    # A-SALESFORCE-62: reported so by users, while the page speaks of errors in results
    strict = len(given) == 1 and call.org.switches.approval_failure == "errors"
    return answer([_result(call, request, strict=strict) for request in given])


def _result(call: Call, request: Request, *, strict: bool) -> dict[str, Any]:
    before = call.org.store.save()
    try:
        return _success(_carry_out(call, request))
    except ApiError as error:
        call.org.store.restore(before)
        if strict:
            raise
        return _failure(request, error)


def _carry_out(call: Call, request: Request) -> Progress:
    context = ids.canonical(request.context_id)
    if context is None:
        raise ApiError(400, "MALFORMED_ID", f"malformed id {request.context_id}", ())
    action = request.action_type.casefold()
    if action in DECISIONS:
        return call.org.approvals.decide(context, DECISIONS[action], call.user_id, request.comments)
    if action != "submit":
        raise ApiError(400, "INVALID_INPUT", f"unknown actionType {request.action_type}", ())
    submitter = ids.canonical(request.context_actor_id or "") or call.user_id
    return call.org.approvals.submit(context, submitter, request.comments, request.process_definition_name_or_id)


def _success(progress: Progress) -> dict[str, Any]:
    return {
        "actorIds": list(progress.waiting) or None,
        "entityId": progress.target_id,
        "errors": None,
        "instanceId": progress.instance_id,
        "instanceStatus": progress.status.value,
        "newWorkitemIds": list(progress.waiting.values()),
        "success": True,
    }


def _failure(request: Request, error: ApiError) -> dict[str, Any]:
    told = {"statusCode": error.code, "message": error.message, "fields": list(error.fields or ())}
    return {
        "actorIds": None,
        "entityId": ids.canonical(request.context_id),
        "errors": [told],
        "instanceId": None,
        "instanceStatus": None,
        "newWorkitemIds": None,
        "success": False,
    }
