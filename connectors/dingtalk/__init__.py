"""DingTalk: the custom robot of a group, and an enterprise application with its robot, notifications, cards and approvals."""

from __future__ import annotations

from connectors.contract import (
    Capability,
    Charged,
    Connector,
    Converses,
    Delivers,
    Guarantee,
    Hearing,
    Hears,
    KnowsPeople,
    Listens,
    Previews,
    Probes,
)
from connectors.dingtalk.destinations import Destination, addressed, also, build, site
from connectors.dingtalk.inbound import InboundSettings, listener

_DOCS = "https://open.dingtalk.com/document"
_SEND = f"{_DOCS}/development/custom-robots-send-group-messages"

_PEOPLE = f"{_DOCS}/development/chatbots-send-one-on-one-chat-messages-in-batches"
_WORK = f"{_DOCS}/development/asynchronous-sending-of-enterprise-session-messages"
_CARDS = f"{_DOCS}/development/create-and-deliver-cards"
_RECALL = f"{_DOCS}/development/batch-message-recall-chat"

CONNECTOR = Connector(
    name="dingtalk",
    title="DingTalk",
    settings=Destination,
    build=build,
    fulfils=frozenset({Delivers, Previews, Probes}),
    fulfils_also=also,
    addressed=addressed,
    site=site,
    hearing=Hearing(InboundSettings, listener, frozenset({Charged, Converses, Hears, KnowsPeople, Listens})),
    grants=(
        "In the group's settings add a custom robot; copy its whole webhook.",
        "Choose the security setting 'Sign' and copy the secret that begins with SEC.",
        "For more than that make an enterprise application in the developer console, and copy Client ID and Secret.",
        "Add a robot to it, and the permissions qyapi_robot_sendmsg and, for cards, Card.Instance.Write.",
        "For approvals add Workflow.Instance.Read and Workflow.Instance.Write, and copy the template's processCode.",
        "Publish a version of the application that everybody who is to be reached may use.",
    ),
    capabilities=(
        Capability("Send to a group", Guarantee.YES, "Delivered means errcode 0, never HTTP 200 alone.", _SEND),
        Capability(
            "Send to one person",
            Guarantee.PARTLY,
            "By an application: its robot (20 people a call) or a work notification. A custom robot lives in one group.",
            _PEOPLE,
        ),
        Capability(
            "Send again without a duplicate",
            Guarantee.PARTLY,
            "Custom robot: by msgUuid, whose life is not documented. Cards: by outTrackId. Work notifications: the same "
            "content comes once a day. Approvals: looked up by a mark. An application's robot has neither.",
            _SEND,
        ),
        Capability(
            "Know that it came",
            Guarantee.PARTLY,
            "A work notification that is taken may still come to nobody: that is asked later. An application's robot "
            "names unknown and throttled people at once.",
            _WORK,
        ),
        Capability(
            "Mention people",
            Guarantee.PARTLY,
            "Custom robot: by user id, at most 50 a message, not in external groups. An application cannot.",
            _SEND,
        ),
        Capability("Open the record", Guarantee.YES, "A link, or the one button of an action card.", _SEND),
        Capability(
            "Answer from the message", Guarantee.PARTLY, "On interactive cards. Any other button is a link.", _CARDS
        ),
        Capability(
            "Change a sent message",
            Guarantee.PARTLY,
            "Interactive cards, for everybody or for one reader.",
            f"{_DOCS}/development/interactive-card-update-interface",
        ),
        Capability(
            "Recall a message",
            Guarantee.PARTLY,
            "What an application sent, within 24 hours. The answer to a custom robot holds no id.",
            _RECALL,
        ),
        Capability(
            "See who has read it",
            Guarantee.PARTLY,
            "What an application's robot sent, within 24 hours; a work notification for at most 100 people.",
            f"{_DOCS}/development/chatbot-queries-the-read-status-of-a-message",
        ),
        Capability(
            "See who is in the group",
            Guarantee.PARTLY,
            "By an application, where the group was made from its template or by its call, or has its cool app. A webhook "
            "has no identity that could ask: that group's audience has to be attested.",
            f"{_DOCS}/development/query-group-members",
        ),
        Capability(
            "Start an approval",
            Guarantee.PARTLY,
            "By an application, one for each fact. It cannot be changed afterwards, and who sees it is the template's.",
            f"{_DOCS}/development/create-an-approval-instance",
        ),
        Capability("Send files", Guarantee.NO, "Not among the message types that are used.", _SEND),
        Capability(
            "Rate",
            Guarantee.PARTLY,
            "Custom robot: 20 messages a minute, then a block of 10 minutes; declared in `quota`. Application: 20 to 60 "
            "calls of one API a second, by edition.",
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
