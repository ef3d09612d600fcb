"""The description of each API, kept for a while: a document of a megabyte is not read for every page.

https://learn.microsoft.com/dynamics365/business-central/dev-itpro/developer/devenv-connect-apps-tips
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from connectors.contract import Choice, Described, Money, Quantity, Ref
from connectors.dynamics.business_central.layout import Form, Layout, layout_of
from connectors.dynamics.business_central.metadata import Model, parse
from connectors.dynamics.business_central.settings import BusinessCentralSettings, Kind
from connectors.dynamics.business_central.wire import Account, Call

NEW = timedelta(minutes=1)

_VALUES: Mapping[Form, type] = {
    Form.TEXT: str,
    Form.CURRENCY: str,
    Form.NUMBER: Decimal,
    Form.MONEY: Money,
    Form.QUANTITY: Quantity,
    Form.TRUTH: bool,
    Form.DATE: date,
    Form.MOMENT: datetime,
    Form.CHOICE: Choice,
    Form.LINK: Ref,
}


class Schema:
    """What the environment's APIs describe, and the layouts of the kinds that follow from it."""

    def __init__(self, account: Account, settings: BusinessCentralSettings, now: Callable[[], datetime]) -> None:
        self._account = account
        self._settings = settings
        self._now = now
        self._models: dict[str, tuple[datetime, Model]] = {}
        self._doubted: dict[str, datetime] = {}

    def layout(self, kind: str, chosen: Kind) -> Layout:
        """Return how a kind is read. Raises the contract's errors."""
        return layout_of(kind, chosen, self.model(chosen.api))

    def model(self, route: str) -> Model:
        """Return an API's description, at most `describe_age` old. Raises the contract's errors."""
        now = self._now()
        known = self._models.get(route)
        if known is None or now - known[0] >= self._settings.describe_age:
            url = f"{self._settings.api}/{route}/$metadata"
            answer = self._account.call(Call("GET", url, {"Accept": "application/xml"}))
            known = self._models[route] = (now, parse(answer.content))
        return known[1]

    def forget(self, route: str) -> bool:
        """Forget a description that did not fit, once a minute at most: there is what never fits. Tells whether it did."""
        now, doubted = self._now(), self._doubted.get(route)
        if route not in self._models or (doubted is not None and now - doubted < NEW):
            return False
        self._doubted[route] = now
        del self._models[route]
        return True

    def described(self, kind: str, chosen: Kind) -> Sequence[Described]:
        """Return the properties of a kind's entity set, and of the lines and records that it leads to."""
        model = self.model(chosen.api)
        entity = model.entity(chosen.entity_set or kind)
        paths = list(entity.properties) if entity else []
        for name, link in entity.links.items() if entity else ():
            target = model.types.get(link.target)
            paths += [f"{name}.{each}" for each in (target.properties if target else ())]
        whole = layout_of(kind, chosen.model_copy(update={"fields": tuple(paths)}), model)
        own = [Described(each.name, _label(each.name), _VALUES[each.form]) for each in whole.columns]
        inner = [
            Described(f"{group.name}.{each.name}", _label(each.name), _VALUES[each.form])
            for group in whole.groups
            for each in group.columns
        ]
        return [*own, *inner]


def _label(name: str) -> str:
    """Write a property's name as people do: totalTaxAmount is Total Tax Amount."""
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in name).strip()
    return words[:1].upper() + words[1:]
