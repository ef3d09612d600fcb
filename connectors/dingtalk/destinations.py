"""What a destination of this connector may be, told apart by `kind`, and what sends into it."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, RootModel

from connectors.contract import Services, Shows
from connectors.dingtalk.app.card import CardSender
from connectors.dingtalk.app.group import Group
from connectors.dingtalk.app.person import Person
from connectors.dingtalk.app.settings import CardSettings, GroupSettings, PersonSettings, WorkSettings
from connectors.dingtalk.app.work import Work
from connectors.dingtalk.robot import Robot
from connectors.dingtalk.settings import RobotSettings

Kind = RobotSettings | GroupSettings | PersonSettings | WorkSettings | CardSettings
Sender = Robot | Group | Person | Work | CardSender


class Destination(RootModel[Annotated[Kind, Field(discriminator="kind")]]):
    """One destination: a custom robot's group, or what an enterprise application sends to."""

    # A wrong secret must not be shown by the error that refuses it.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    root: Annotated[Kind, Field(discriminator="kind", description="The destination, by its `kind`.")]


def also(settings: Destination | Kind) -> frozenset[type]:
    """Return what the sender of these settings fulfils beside what each does: cards carry buttons and change."""
    chosen = settings.root if isinstance(settings, Destination) else settings
    return frozenset({Shows}) if isinstance(chosen, CardSettings) else frozenset()


def build(_name: str, settings: Destination | Kind, services: Services) -> Sender:
    """Make what sends into one destination. Nothing is sent before its first call."""
    match settings.root if isinstance(settings, Destination) else settings:
        case RobotSettings() as robot:
            return Robot(robot, services)
        case GroupSettings() as group:
            return Group(group, services)
        case PersonSettings() as person:
            return Person(person, services)
        case WorkSettings() as work:
            return Work(work, services)
        case CardSettings() as card:
            return CardSender(card, services)
