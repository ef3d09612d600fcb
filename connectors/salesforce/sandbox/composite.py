"""Several requests in one: a chain whose parts refer to each other, and a batch whose parts do not.

See https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-composite.html
and https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-batch.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import msgspec
from starlette.responses import Response

from connectors.salesforce.sandbox import values
from connectors.salesforce.sandbox.errors import ApiError
from connectors.salesforce.sandbox.gate import Call, Part, answer, refuse

MOST_PARTS = 25
TOLD_HEADERS = {"location": "Location", "etag": "ETag"}
INHERITED_HEADERS = frozenset({"accept", "authorization", "content-type"})
_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
_NESTED = re.compile(r"/composite(/batch)?/?(\?|$)")
_json = msgspec.json.Decoder()
Shape = TypeVar("Shape", bound=msgspec.Struct)


class SubRequest(msgspec.Struct):
    """One part of a chain."""

    method: str
    url: str
    reference: str = msgspec.field(name="referenceId")
    body: Any = None
    headers: dict[str, str] = msgspec.field(name="httpHeaders", default_factory=dict)


class Chain(msgspec.Struct):
    """The body of a composite request."""

    parts: list[SubRequest] = msgspec.field(name="compositeRequest")
    whole: bool = msgspec.field(name="allOrNone", default=False)


class BatchRequest(msgspec.Struct):
    """One part of a batch; its `url` begins with the version."""

    method: str
    url: str
    body: Any = msgspec.field(name="richInput", default=None)


class Batch(msgspec.Struct):
    """The body of a batch request."""

    parts: list[BatchRequest] = msgspec.field(name="batchRequests")
    halts: bool = msgspec.field(name="haltOnError", default=False)


@dataclass(slots=True)
class Answers:
    """What the parts of a chain have answered, by their reference ids."""

    responses: dict[str, Response] = field(default_factory=dict)

    def fill(self, given: Any) -> Any:
        """Return a value with the references in its texts replaced. Raises `ApiError` 400 `PROCESSING_HALTED`."""
        if isinstance(given, str):
            return _REFERENCE.sub(lambda match: str(self._find(match)), given)
        if isinstance(given, list):
            return [self.fill(one) for one in given]
        if isinstance(given, dict):
            return {name: self.fill(value) for name, value in given.items()}
        return given

    def _find(self, match: re.Match[str]) -> Any:
        reference, path = match[1], match[2]
        answered = {name: r.body for name, r in self.responses.items() if r.status_code < 400}
        try:
            at = _json.decode(answered[reference])
            for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
                at = at[name] if name else at[int(index)]
        except (LookupError, TypeError, msgspec.DecodeError) as error:
            message = f"Invalid reference specified. No value for {match[0][2:-1]} found in {reference}"
            raise ApiError(400, "PROCESSING_HALTED", message) from error
        return at


async def chain(call: Call) -> Response:
    """Run the parts in order: 200 with what each answered; with `allOrNone` nothing stays when one fails."""
    given = _read(await call.body(), Chain)
    _check(given)
    before = call.org.store.save()
    answers = Answers()
    for part in given.parts:
        response = await _run(replace(call, whole=given.whole), part, answers)
        answers.responses[part.reference] = response
        if given.whole and _failed(response, part):
            call.org.store.restore(before)
            return answer({"compositeResponse": _halted(given, part, response)})
    told = [_told(part, answers.responses[part.reference]) for part in given.parts]
    return answer({"compositeResponse": told})


async def batch(call: Call) -> Response:
    """Run the parts in order: 200 with what each answered; with `haltOnError` the rest is left after a failure."""
    given = _read(await call.body(), Batch)
    _limit(len(given.parts))
    results: list[dict[str, Any]] = []
    failed = False
    for part in given.parts:
        if failed and given.halts:
            error = ApiError(412, "BATCH_PROCESSING_HALTED", "Batch processing halted per request")
            results.append({"statusCode": error.status, "result": error.body()})
            continue
        url = f"/services/data/{part.url.removeprefix('/services/data/').lstrip('/')}"
        response = await _within(call, Part(part.method, url, {}, _encode(part.body)))
        failed = failed or response.status_code >= 400
        results.append({"statusCode": response.status_code, "result": _body(response)})
    return answer({"hasErrors": failed, "results": results})


async def _run(call: Call, part: SubRequest, answers: Answers) -> Response:
    try:
        url, body = answers.fill(part.url), answers.fill(part.body)
    except ApiError as error:
        return refuse(error)
    return await _within(call, Part(part.method, url, part.headers, _encode(body)))


async def _within(call: Call, part: Part) -> Response:
    if _NESTED.search(part.url):
        return refuse(ApiError(400, "INVALID_INPUT", "A composite request cannot hold another"))
    return await call.api.within(call, part)


def _halted(given: Chain, culprit: SubRequest, response: Response) -> list[dict[str, Any]]:
    """Return what all parts answer after one failed: only that one says why."""
    message = "The transaction was rolled back since another operation in the same transaction failed."
    halted = refuse(ApiError(400, "PROCESSING_HALTED", message))
    return [_told(part, response if part is culprit else halted) for part in given.parts]


def _told(part: SubRequest, response: Response) -> dict[str, Any]:
    headers = {shown: response.headers[name] for name, shown in TOLD_HEADERS.items() if name in response.headers}
    return {
        "body": _body(response),
        "httpHeaders": headers,
        "httpStatusCode": response.status_code,
        "referenceId": part.reference,
    }


def _failed(response: Response, part: SubRequest) -> bool:
    """Tell whether a part failed: a collection inside it says so in its rows alone."""
    if response.status_code >= 400:
        return True
    if "/composite/sobjects" not in part.url or part.method == "GET":
        return False
    rows = _json.decode(response.body)
    return any(isinstance(row, Mapping) and row.get("success") is False for row in rows)


def _check(given: Chain) -> None:
    _limit(len(given.parts))
    references = [part.reference for part in given.parts]
    if len(set(references)) < len(references):
        raise ApiError(400, "INVALID_INPUT", "Each referenceId must be unique in the request")
    for part in given.parts:
        own = {name.casefold() for name in part.headers} & INHERITED_HEADERS
        if own:
            raise ApiError(400, "INVALID_INPUT", f"A subrequest inherits these headers: {', '.join(sorted(own))}")


def _limit(parts: int) -> None:
    # A-SALESFORCE-71: the limit is documented, this error is not
    if parts > MOST_PARTS:
        message = f"The maximum number of subrequests is {MOST_PARTS}, {parts} were given"
        raise ApiError(400, "LIMIT_EXCEEDED", message)


def _read(body: bytes, shape: type[Shape]) -> Shape:
    try:
        return msgspec.convert(values.decode(body), shape)
    except msgspec.ValidationError as error:
        raise ApiError(400, "JSON_PARSER_ERROR", str(error)) from error


def _encode(body: Any) -> bytes:
    return b"" if body is None else values.encode(body)


def _body(response: Response) -> Any:
    return msgspec.Raw(response.body) if response.body else None
