"""What a destination of this connector may be, told apart by `kind`, and what sends into it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, RootModel

from connectors.contract import KnowsAudience, Services, Shows, Site
from connectors.dingtalk.app.approval import Approval
from connectors.dingtalk.app.card import CardSender
from connectors.dingtalk.app.group import Group
from connectors.dingtalk.app.person import Person
from connectors.dingtalk.app.settings import (
    ApprovalSettings,
    CardSettings,
    GroupSettings,
    PersonSettings,
    WorkSettings,
)
from connectors.dingtalk.app.work import Work
from connectors.dingtalk.robot import Robot
from connectors.dingtalk.settings import RobotSettings
from connectors.settings_types import is_loopback

Kind = RobotSettings | GroupSettings | PersonSettings | WorkSettings | CardSettings | ApprovalSettings
Sender = Robot | Group | Person | Work | CardSender | Approval


class Destination(RootModel[Annotated[Kind, Field(discriminator="kind")]]):
    """One destination: a custom robot's group, or what an enterprise application sends to."""

    # A wrong secret must not be shown by the error that refuses it.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    root: Annotated[Kind, Field(discriminator="kind", description="The destination, by its `kind`.")]


def site(settings: Destination | Kind) -> Site:
    """Return where one destination is: by its webhook's host, or by where the application's organisation lives."""
    one = settings.root if isinstance(settings, Destination) else settings
    address = one.address if isinstance(one, RobotSettings) else one.application.oapi
    host = urlsplit(address).hostname or ""
    return Site(one.kind, host, "this machine" if is_loopback(host) else host.removeprefix("oapi."))


def also(settings: Destination | Kind) -> frozenset[type]:
    """Return what the sender of these settings fulfils beside what each does.

    Cards carry buttons and change; who reads it can be asked of all that an application sends to, approvals apart.
    """
    match settings.root if isinstance(settings, Destination) else settings:
        case CardSettings():
            return frozenset({Shows, KnowsAudience})
        case GroupSettings() | PersonSettings() | WorkSettings():
            return frozenset({KnowsAudience})
        case _:
            return frozenset()


def addressed(settings: Destination | Kind, user: str) -> Destination | None:
    """Return the settings for one person of a destination that names no reader; None where it names its own."""
    match settings.root if isinstance(settings, Destination) else settings:
        case PersonSettings(users=()) as person:
            return Destination(person.model_copy(update={"users": (user,)}))
        case WorkSettings(users=(), departments=()) as work:
            return Destination(work.model_copy(update={"users": (user,)}))
        case CardSettings(conversation=None, user=None) as card:
            return Destination(card.model_copy(update={"user": user}))
        case _:
            return None


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
        case ApprovalSettings() as approval:
            return Approval(approval, services)
