"""What DingTalk lets an organisation and its applications do, by edition, and the budgets that follow.

https://open.dingtalk.com/document/development/dingtalk-application-development-platform-billing-model
https://open.dingtalk.com/document/development/how-to-process-api-throttling-on-the-dingtalk-server
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from connectors.contract import Budget, Window
from connectors.dingtalk.errors import CHINA

if TYPE_CHECKING:
    from connectors.dingtalk.app.settings import Application

LONGEST_MONTH_S = 31 * 86_400.0
ADDRESS = Budget(key="dingtalk:address", windows=(Window(limit=10_000, seconds=20.0),), block=300.0)
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


@dataclass(frozen=True, slots=True)
class Month:
    """The month in which DingTalk counts: of China, from `begins` until just before `ends`, both aware."""

    begins: datetime
    ends: datetime

    @classmethod
    def of(cls, moment: datetime) -> Month:
        """Return the month of `moment` (aware)."""
        begins = moment.astimezone(CHINA).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return cls(begins, (begins + timedelta(days=32)).replace(day=1))  # A-DINGTALK-203


def counts(path: str) -> bool:
    """Tell whether a call counts towards the month's allowance."""
    return not path.lstrip("/").removeprefix("v1.0/").startswith(FREE)


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


def month_budget(application: Application) -> Budget:
    """Return the organisation's budget of counted calls in a month.

    Its window is any 31 days, which is stricter than the month in which DingTalk counts; see `Month`.
    """
    window = Window(limit=allowance(application).calls_a_month, seconds=LONGEST_MONTH_S)
    return Budget(key=f"dingtalk:company:{application.company}:calls", windows=(window,))


def budgets(application: Application, path: str) -> tuple[Budget, ...]:
    """Return all budgets that one call uses."""
    month = (month_budget(application),) if counts(path) else ()
    return (call_budget(application, path), ADDRESS, *month)
