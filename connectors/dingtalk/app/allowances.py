"""What DingTalk lets an organisation and its applications do, by edition, and the budgets that follow.

https://open.dingtalk.com/document/development/dingtalk-application-development-platform-billing-model
https://open.dingtalk.com/document/development/how-to-process-api-throttling-on-the-dingtalk-server
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from connectors.contract import Budget, Month, Purpose, Window
from connectors.dingtalk import errors

if TYPE_CHECKING:
    from connectors.dingtalk.app.settings import Application
    from connectors.dingtalk.settings import RobotSettings

ADDRESS = Budget(key=errors.ADDRESS, windows=(Window(limit=10_000, seconds=20.0),), block=300.0)
"""All calls from one address of the internet, whoever makes them."""


class Edition(StrEnum):
    """What the organisation has bought."""

    STANDARD = "standard"
    PROFESSIONAL = "professional"
    EXCLUSIVE = "exclusive"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an edition includes: calls of one API by one application a second, counted calls and pushes a month.

    Pushes are messages by webhooks together with what comes by Stream and callbacks.
    """

    calls_a_second: int
    calls_a_month: int
    pushes_a_month: int


ALLOWANCES: Mapping[Edition, Allowance] = MappingProxyType(
    {
        Edition.STANDARD: Allowance(20, 5_000, 3_000),
        # the smallest of what may be chosen, for one set
        Edition.PROFESSIONAL: Allowance(40, 200_000, 50_000),  # A-DINGTALK-108
        Edition.EXCLUSIVE: Allowance(60, 200_000, 50_000),  # A-DINGTALK-202
    }
)

FREE = (
    "gettoken",
    "oauth2/",
    "auth/scopes",
    "topapi/v2/user/",
    "topapi/user/",
    "topapi/v2/department/",
    "topapi/role/",
)
"""How the paths of calls begin that do not count towards the month.

https://open.dingtalk.com/document/development/basic-interfaces-such-as-log-off-and-address-book
"""


_PURPOSES = (
    ("robot/groupMessages/send", Purpose.MESSAGE),
    ("robot/oToMessages/batchSend", Purpose.MESSAGE),
    ("topapi/message/corpconversation/asyncsend", Purpose.MESSAGE),
    ("card/instances/createAndDeliver", Purpose.MESSAGE),
    ("card/instances/deliver", Purpose.MESSAGE),
    ("card/", Purpose.UPDATE),
    ("robot/groupMessages/recall", Purpose.RECALL),
    ("robot/otoMessages/batchRecall", Purpose.RECALL),
    ("topapi/message/corpconversation/recall", Purpose.RECALL),
    ("robot/groupMessages/query", Purpose.RESULT),
    ("robot/oToMessages/readStatus", Purpose.RESULT),
    ("topapi/message/corpconversation/getsend", Purpose.RESULT),
    ("workflow/", Purpose.APPROVAL),
)
"""How the paths of calls begin, the longer before the shorter; any other call looks something up."""


def counts(path: str) -> bool:
    """Tell whether a call counts towards the month's allowance."""
    return not _shortened(path).startswith(FREE)


def purpose(path: str) -> Purpose:
    """Return what a call is made for."""
    short = _shortened(path)
    return next((found for start, found in _PURPOSES if short.startswith(start)), Purpose.LOOK_UP)


def _shortened(path: str) -> str:
    return path.lstrip("/").removeprefix("v1.0/")


def fingerprint(*parts: str) -> str:
    """Return a short stable name that tells nothing."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def allowance(application: Application) -> Allowance:
    """Return what this application and its organisation may do: its edition's, or what the settings name instead."""
    given = ALLOWANCES[application.edition]
    return Allowance(
        application.calls_a_second or given.calls_a_second,
        application.calls_a_month or given.calls_a_month,
        given.pushes_a_month,
    )


def call_budget(application: Application, path: str) -> Budget:
    """Return the budget of one API as this application calls it."""
    window = Window(limit=allowance(application).calls_a_second, seconds=1.0)
    return Budget(key=f"dingtalk:app:{application.key}:{path.strip('/')}", windows=(window,), slots=2, block=1.0)


def application_budget(application: Application) -> Budget:
    """Return what stops all calls of an application; nothing bounds them together."""
    return Budget(key=f"dingtalk:app:{application.key}")


def company_budget(application: Application) -> Budget:
    """Return what stops all calls of an organisation; nothing but the month bounds them together."""
    return Budget(key=f"dingtalk:company:{application.company}")


def month_budget(application: Application) -> Budget:
    """Return the organisation's budget of counted calls in a month, by China's calendar."""
    month = Month(allowance(application).calls_a_month, errors.CHINA.key)  # A-DINGTALK-203
    return Budget(key=f"dingtalk:company:{application.company}:calls", month=month)


def pushes_budget(robot: RobotSettings) -> Budget | None:
    """Return the budget of the month's pushes that a custom robot's messages use; None where no edition is declared."""
    if robot.edition is None:
        return None
    limit = robot.pushes_a_month or ALLOWANCES[robot.edition].pushes_a_month
    return Budget(key=f"dingtalk:company:{robot.company}:pushes", month=Month(limit, errors.CHINA.key))


def budgets(application: Application, path: str) -> tuple[Budget, ...]:
    """Return all budgets that one call uses; the first is that of the API."""
    month = (month_budget(application),) if counts(path) else ()
    wider = (application_budget(application), company_budget(application), ADDRESS)
    return (call_budget(application, path), *wider, *month)
