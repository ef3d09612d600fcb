"""What DingTalk lets an organisation and its applications do, by edition, and the budgets that follow.

https://open.dingtalk.com/document/development/dingtalk-application-development-platform-billing-model
https://open.dingtalk.com/document/development/how-to-process-api-throttling-on-the-dingtalk-server
"""

from __future__ import annotations

from connectors.contract import Budget, Month, Purpose, Window
from connectors.dingtalk import errors
from connectors.dingtalk.app.editions import ALLOWANCES, Allowance
from connectors.dingtalk.app.settings import Application
from connectors.dingtalk.settings import RobotSettings

ADDRESS = Budget(key=errors.ADDRESS, windows=(Window(limit=10_000, seconds=20.0),), block=300.0)
"""All calls from one address of the internet, whoever makes them."""


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


def heard_budget(application: Application) -> Budget:
    """Return the budget of the month's pushes that what an application hears counts towards.

    Custom robots' messages of the same organisation use the same one.
    """
    limit = application.pushes_a_month or ALLOWANCES[application.edition].pushes_a_month
    return Budget(key=f"dingtalk:company:{application.company}:pushes", month=Month(limit, errors.CHINA.key))


def budgets(application: Application, path: str) -> tuple[Budget, ...]:
    """Return all budgets that one call uses; the first is that of the API."""
    month = (month_budget(application),) if counts(path) else ()
    wider = (application_budget(application), company_budget(application), ADDRESS)
    return (call_budget(application, path), *wider, *month)
