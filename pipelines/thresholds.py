"""Named comparisons in Decimal. Another currency or unit is a reason to hold, never a number to compare."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal

from connectors.contract import Money, Quantity, Value
from pipelines.plan import Compare, Threshold
from pipelines.units import are_same
from pipelines.verdict import Reason

_COMPARE: dict[Compare, Callable[[Decimal, Decimal], bool]] = {
    Compare.AT_LEAST: operator.ge,
    Compare.ABOVE: operator.gt,
    Compare.AT_MOST: operator.le,
    Compare.BELOW: operator.lt,
}


def passes(threshold: Threshold, value: Value) -> bool | Reason:
    """Tell whether `value` is on the named side of the bound; an empty value is on neither side and so False.

    A quantity is compared in its own unit, or in its base unit by the vendor's own factor.
    """
    bound = threshold.bound
    compare = _COMPARE[threshold.compare]
    if value is None:
        return False
    if isinstance(bound, Money) and isinstance(value, Money):
        return compare(value.amount, bound.amount) if value.currency == bound.currency else Reason.OTHER_CURRENCY
    if isinstance(bound, Quantity) and isinstance(value, Quantity):
        for same in (value, value.base):
            if same is not None and are_same(same.unit, bound.unit):
                return compare(same.value, bound.value)
        return Reason.OTHER_UNIT
    if isinstance(bound, Decimal) and isinstance(value, Decimal):
        return compare(value, bound)
    return Reason.NOT_COMPARABLE
