"""Compares one exchange with the vendor's OpenAPI folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from jsonschema import ValidationError

from tests.connectors.zoho.oas.specification import Operation, Specification

API = "/crm/v8"


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked. `path` begins with /crm/v8; header names are lower-case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True, order=True)
class Deviation:
    """One difference: in which operation, at which place (`[]` for any row), by which rule of the specification."""

    operation: str
    place: str
    rule: str
    message: str


def check(specification: Specification, request: Request, answer: Answer) -> list[Deviation]:
    """Return how an exchange differs from the specification."""
    operation = specification.find(request.method, request.path)
    if operation is None:
        return [Deviation(f"{request.method} {request.path}", "path", "path", "no operation serves this")]
    checks = _Checks(specification, operation)
    found = [*checks.parameters(request), *checks.asked(request.body), *checks.answered(answer)]
    return sorted({Deviation(operation.name, place, rule, message) for place, rule, message in found})


def observed(response: requests.Response) -> tuple[Request, Answer] | None:
    """Return an exchange of a requests session as the checker takes it; None when it was not with the API."""
    sent = response.request
    url = urlsplit(sent.url or "")
    _, api, rest = url.path.partition(API)
    if not api:
        return None
    body = sent.body or b""
    request = Request(
        method=sent.method or "",
        path=api + rest,
        query=dict(parse_qsl(url.query, keep_blank_values=True)),
        headers={name.lower(): str(value) for name, value in sent.headers.items()},
        body=body.encode() if isinstance(body, str) else bytes(body),
    )
    headers = {name.lower(): value for name, value in response.headers.items()}
    return request, Answer(response.status_code, headers, response.content)


Found = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Checks:
    specification: Specification
    operation: Operation

    def parameters(self, request: Request) -> Iterator[Found]:
        """Compare query and headers with the declared parameters."""
        declared = [self.specification.resolved(self.operation, p) for p in self.operation.about.get("parameters", ())]
        known = {p["name"]: p for p in declared if p["in"] == "query"}
        for name in sorted(request.query.keys() - known.keys()):
            yield f"query.{name}", "undocumented", f"{name} is no parameter"
        for name, parameter in known.items():
            yield from self._parameter(f"query.{name}", parameter, request.query.get(name))
        for parameter in declared:
            if parameter["in"] == "header":
                yield from self._parameter(
                    f"header.{parameter['name']}", parameter, request.headers.get(parameter["name"].lower())
                )

    def asked(self, body: bytes) -> Iterator[Found]:
        """Compare a body with the declared one."""
        declared = self.operation.about.get("requestBody")
        if declared is None:
            if body:
                yield "body", "undocumented", "no body is declared"
            return
        yield from self._content("body", self.specification.resolved(self.operation, declared), body)

    def answered(self, answer: Answer) -> Iterator[Found]:
        """Compare an answer with the one of its status, or of 200 where the status is not declared."""
        declared = self.operation.about["responses"]
        if str(answer.status) not in declared:
            yield f"status.{answer.status}", "status", "this status is not declared"
        chosen = declared.get(str(answer.status), declared.get("200", {}))
        if answer.body:
            yield from self._content("answer", self.specification.resolved(self.operation, chosen), answer.body)

    def _parameter(self, place: str, parameter: Mapping[str, Any], text: str | None) -> Iterator[Found]:
        if text is None:
            if parameter.get("required"):
                yield place, "required", "this parameter is missing"
            return
        value: Any = text
        if parameter["schema"].get("type") == "integer" and re.fullmatch(r"-?\d+", text):
            value = int(text)
        yield from self._errors(place, parameter["schema"], value)

    def _content(self, place: str, declared: Mapping[str, Any], body: bytes) -> Iterator[Found]:
        try:
            value = json.loads(body)
        except ValueError:
            yield place, "json", "this is not JSON"
            return
        content = declared.get("content", {}).get("application/json")
        if content is None:
            yield place, "undocumented", "no body is declared"
        else:
            yield from self._errors(place, content["schema"], value)

    def _errors(self, place: str, schema: Mapping[str, Any], value: Any) -> Iterator[Found]:
        for error in self.specification.errors(self.operation, schema, value):
            yield _place(place, error), str(error.validator), _message(error)


def _place(start: str, error: ValidationError) -> str:
    steps = "".join("[]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    if error.validator == "required" and isinstance(error.instance, dict):
        match = re.match(r"'(.+)' is a required", error.message)
        steps += f".{match[1]}" if match else ""
    return start + steps


def _message(error: ValidationError) -> str:
    """Return the error without the value, which may be long and somebody's; of a closed list the value matters."""
    if error.validator == "enum":
        return f"enum: {str(error.instance)[:80]}"
    if error.validator in {"type", "pattern", "format"}:
        return f"{error.validator}: {error.validator_value}"
    return error.message
