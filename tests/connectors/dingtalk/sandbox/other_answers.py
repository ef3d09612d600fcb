"""Each answer of the twin's switches that is not its default."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

from connectors.dingtalk.sandbox.switches import Switches


def _others() -> list[dict[str, Any]]:
    present = Switches()
    answers = ((name, get_args(kind) or (True, False)) for name, kind in get_type_hints(Switches).items())
    return [{name: value} for name, values in answers for value in values if value != getattr(present, name)]


OTHER_ANSWERS = _others()
