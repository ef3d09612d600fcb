"""A validator's errors as problems of the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.declared import near
from config.problem import Place, Problem, problem
from config.shape import expected_at, keys, shapes
from config.tree import Node, locate

_SENTENCES = {
    "string_type": "must be a text",
    "dict_type": "must be a mapping of keys and values",
    "mapping_type": "must be a mapping of keys and values",
    "model_type": "must be a mapping of keys and values",
    "model_attributes_type": "must be a mapping of keys and values",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "frozen_set_type": "must be a list",
    "set_type": "must be a list",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "decimal_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
}


def reported(error: ValidationError, model: type[BaseModel], node: Node, key: Place) -> Iterator[Problem]:
    """Place the errors that `model` found in `node`, whose key stands at `key`."""
    found = error.errors(include_url=False, include_input=False)
    for details in found:
        if _only_follows(details, found):
            continue
        location = (*details["loc"], *details.get("ctx", {}).get("at", ()))
        unknown = details["type"] == "extra_forbidden"
        place = locate(node, key, location, at_key=unknown or location[-1:] == ("[key]",))
        yield problem(place, _sentence(details, model))


def _only_follows(details: ErrorDetails, found: Sequence[ErrorDetails]) -> bool:
    # A list whose items are all wrong counts as too short.
    outer = details["loc"]
    return details["type"] == "too_short" and any(
        each["loc"][: len(outer)] == outer and len(each["loc"]) > len(outer) for each in found
    )


def _sentence(details: ErrorDetails, model: type[BaseModel]) -> str:
    kind, location, context = details["type"], details["loc"], details.get("ctx", {})
    if kind == "missing":
        return f"'{location[-1]}' is missing here"
    if kind == "extra_forbidden":
        return _unknown_key(str(location[-1]), keys(expected_at(shapes(model), location[:-1])))
    if kind in {"enum", "literal_error"}:
        return f"must be {context['expected']}"
    if kind == "value_error":
        return str(context["error"])
    if context.get("min_length") == 1:
        return "must not be empty"
    return _SENTENCES.get(kind) or details["msg"].replace("Input should", "should")


def _unknown_key(key: str, known: Iterable[str]) -> str:
    if key in known:
        # Another alternative of a union takes it.
        return f"'{key}' does not go together with the other keys here"
    return f"'{key}' is no key here: {near(key, known)}"
