"""What a settings model expects at a place: which keys, and whether the value is a secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from types import UnionType
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, RootModel

Shapes: TypeAlias = tuple[Any, ...]
"""The types that a value may have; more than one where the model has alternatives."""


def shapes(annotation: Any) -> Shapes:
    """Unfold an annotation into its alternatives."""
    if get_origin(annotation) is Annotated:
        return shapes(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return tuple(shape for each in get_args(annotation) for shape in shapes(each))
    if is_a(annotation, RootModel):
        return shapes(annotation.model_fields["root"].annotation)
    return (annotation,)


def keys(expected: Shapes) -> Mapping[str, Shapes]:
    """Return the keys that the models among `expected` take, and what stands under each."""
    found: dict[str, Shapes] = {}
    for model in expected:
        if is_a(model, BaseModel):
            for name, field in model.model_fields.items():
                key = field.alias or name
                found[key] = (*found.get(key, ()), *shapes(field.annotation))
    return found


def example(expected: Shapes, key: str) -> str:
    """Return the first example that one of the models gives for a key; empty where none does."""
    fields = [model.model_fields for model in expected if is_a(model, BaseModel)]
    given = [field.examples for each in fields for name, field in each.items() if (field.alias or name) == key]
    return next((str(each[0]) for each in given if each), "")


def below(expected: Shapes, step: str | int) -> Shapes:
    """Return what may stand under a key or at an index; nothing where `step` is neither."""
    if isinstance(step, str):
        values = [get_args(shape)[1:] for shape in expected if is_a(get_origin(shape), Mapping)]
        return (*keys(expected).get(step, ()), *(shape for each in values for shape in shapes(each[0])))
    items = [
        get_args(shape)
        for shape in expected
        if is_a(get_origin(shape), Sequence) or is_a(get_origin(shape), AbstractSet)
    ]
    return tuple(shape for each in items for inner in each if inner is not Ellipsis for shape in shapes(inner))


def expected_at(expected: Shapes, location: Iterable[str | int]) -> Shapes:
    """Follow a validator's location; names of alternatives on the way are passed over."""
    for step in location:
        expected = below(expected, step) or expected
    return expected


def is_a(shape: Any, parent: type) -> bool:
    """Say whether `shape` is a class below `parent`; generic types are not."""
    return isinstance(shape, type) and issubclass(shape, parent)
