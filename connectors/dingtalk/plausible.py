"""What can be said of a robot's settings without sending anything.

https://open.dingtalk.com/document/dingstart/customize-robot-security-settings
"""

from __future__ import annotations

import re

from connectors.contract import Finding, Level
from connectors.dingtalk.settings import Quota, RobotSettings

_TOKEN = re.compile(r"[0-9a-f]{64}")
_SECRET = re.compile(r"SEC[0-9a-f]{64}")


def plausible(settings: RobotSettings) -> list[Finding]:
    """Return a finding for the webhook, the security setting and the quota."""
    return [_webhook(settings), _security(settings), _quota(settings.quota)]


def _webhook(settings: RobotSettings) -> Finding:
    if _TOKEN.fullmatch(settings.token):
        return Finding("webhook", Level.FINE, "It looks whole. Only a message shows that it is the right one.")
    return Finding(
        "webhook", Level.DOUBT, "Its access_token is not 64 hexadecimal digits: compare it with the robot's."
    )


def _security(settings: RobotSettings) -> Finding:
    if settings.secret is None:
        rest = "custom keywords are set" if settings.keyword else "it must list this machine's address"
        return Finding("security", Level.DOUBT, f"There is no secret, so {rest}: prefer the setting 'Sign'.")
    if not _SECRET.fullmatch(settings.secret.get_secret_value().strip()):
        return Finding("security", Level.DOUBT, "The secret is not SEC and 64 hexadecimal digits: copy it again.")
    return Finding("security", Level.FINE, "Messages are signed.")


def _quota(quota: Quota) -> Finding:
    declared, given = quota.limit / quota.window.total_seconds(), Quota()
    if declared > given.limit / given.window.total_seconds():
        return Finding(
            "quota", Level.DOUBT, "More than 20 messages a minute: DingTalk blocks a robot of its usual kind."
        )
    return Finding("quota", Level.FINE, "It is within what DingTalk allows.")
