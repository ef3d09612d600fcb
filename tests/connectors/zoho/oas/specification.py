"""The vendor's OpenAPI folder (v8.0 of zoho/crm-oas) as operations and validators.

Three things of OpenAPI 3.0 are read as the vendor means them and not as they are written:
`nullable` also allows null where an `enum` does not list it; `oneOf` chooses the branch that knows the most keys of
the value, and of success and error the one that the value's `status` names, because most branches require nothing and
several would match; a key that no `properties` names is
reported, unless `additionalProperties` allows it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag

from jsonschema import Draft4Validator, FormatChecker, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT4

# cross-file references name the repository; the file's name is all that is needed here
PUBLISHED = re.compile(r"^https://raw\.githubusercontent\.com/.+/v8\.0/(\w+\.json)$")
LOCAL = "https://oas.invalid/"

# its stub has no types
derive: Callable[..., Any] = extend


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, with the file that describes it."""

    file: str
    method: str
    template: str
    about: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"


class Specification:
    """All files of the folder."""

    def __init__(self, folder: Path) -> None:
        self._files = {file.name: json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.json")}
        if not self._files:
            raise FileNotFoundError(f"no specification in {folder}")
        resources = [
            (LOCAL + name, DRAFT4.create_resource(_absolute(_local(document), LOCAL + name)))
            for name, document in self._files.items()
        ]
        self._registry: Registry[Any] = Registry().with_resources(resources)
        self._operations = [
            (_pattern(path), Operation(name, method.upper(), path, about))
            for name, document in self._files.items()
            for path, methods in document.get("paths", {}).items()
            for method, about in methods.items()
            if method in {"get", "post", "put", "patch", "delete"}
        ]
        own = {"type": _type, "enum": _enum, "properties": _properties, "oneOf": self._one_of}
        self._validator = derive(Draft4Validator, own)
        # the most literal path comes first: /coql before /{module_api_name}
        self._operations.sort(key=lambda pair: pair[1].template.count("{"))

    def find(self, method: str, path: str) -> Operation | None:
        """Return the operation that serves a request."""
        return next((o for pattern, o in self._operations if o.method == method and pattern.fullmatch(path)), None)

    def resolved(self, operation: Operation, part: Any) -> Mapping[str, Any]:
        """Follow the reference of a parameter, a request body or a response."""
        while "$ref" in part:
            file, pointer = urldefrag(part["$ref"])
            known = PUBLISHED.match(file)
            part = self._files[known[1] if known else operation.file]
            for step in pointer.strip("/").split("/"):
                part = part[step]
        found: Mapping[str, Any] = part
        return found

    def errors(self, operation: Operation, schema: Mapping[str, Any], value: Any) -> Iterator[ValidationError]:
        """Return what is wrong with a value."""
        alone = _absolute(_local(schema), LOCAL + operation.file)
        yield from self._validator(alone, registry=self._registry, format_checker=FORMATS).iter_errors(value)

    def _one_of(self, validator: Any, branches: Sequence[Any], value: Any, _: Any) -> Iterator[ValidationError]:
        keys = value if isinstance(value, dict) else {}
        properties = [self._properties(branch) for branch in branches]
        known = [
            -1 if keys.get("status") not in own.get("status", {}).get("enum", [keys.get("status")])
            else len(keys.keys() & own.keys())
            for own in properties
        ]  # fmt: skip
        likely = [branch for branch, count in zip(branches, known, strict=True) if count == max(known)]
        yield from min((list(validator.descend(value, branch)) for branch in likely), key=len)

    def _properties(self, branch: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in branch:
            branch = self._registry.resolver().lookup(branch["$ref"]).contents
        found: Mapping[str, Any] = branch.get("properties", {})
        return found


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(template)))


def _local(part: Any) -> Any:
    """Return a document with its references to the published files turned to the folder's."""
    if isinstance(part, list):
        return [_local(one) for one in part]
    if not isinstance(part, dict):
        return part
    made = {key: _local(value) for key, value in part.items()}
    if isinstance(made.get("$ref"), str):
        file, pointer = urldefrag(made["$ref"])
        known = PUBLISHED.match(file)
        made["$ref"] = f"{LOCAL}{known[1]}#{pointer}" if known else made["$ref"]
    return made


def _absolute(part: Any, base: str) -> Any:
    """Return a schema whose references name their file, so that it can stand alone."""
    if isinstance(part, list):
        return [_absolute(one, base) for one in part]
    if not isinstance(part, dict):
        return part
    made = {key: _absolute(value, base) for key, value in part.items()}
    if isinstance(made.get("$ref"), str) and made["$ref"].startswith("#"):
        made["$ref"] = base + made["$ref"]
    return made


def _type(validator: Any, wanted: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    if not (value is None and schema.get("nullable")):
        yield from Draft4Validator.VALIDATORS["type"](validator, wanted, value, schema) or ()


def _enum(validator: Any, known: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    if not (value is None and schema.get("nullable")):
        yield from Draft4Validator.VALIDATORS["enum"](validator, known, value, schema) or ()


def _properties(validator: Any, known: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    yield from Draft4Validator.VALIDATORS["properties"](validator, known, value, schema) or ()
    if validator.is_type(value, "object") and "additionalProperties" not in schema:
        for name in sorted(set(value) - set(known)):
            yield ValidationError(f"{name} is in no list of properties", validator="undocumented", path=[name])


FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def _moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None
