"""Asynchronous requests and their idempotency keys. The twin does the work at once and keeps the answer.

See https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/subsect_164494900632.html and
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/subsect_161252896355.html
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from starlette.responses import Response

from connectors.netsuite.sandbox import moments
from connectors.netsuite.sandbox.errors import ABOUT, ApiError, no_record
from connectors.netsuite.sandbox.gate import COLLECTION, ERROR, Call, Handler, answer, refuse

KEY = "x-netsuite-idempotency-key"
PATH = "/async/v1/job"


@dataclass(frozen=True, slots=True)
class Job:
    """One request that was answered with 202."""

    id: int
    started: int
    ended: int
    result: Response


class Jobs:
    """All jobs of one account."""

    def __init__(self) -> None:
        self._jobs: dict[int, Job] = {}
        self._keys: dict[str, int] = {}
        self._numbers = count(1)

    def wrap(self, handler: Handler) -> Handler:
        """Return a handler that obeys `Prefer: respond-async`."""

        async def serve(call: Call) -> Response:
            if "respond-async" not in call.request.headers.get("prefer", "").casefold():
                return await handler(call)
            return await self._accept(call, handler)

        return serve

    async def job(self, call: Call) -> Response:
        """Return what became of a job."""
        job = self._find(call)
        place = f"{call.base}{PATH}/{job.id}"
        told = {"id": str(job.id), "completed": True, "progress": "succeeded"}
        return answer({"links": [{"rel": "self", "href": place}], **told, "task": {"links": [_self(f"{place}/task")]}})

    async def tasks(self, call: Call) -> Response:
        """Return the tasks of a job: always one."""
        job = self._find(call)
        place = f"{call.base}{PATH}/{job.id}/task"
        items = [{"links": [_self(f"{place}/1")], "id": "1"}]
        return answer({"links": [_self(place)], "items": items, "totalResults": 1}, kind=COLLECTION)

    async def task(self, call: Call) -> Response:
        """Return what became of the task of a job."""
        job = self._find(call)
        place = f"{call.base}{PATH}/{job.id}/task/1"
        times = {"startTime": moments.iso(job.started), "endTime": moments.iso(job.ended)}
        linked = [_self(place), {"rel": "related", "href": f"{place}/result"}]
        progress = "failed" if job.result.status_code >= 400 else "succeeded"
        return answer({"links": linked, "id": "1", "completed": True, "progress": progress, **times})

    async def result(self, call: Call) -> Response:
        """Return the answer that the request would have had."""
        return self._find(call).result

    async def _accept(self, call: Call, handler: Handler) -> Response:
        key = call.request.headers.get(KEY, "")
        if key in self._keys:
            return _conflict(f"{call.base}{PATH}/{self._keys[key]}")
        started = moments.now()
        try:
            result = await handler(call)
        except ApiError as error:
            result = refuse(error)
        job = Job(next(self._numbers), started, moments.now(), result)
        self._jobs[job.id] = job
        if key:
            self._keys[key] = job.id
        return Response(status_code=202, headers={"location": f"{call.base}{PATH}/{job.id}"})

    def _find(self, call: Call) -> Job:
        job = self._jobs.get(int(call.path("job"))) if call.path("job").isdecimal() else None
        if job is None:
            raise no_record()
        return job


def _self(place: str) -> dict[str, str]:
    return {"rel": "self", "href": place}


def _conflict(place: str) -> Response:
    detail = {"detail": "The idempotency key was already used.", "o:errorCode": "IDEMPOTENCY_ERROR"}
    body = {"type": ABOUT, "title": "Conflict", "status": 400, "o:errorDetails": [detail]}
    response = answer(body, 400, ERROR)
    response.headers["location"] = place
    return response
