"""One call of the vendor's API, and the table in which it is found."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from connectors.dingtalk.sandbox.api.answers import NewRefusal, OldRefusal
from connectors.dingtalk.sandbox.api.fields import Given
from connectors.dingtalk.sandbox.api.uploads import MULTIPART, form_of
from connectors.dingtalk.sandbox.apps import App

NEW = "/v1.0/"
FORM = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class Request:
    """A request as it came; `base` is the address under which the caller reached the twin."""

    method: str
    path: str
    query: bytes
    headers: Mapping[str, str]
    body: bytes
    ip: str
    scheme: str = "http"

    @property
    def base(self) -> str:
        """The address of the twin, without a slash at its end."""
        return f"{self.scheme}://{self.headers.get('host', '127.0.0.1')}"


@dataclass(slots=True)
class Call:
    """A call whose token was checked. `given` are the fields of query, path and body; `at` is Unix seconds."""

    request: Request
    given: Given
    app: App
    at: float

    @property
    def base(self) -> str:
        """The address under which the caller reached the twin."""
        return self.request.base


Handler = Callable[[Call], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path of the vendor. `paid` calls count against the month; `open` ones need no token.

    `writes` is the field, in the answer or else in the request, that names what the call changes. `xml` ones answer XML to
    whoever does not ask for JSON.
    """

    method: str
    path: str
    handler: Handler
    permission: str = ""
    writes: str = ""
    paid: bool = False
    open: bool = False
    xml: bool = False

    @property
    def api(self) -> str:
        """Method and path, by which limits and calls are counted."""
        return f"{self.method} {self.path}"

    @property
    def new(self) -> bool:
        """Whether it belongs to the new host."""
        return self.path.startswith(NEW)


class Table:
    """All endpoints; a path may have parts in braces."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        """Find these endpoints."""
        self._exact = {(one.method, one.path): one for one in endpoints if "{" not in one.path}
        self._patterns = [
            (one, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", one.path))) for one in endpoints if "{" in one.path
        ]

    def find(self, method: str, path: str) -> tuple[Endpoint, Mapping[str, str]] | None:
        """Return the endpoint of a request and what stands in the braces of its path."""
        if exact := self._exact.get((method, path)):
            return exact, {}
        for endpoint, pattern in self._patterns:
            match = pattern.fullmatch(path)
            if match and endpoint.method == method:
                return endpoint, match.groupdict()
        return None

    def methods(self, path: str) -> list[str]:
        """Return the methods that a path takes."""
        return sorted({method for method, known in self._exact if known == path})


def query_of(request: Request) -> dict[str, str]:
    """Return the fields of the query; the first of several with one name counts."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(request.query.decode("latin-1"), keep_blank_values=True):
        found.setdefault(name, value)
    return found


def body_of(request: Request, *, new: bool) -> Given:
    """Return the fields of the body: JSON, or for the old host also a form with or without files. Raises a refusal when it is neither."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not request.body:
        return {}
    if kind == MULTIPART and not new:
        return form_of(request.headers["content-type"], request.body)
    if kind == FORM and not new:
        return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    # A-DINGTALK-101: what the gateways say to a body that is no JSON object is on no page
    raise (
        NewRefusal(400, "InvalidParameter", "The request body is not a JSON object")
        if new
        else OldRefusal(40035, "不合法的参数")
    )
