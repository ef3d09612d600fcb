"""Who reads a destination, as far as its settings tell and one application can know them."""

from __future__ import annotations

from pydantic import BaseModel

from connectors.contract import Reach
from connectors.dingtalk.app.settings import Application, CardSettings, GroupSettings, PersonSettings, WorkSettings
from connectors.dingtalk.destinations import Destination


def reach(application: Application, settings: BaseModel) -> Reach:
    """Return the people and the conversation of a destination, nobody for one of another organisation.

    A custom robot's webhook does not say which conversation it writes into, and departments do not say who is in them.
    """
    kind = settings.root if isinstance(settings, Destination) else settings
    match kind:
        case GroupSettings() if _together(application, kind.application):
            return Reach(place=kind.conversation)
        case PersonSettings() | WorkSettings() if _together(application, kind.application):
            return Reach(people=frozenset(kind.users))
        case CardSettings() if _together(application, kind.application):
            return Reach(frozenset({kind.user} if kind.user else ()), kind.conversation or "")
        case _:
            return Reach()


def _together(one: Application, other: Application) -> bool:
    """Tell whether both are of one organisation: a user id means another person in another one."""
    return one.key == other.key or one.company == other.company
