"""DingTalk: the custom robot of a group, reached by its webhook."""

from __future__ import annotations

from connectors.contract import Capability, Connector, Delivers, Guarantee, Probes, Services
from connectors.dingtalk.robot import Robot
from connectors.dingtalk.settings import RobotSettings

_DOCS = "https://open.dingtalk.com/document"
_SEND = f"{_DOCS}/development/custom-robots-send-group-messages"
_ROBOTS = f"{_DOCS}/development/development-robot-overview"


def _build(_name: str, settings: RobotSettings, services: Services) -> Robot:
    return Robot(settings, services)


CONNECTOR = Connector(
    name="dingtalk",
    title="DingTalk",
    settings=RobotSettings,
    build=_build,
    fulfils=frozenset({Delivers, Probes}),
    grants=(
        "In the group's settings add a custom robot; copy its whole webhook.",
        "Choose the security setting 'Sign' and copy the secret that begins with SEC.",
    ),
    capabilities=(
        Capability("Send to a group", Guarantee.YES, "Delivered means errcode 0, never HTTP 200 alone.", _SEND),
        Capability(
            "Send to one person",
            Guarantee.NO,
            "A custom robot lives in one group.",
            f"{_DOCS}/dingstart/custom-bot-creation-and-installation",
        ),
        Capability(
            "Send again without a duplicate",
            Guarantee.PARTLY,
            "By msgUuid; how long DingTalk remembers it is not documented.",
            _SEND,
        ),
        Capability("Mention people", Guarantee.YES, "By user id, at most 50 a message; not in external groups.", _SEND),
        Capability("Open the record", Guarantee.YES, "A link, or the one button of an action card.", _SEND),
        Capability(
            "Answer from the message", Guarantee.NO, "A button is a link: it does not say who pressed it.", _SEND
        ),
        Capability("Change a sent message", Guarantee.NO, "The answer holds no id of the message.", _SEND),
        Capability("Recall a message", Guarantee.NO, "The answer holds no id of the message.", _SEND),
        Capability("See who has read it", Guarantee.NO, "The answer holds no id of the message.", _SEND),
        Capability(
            "See who is in the group",
            Guarantee.NO,
            "A webhook has no identity that could ask: the group's audience has to be attested.",
            _ROBOTS,
        ),
        Capability("Send files", Guarantee.NO, "Not among the robot's message types.", _SEND),
        Capability(
            "Rate",
            Guarantee.PARTLY,
            "20 messages a minute, then DingTalk blocks the robot for 10 minutes; declared in `quota`.",
            _SEND,
        ),
        Capability(
            "Monthly quota",
            Guarantee.PARTLY,
            "Counted by DingTalk for the whole organisation; what is left cannot be asked.",
            f"{_DOCS}/development/call-frequency-limit",
        ),
    ),
)
